"""The other verbs, and what the flags that several share do."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import jsonschema
import pytest
from commands import ROOT, Command, environment

from debate.cli.given import with_model
from debate.cli.main import VERBS
from debate.cli.pacing import Paced
from debate.cli.schema import Subject, schema_of
from debate.errors import ScenarioError
from debate.scenario.published import json_schema
from debate.scenario.reading import parse_scenario
from debate.transcript.result import Result

TWO_TIERS = """\
debate: 1
name: two
motion: Tea is better than coffee.
models: {cheap: {use: "together:a", max_tokens: 77}, premium: "together:b"}
participants: {ana: {models: {cheap: "openai:own"}}, ben: {}}
rounds: [{name: opening, who: debater, tier: cheap, hears: nobody}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scenario of two tiers."""
    (tmp_path / "two.yaml").write_text(TWO_TIERS)
    return tmp_path


def test_help_lists_every_verb_and_loads_nothing_heavy(tmp_path: Path) -> None:
    """What takes time to import is imported by the verb that needs it."""
    code = (
        "import sys\n"
        "from debate.cli.main import run\n"
        "assert run(['--help']) == 0\n"
        "heavy = {'httpx', 'networkx', 'torch', 'sentence_transformers', 'pandas', 'numpy', 'pydantic', 'rich'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert "loaded: []" in done.stdout
    assert all(re.search(rf"^  {verb} ", done.stdout, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(debate: Command, verb: str) -> None:
    """Its help begins with what the verb does."""
    done = debate(verb, "--help")
    assert done.code == 0
    assert f"Usage: debate {verb}" in done.out


def test_version(debate: Command) -> None:
    """One line, with the version of the distribution."""
    assert re.fullmatch(r"debate \d+\.\d+\S*\n", debate("--version").out)


@pytest.mark.parametrize(
    ("pattern", "common", "own"),
    [
        ("*", {"cheap": "x:y", "premium": "x:y"}, "x:y"),
        ("cheap", {"cheap": "x:y", "premium": "together:b"}, "x:y"),
        ("prem*", {"cheap": "together:a", "premium": "x:y"}, "openai:own"),
        ("ana.cheap", {"cheap": "together:a", "premium": "together:b"}, "x:y"),
        ("ben.*", {"cheap": "together:a", "premium": "together:b"}, "openai:own"),
    ],
)
def test_a_tier_speaks_with_another_model(pattern: str, common: dict[str, str], own: str) -> None:
    """A tier, all tiers, or the tier of one participant; the sampling of the tier stays."""
    changed = with_model(parse_scenario(TWO_TIERS), pattern, "x:y")
    assert {tier: spec.use for tier, spec in changed.models.items()} == common
    assert changed.participants["ana"].models["cheap"].use == own
    assert changed.models["cheap"].max_tokens == 77
    bens = {tier: spec.use for tier, spec in changed.participants["ben"].models.items()}
    assert bens == ({"cheap": "x:y", "premium": "x:y"} if pattern == "ben.*" else {})


def test_an_unknown_tier_names_those_there_are() -> None:
    """So that the next try is right."""
    with pytest.raises(ScenarioError, match=r"no tier is called 'chaep' .did you mean 'cheap'.*tiers: cheap, premium"):
        with_model(parse_scenario(TWO_TIERS), "chaep", "x:y")


@pytest.mark.usefixtures("folder")
def test_a_plan_has_four_forms(debate: Command) -> None:
    """Text, JSON by its schema, and two pictures with an arrow for each hearing."""
    told = debate("plan", "demo").out
    assert "9-17" in told
    assert "dan   ·   ·   ●" in told
    plan = json.loads(debate("plan", "demo", "--format", "json").out)
    jsonschema.validate(plan, schema_of(Subject.PLAN))
    assert (plan["calls"]["least"], plan["calls"]["most"], plan["critical_path"]) == (9, 17, 5)
    mermaid = debate("plan", "demo", "--format", "mermaid").out
    assert mermaid.startswith("flowchart LR\n")
    dot = debate("plan", "demo", "--format", "dot").out
    hearings = sum(len(heard) for row in plan["iterations"] for heard in row["hears"].values())
    later = 12  # the judge hears all rounds: of each debater three replies besides the latest
    assert mermaid.count(" --> ") == len(re.findall(r'/\w+" -> "[^?]*?/\w+";', dot)) == hearings + later


def test_schemas_are_those_of_the_code(debate: Command) -> None:
    """What is printed is the code's own schema, and real output keeps to it."""
    printed = {subject: json.loads(debate("schema", subject).out) for subject in Subject}
    assert printed == {subject: json.loads(json.dumps(schema_of(subject))) for subject in Subject}
    assert printed[Subject.SCENARIO] == json.loads(json.dumps(json_schema()))
    for schema in printed.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ran = debate("run", "demo", "--no-similarity", "--json").out
    jsonschema.validate(json.loads(ran), printed[Subject.RESULT])
    entry = jsonschema.Draft202012Validator(printed[Subject.TRANSCRIPT])
    kinds = {}
    for line in map(json.loads, debate("replay", "last", "--events").out.splitlines()):
        kinds[line["event"]["kind"]] = line
    for line in kinds.values():
        entry.validate(line)


def test_ask_is_one_blind_round(debate: Command) -> None:
    """Every model is asked once, hears nobody, and stands in a camp."""
    done = debate(
        "ask", "Is 51 a prime?", "--choices", "yes|no", "--no-similarity", "--json",
        "--models", "simulated:debater,simulated:debater,simulated:stubborn",
    )  # fmt: skip
    result = Result.model_validate_json(done.out)
    assert (done.code, result.rounds, result.turns.valid) == (0, 1, 3)
    assert result.consensus is not None
    assert sorted(m for camp in result.consensus.camps for m in camp.members) == ["debater", "debater-2", "stubborn"]
    told = debate("ask", "Tea beats coffee.", "--motion", "--models", "simulated:debater", "--no-similarity").out
    assert "simulated: tests the machinery, not the argument" in told
    assert "agreement   none: " in told


def test_the_demo_shows_its_five_things(debate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A debate, a plan with its cost, a verified transcript, a comparison, what comes next; labelled, without a key."""
    (tmp_path / "settings.toml").write_text('embedder = "lexical"\n')
    monkeypatch.setenv("DEBATE_SETTINGS", "settings.toml")
    monkeypatch.setattr("debate.cli.demo.Paced", lambda: Paced(thinking=0, word=0))
    done = debate("demo")
    assert (done.code, done.err) == (0, "")
    sections = re.split(r"^── \d\. ", done.out, flags=re.MULTILINE)[1:]
    for section, said in zip(
        sections,
        ("verdict     ", "cost          $0.", "came out the same", "similarity is lexical (set)", "debate init"),
        strict=True,
    ):
        assert said in section
    assert "simulated: tests the machinery, not the argument" in sections[0]
    assert "$0, " in sections[0], "simulated participants cost nothing, which is known"


def test_models_show_whether_a_key_is_set_and_never_the_key(debate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people and for programs."""
    assert re.search(r"^together +not set +TOGETHER_API_KEY ", debate("models").out, re.MULTILINE)
    monkeypatch.setenv("TOGETHER_API_KEY", "tgp_v1_" + "q" * 40)
    for flags in ((), ("--json",)):
        out = debate("models", *flags).out
        assert "q" * 8 not in out
    rows = {row["name"]: row["key"] for row in json.loads(out)["providers"]}
    assert (rows["together"], rows["openai"], rows["ollama"]) == ("set", "not set", "not needed")


def test_json_of_validate_holds_every_problem(debate: Command, folder: Path) -> None:
    """File, line, column, path and message of each; the exit code says that something is wrong."""
    (folder / "bad.yaml").write_text(TWO_TIERS.replace("tier: cheap", "tier: chaep") + "grahp: ring\n")
    done = debate("validate", "two.yaml", "bad.yaml", "--json")
    first, second = json.loads(done.out)["scenarios"]
    assert (done.code, first["valid"], second["valid"]) == (2, True, False)
    assert {problem["line"] for problem in second["problems"]} >= {7}
    assert all(problem["file"] == "bad.yaml" and problem["message"] for problem in second["problems"])


class Listing(BaseHTTPRequestHandler):
    """A local server that lists its models."""

    def do_GET(self) -> None:
        """As Ollama answers."""
        body = b'{"object": "list", "data": [{"id": "qwen3:4b", "object": "model"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local server where Ollama is looked for; nothing at the other addresses."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        for name in ("VLLM", "LLAMACPP", "LMSTUDIO"):
            monkeypatch.setenv(f"{name}_BASE_URL", f"http://127.0.0.1:{gone.getsockname()[1]}/v1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Listing) as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
        thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("ollama")
def test_init_writes_for_the_server_it_finds(debate: Command, tmp_path: Path) -> None:
    """A valid scenario with the model that the server lists."""
    done = debate("init", "mine.yaml")
    assert (done.code, done.err) == (0, "")
    assert "ollama:qwen3:4b" in (tmp_path / "mine.yaml").read_text()
    assert debate("validate", "mine.yaml").code == 0


@pytest.mark.usefixtures("ollama")
def test_init_prefers_a_key_and_overwrites_nothing(
    debate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key's provider comes first; a file that is there stays as it is."""
    monkeypatch.setenv("TOGETHER_API_KEY", "tgp_v1_" + "q" * 40)
    assert debate("init").code == 0
    written = (tmp_path / "debate.yaml").read_text()
    assert "together:" in written
    assert "usd: 0.25" in written
    assert "q" * 8 not in written
    assert debate("plan", "debate.yaml").code == 0
    assert debate("init").code == 2
    assert (tmp_path / "debate.yaml").read_text() == written


def test_init_without_anything_is_simulated_and_says_so(
    debate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens and no key is set: the file runs all the same, labelled."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        for name in ("OLLAMA", "VLLM", "LLAMACPP", "LMSTUDIO"):
            monkeypatch.setenv(f"{name}_BASE_URL", f"http://127.0.0.1:{gone.getsockname()[1]}/v1")
    assert debate("init").code == 0
    assert "tests the machinery, not the argument" in (tmp_path / "debate.yaml").read_text().casefold()
    assert debate("run", "debate.yaml", "--no-similarity", "--quiet").code == 0


def test_the_readme_table_of_verbs_is_complete() -> None:
    """Every verb has its row in the reference, and no row lacks its verb."""
    rows = re.findall(r"^\| `debate (\w+)", (ROOT / "docs" / "reference" / "cli.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(VERBS)

"""From YAML to a scenario, every problem at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from debate.errors import ScenarioError
from debate.scenario.building import PROBLEMS_LIMIT
from debate.scenario.reading import check_scenario, parse_scenario, read_scenario
from debate.scenario.schema import Scenario

GOOD = """\
debate: 1
name: remote-work
motion: Companies should let every employee work remotely.
models:
  cheap:   {use: together:openai/gpt-oss-120b, reasoning: low}
  premium: {use: together:zai-org/GLM-5.3, max_tokens: 16000}
participants:
  ana:     {role: debater, persona: "Leads a distributed team."}
  ben:     {role: debater, persona: "Runs a plant."}
  cleo:    {role: debater}
  dan:     {role: debater}
  referee: {role: judge}
graph: ring
rounds:
  - {name: opening, who: debater, tier: cheap, hears: nobody}
  - {name: rebuttal, who: debater, tier: cheap, repeat: {up_to: 3, until: {agreement: 0.85}}}
  - {name: closing, who: debater, tier: premium, hears: everyone}
  - {name: verdict, who: referee, tier: premium, hears: {from: debater, rounds: all, names: hidden}}
decision: {by: referee, else: plurality}
budget: {usd: 0.50}
"""
MOTION = "motion: Companies should let every employee work remotely."
CHOICE = "question: {text: Which?, kind: choice, choices: {A: Jupiter, B: Saturn}}"


def problems(text: str, **options: object) -> list[str]:
    """What is wrong with ``text``, one line a problem."""
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, name="s.yaml", **options)  # type: ignore[arg-type] # options are the function's own
    return [str(problem) for problem in caught.value.problems]


def test_the_scenario_of_the_documentation_is_read() -> None:
    """Money is exact, shorthands are expanded."""
    scenario = parse_scenario(GOOD)
    assert str(scenario.budget.usd) == "0.5"
    assert scenario.rounds[0].hears is not None
    assert scenario.rounds[0].hears.from_ == ()


MISTAKES = [
    ("motion:", "motin:", "motin", "unknown key 'motin'; did you mean 'motion'?"),
    ("reasoning: low", "reasoning: lo", "lo", "expected 'off', 'low', 'medium' or 'high', found 'lo'"),
    ("16000", "many", "many", "expected a whole number, found 'many'"),
    ("16000", "1.5", "1.5", "expected a whole number, found 1.5"),
    ("16000", '"3"', '"3"', "expected a whole number, found '3'"),
    ("16000", "0", "0", "expected greater than or equal to 1, found 0"),
    ("together:zai-org/GLM-5.3", "GLM", "GLM", "expected something like together:openai/gpt-oss-120b"),
    ('"Runs a plant."', "3", "3", "expected text, found 3; put it in quotes"),
    ("{role: judge}", "{rol: judge}", "rol", "unknown key 'rol'; did you mean 'role'?"),
    ("  dan: ", "  d n: ", "d", "expected a name of letters, digits, _ and -"),
    ("  dan: ", "  a/b: ", "a/b", "expected a name of letters, digits, _ and -"),
    ("graph: ring", "graph: rng", "rng", "expected 'complete', 'ring', 'star', 'chain', 'tree'"),
    ("graph: ring", "graph: {ring: {k: two}}", "two", "expected a whole number, found 'two'"),
    ("graph: ring", "graph: {edges: [[ana]]}", "[ana", "expected more items, found 1"),
    ("graph: ring", "graph: {edges: [[ana, bne]]}", "bne", "there is no participant 'bne'; did you mean 'ben'?"),
    ("graph: ring", "graph: {star: {hub: debater}}", "debater", "expected one participant, 'debater' means ana, ben"),
    ("graph: ring", "graph: {ring: {k: 4}}", "4", "a ring of 4 participants has at most 3"),
    ("hears: nobody", "hears: nobdy", "nobdy", "expected 'nobody', 'everyone'"),
    ("agreement: 0.85", "agrement: 0.85", "agrement", "unknown key 'agrement'; did you mean 'agreement'?"),
    ("agreement: 0.85", "says_stop: refree", "{says_stop", "there is no participant 'refree'; did you mean 'referee'?"),
    ("agreement: 0.85", "agreement: 0.85, for: 5", "{agreement", "needs 5 iterations to hold, and up_to is 3"),
    ("names: hidden", "names: hiden", "hiden", "expected 'shown', 'alias', 'shuffled' or 'hidden', found 'hiden'; did"),
    ("rounds: all", "rounds: 3", "3", "expected text or a mapping with last, found 3"),
    ("rounds: all", "rounds: closng", "closng", "no round 'closng' up to here; did you mean 'closing'?"),
    ("names: hidden", "same_round: no", "no", "expected true or false, found 'no'; write true or false"),
    ("names: hidden", "same_round: true", "same_round", "in a simultaneous round nobody has spoken yet"),
    ("who: referee", "who: refere", "refere", "there is no role or participant 'refere'; did you mean 'referee'?"),
    ("  - {name: verdict, who", "  - {who", "{who", "'name' is missing; add it"),
    ("tier: premium, hears: every", "tier: premum, hears: every", "premum", "there is no tier 'premum' in models"),
    (", tier: cheap, repeat", ", repeat", "{name: rebuttal", "tier is missing, and ana, ben, cleo, dan could speak"),
    ("name: closing", "name: opening", "opening", "a second round named 'opening'"),
    ("hears: everyone", "prompt: verdct", "verdct", "there is no prompt 'verdct'"),
    ("hears: everyone", "prompt: ./own.md.j2", "./own.md.j2", "'./own.md.j2' cannot be found, as a scenario without"),
    ("hears: everyone", "reply: [answer]", "answer", "an answer is given to a question"),
    ("hears: everyone", "reply: []", "[]", "an empty reply asks for nothing"),
    ("role: judge", "role: ana", "ana: ", "'ana' is a participant and a role"),
    ("role: judge", "role: everyone", "everyone", "'everyone' has a meaning of its own"),
    ("role: judge", "role: judge, side: fr", "fr", "expected for or against as a side, found 'fr'"),
    ("role: judge", "role: judge, models: {chep: 'a:b'}", "chep", "no round uses a tier 'chep'; did you mean 'cheap'"),
    ("by: referee", "by: judge", "judge", "expected one participant who decides, 'judge' means referee"),
    (
        "by: referee",
        "by: pluralty",
        "pluralty",
        "there is no rule or participant 'pluralty'; did you mean 'plurality'?",
    ),
    ("else: plurality", "else: referee", "referee", "by and else are both 'referee'"),
    ("who: referee", "who: ana", "referee, else", "'referee' is to decide but speaks in no round"),
    ("budget:", "failure: {substitute: premum, turn: substitute}\nbudget:", "premum", "there is no tier 'premum'"),
    ("budget:", "failure: {substitute: premium}\nbudget:", "substitute", "substitute is given but turn is 'abstain'"),
    ("budget:", "failure: {turn: substitute}\nbudget:", "substitute", "turn: substitute needs a tier"),
    ("budget:", "consensus: {method: answer}\nbudget:", "answer", "answers are given to a question"),
    ("budget:", "question: What?\nbudget:", "question", "motion and question are both given; keep one"),
    ("budget:", "context: {fil: x}\nbudget:", "fil", "unknown key 'fil'; did you mean 'file'?"),
    ("budget:", "context: 3\nbudget:", "3", "expected text or a mapping with file, found 3"),
    ("budget:", "endpoint: http://x\nbudget:", "endpoint", "unknown key 'endpoint'"),
    (MOTION, "question: {text: a, kind: choice}", "question", "kind: choice needs two choices"),
    (MOTION, "question: {text: a, choices: {A: b}}", "choices", "choices are given for a question of kind open"),
    (MOTION, "question: {text: a, kind: choice, choices: {A: x, b: y}}", "b", "expected a capital letter"),
    (MOTION, "question: {text: a, kind: choice, choices: {A: 1969, B: y}}", "1969", "expected text, found 1969"),
]


@pytest.mark.parametrize(("right", "wrong", "at", "message"), MISTAKES)
def test_each_mistake_is_one_sentence_at_its_place(right: str, wrong: str, at: str, message: str) -> None:
    """One mistake gives one problem, where it was made."""
    assert right in GOOD
    text = GOOD.replace(right, wrong, 1)
    index = GOOD.index(right) + wrong.index(at) if at in wrong else text.index(at)
    line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
    found = problems(text)
    assert [found[0][: len(f"s.yaml:{line}:{column}: {message}")], len(found)] == [
        f"s.yaml:{line}:{column}: {message}",
        1,
    ]


def test_several_mistakes_are_said_at_once_in_the_order_of_the_file() -> None:
    """Flaws of the YAML, of the schema and quietly convertible values stand together."""
    text = (
        GOOD.replace("graph: ring", "graph: rng")
        .replace("up_to: 3", 'up_to: "3"')
        .replace("cleo:    {", "cleo: {x: 1, ")
    )
    found = problems(text + "budget: 1\n")
    assert [line.split(":")[1] for line in found] == ["10", "13", "16", "21"]


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("persona: Leads a team, calm}", 'persona: "Leads a team, calm"'),
        ("persona: Leads a team, calm, kind}", 'persona: "Leads a team, calm, kind"'),
        ('persona: Says "no", often}', 'persona: "Says \\"no\\", often"'),
    ],
)
def test_a_comma_that_split_a_text_is_recognised(written: str, mended: str) -> None:
    """The whole text is shown in quotes, ready to be pasted, once for all its pieces."""
    found = problems(GOOD.replace('persona: "Runs a plant."}', written))
    assert len(found) == 1
    assert found[0].startswith("s.yaml:9:")
    assert found[0].endswith(f"put it in quotes: {mended}")


def test_a_stray_key_after_anything_but_text_is_only_unknown() -> None:
    """Nothing is guessed where no text stands before it."""
    assert "unknown key 'calm'" in problems(GOOD.replace("{role: judge}", "{count: 1, calm}"))[0]


@pytest.mark.parametrize(
    ("path", "value", "attribute"),
    [
        ("rounds[1].repeat.up_to", "7", lambda s: s.rounds[1].repeat.up_to == 7),
        ("participants.ana.role", "judge", lambda s: s.participants["ana"].role == "judge"),
        ("budget.requests", "9", lambda s: s.budget.requests == 9),
        ("sampling.temperature", "0.1", lambda s: s.sampling.temperature == 0.1),
        ("models.third", "ollama:qwen3:4b", lambda s: "third" in s.models),
        ("graph", "{ring: {k: 2}}", lambda s: s.graph.ring.k == 2),
        ("description", "no", lambda s: s.description == "no"),
    ],
)
def test_an_override_changes_one_value(path: str, value: str, attribute: object) -> None:
    """The value is YAML; mappings that are not there yet are made where the schema knows them."""
    assert callable(attribute)
    scenario = parse_scenario(GOOD, overrides=[(path, value)])
    assert attribute(scenario)
    assert not attribute(parse_scenario(GOOD))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("participants.ann.role", "x", "there is no 'ann' in participants; did you mean 'ana'?"),
        ("rounds[9].tier", "x", "rounds has 4 items, counted from [0]; there is no [9]"),
        ("rounds.opening.tier", "x", "rounds is a list and has no keys"),
        ("rounds[1].repeat.upto", "2", "there is no 'upto' in rounds[1].repeat; did you mean 'up_to'?"),
        ("graph.ring.k", "2", "graph is 'ring' and has no keys; set it whole, as --set 'graph={ring: …}'"),
        ("participants[0]", "2", "participants is not a list"),
        ("a..b", "1", "expected a path such as rounds[1].repeat.up_to, found 'a..b'"),
        ("sampling.seed", "a: b: c", "at character 5 of the value: a colon and a space"),
        ("sampling.seed", "many", "sampling.seed: expected a whole number, found 'many'"),
        ("budget", "{usd: 1, usd: 2}", "at character 10 of the value: the key 'usd' stands here a second time"),
        ("decision.by", "plurlity", "decision.by: there is no rule or participant 'plurlity'"),
    ],
)
def test_a_wrong_override_is_named_as_it_was_written(path: str, value: str, message: str) -> None:
    """The option itself is the place."""
    found = problems(GOOD, overrides=[(path, value)])
    assert found[0].startswith(f"--set {path}={value}: {message}")


def test_a_scenario_built_in_python_is_checked_by_key_path() -> None:
    """The same checks run; a key path stands for the place."""
    data = parse_scenario(GOOD).model_dump(by_alias=True, exclude_unset=True)
    scenario = Scenario.model_validate({**data, "decision": {"by": "judge"}})
    with pytest.raises(ScenarioError) as caught:
        check_scenario(scenario)
    problem = caught.value.problems[0]
    assert (problem.path, problem.location) == ("decision.by", None)
    assert check_scenario(parse_scenario(GOOD)).name == "remote-work"


def test_a_template_leaves_open_what_is_asked() -> None:
    """Without a motion or question neither stance nor answer is refused."""
    text = GOOD.replace("motion: Companies should let every employee work remotely.", "description: a template")
    text = text.replace("hears: everyone", "reply: [stance, answer]").replace("role: judge", "role: judge, side: for")
    assert parse_scenario(text).is_template


def test_somebody_elses_file_cannot_ask_for_more_than_memory_holds() -> None:
    """Participants and turns are bounded before anything is unrolled."""
    many = GOOD.replace("cleo:    {", "cleo: {count: 1000, ")
    assert "1004 participants, the limit is 1000" in problems(many)[0]
    long = GOOD.replace("cleo:    {", "cleo: {count: 990, ").replace("up_to: 3", "up_to: 100")
    long = long.replace("until: {agreement: 0.85}", "").replace("hears: everyone}", "repeat: 100}")
    assert "turns, the limit is 100000" in problems(long)[0]


class TestFiles:
    """Texts and prompts a scenario names lie in its own folder."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A folder with a scenario's files, and others beside it."""
        own = tmp_path / "own"
        own.mkdir()
        (own / "evidence.md").write_text("Evidence.")
        (own / "own.md.j2").write_text("Speak.")
        (tmp_path / "secret.md").write_text("Not for a scenario.")
        (own / "link.md").symlink_to(tmp_path / "secret.md")
        (own / "inside.md").symlink_to(own / "evidence.md")
        (own / "loop.md").symlink_to(own / "loop.md")
        (own / "deep").mkdir()
        (own / "up").symlink_to(tmp_path)
        return own

    def read(self, folder: Path, context: str, prompt: str = "./own.md.j2") -> Scenario:
        """The scenario with this context file and prompt, read from disk."""
        path = folder / "scenario.yaml"
        text = GOOD.replace("hears: everyone", f"prompt: {prompt}") + f"context: {{file: {context}}}\n"
        path.write_text(text, encoding="utf-8")
        return read_scenario(path)

    @pytest.mark.parametrize("name", ["evidence.md", "inside.md", "deep/../evidence.md"])
    def test_files_inside_are_found(self, folder: Path, name: str) -> None:
        """Links are followed, as long as they end inside."""
        assert self.read(folder, name).folder == folder.resolve()

    @pytest.mark.parametrize(
        "name", ["../secret.md", "link.md", "up/secret.md", "loop.md", "/etc/hostname", "deep", "none.md", "''", "~/x"]
    )
    def test_files_elsewhere_are_refused(self, folder: Path, name: str) -> None:
        """Neither dots nor links nor absolute paths lead out of the folder."""
        with pytest.raises(ScenarioError) as caught:
            self.read(folder, name)
        assert [problem.path for problem in caught.value.problems] == ["context.file"]

    @pytest.mark.parametrize("prompt", ["./../secret.md", "./link.md", "../secret.md", "/etc/hostname", "./none.md.j2"])
    def test_prompts_elsewhere_are_refused(self, folder: Path, prompt: str) -> None:
        """The same holds for templates."""
        with pytest.raises(ScenarioError) as caught:
            self.read(folder, "evidence.md", prompt)
        assert [problem.path for problem in caught.value.problems] == ["rounds[2].prompt"]

    def test_a_file_that_is_not_there_is_an_error_of_the_system(self, tmp_path: Path) -> None:
        """The caller knows the path it gave."""
        with pytest.raises(FileNotFoundError):
            read_scenario(tmp_path / "none.yaml")


def test_only_so_many_problems_are_shown() -> None:
    """A hundred is enough to mend; the last line says that there are more."""
    found = problems(GOOD + "".join(f"key{n}: 1\n" for n in range(500)))
    assert len(found) <= PROBLEMS_LIMIT + 1
    assert "further problems are not shown" in found[-1]
    found = problems("k: 1\n" * 1000)
    assert len(found) <= PROBLEMS_LIMIT + 1
    assert "further problems are not shown" in found[-1]

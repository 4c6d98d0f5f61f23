"""The wheel, installed in a clean environment and used from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed, in an environment of its own."""
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python of an environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    python = folder / "bin" / "python"
    constraints = ROOT / "constraints.txt"
    run(python, "-m", "pip", "install", "--quiet", "-c", constraints, "torch", f"{wheel}[weights]", cwd=folder)
    return python


def test_the_wheel_carries_prompts_scenarios_and_the_licence(wheel: Path) -> None:
    """Everything that a checkout has at its top and users need."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, pattern in (("prompts", "*.md.j2"), ("scenarios", "*.yaml")):
        for path in (ROOT / folder).rglob(pattern):
            assert f"debate/_assets/{path.relative_to(ROOT).as_posix()}" in names
    examples = ROOT / "transcripts" / "examples"
    for path in examples.rglob("*.jsonl"):
        assert f"debate/_assets/transcripts/{path.relative_to(examples).as_posix()}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "debate/py.typed" in names


def test_an_installed_package_finds_its_own_files(clean: Path, tmp_path: Path) -> None:
    """From a folder with nothing in it, and not from the checkout."""
    code = "from debate import assets; print(assets.prompts()); print(*assets.list_prompts())"
    where, names = run(clean, "-c", code, cwd=tmp_path).splitlines()
    assert Path(where).is_relative_to(clean.parents[1])
    assert "opening" in names.split()


def test_an_installed_package_reads_a_scenario(clean: Path, tmp_path: Path) -> None:
    """A scenario of the user's folder is read with the packaged prompts."""
    (tmp_path / "mine.yaml").write_text(
        "debate: 1\nname: mine\nmotion: Tea is better than coffee.\nmodels: {only: simulated:debater}\n"
        "participants: {ana: {}, ben: {}}\nrounds:\n  - {name: opening, who: debater, prompt: opening}\n",
        encoding="utf-8",
    )
    code = "from debate.scenario.reading import read_scenario; print(read_scenario('mine.yaml').name)"
    assert run(clean, "-c", code, cwd=tmp_path) == "mine\n"


def test_an_installed_package_shows_the_demo(clean: Path, tmp_path: Path) -> None:
    """The first minute works from any folder, scored with the real weights, and its transcript verifies."""
    debate = clean.with_name("debate")
    shown = run(debate, "demo", cwd=tmp_path)
    assert "simulated: tests the machinery, not the argument" in shown
    assert "all-MiniLM-L6-v2 from the installed weights package" in " ".join(shown.split())
    assert "verified" in run(debate, "replay", "last", "--verify", cwd=tmp_path)

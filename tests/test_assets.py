"""Finding what comes with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from debate import assets

ROOT = Path(__file__).resolve().parents[1]


def test_a_checkout_reads_its_own_files() -> None:
    """What is edited in a checkout is what is used, without installing again."""
    assert assets.prompts() == ROOT / "prompts"
    assert assets.scenarios() == ROOT / "scenarios"
    assert assets.example_transcripts() == ROOT / "transcripts" / "examples"


def test_names_lead_to_files() -> None:
    """Every listed name is found, and an unknown one is an error."""
    assert "opening" in assets.list_prompts()
    assert all((assets.prompts() / f"{name}{assets.PROMPT_SUFFIX}").is_file() for name in assets.list_prompts())
    assert all(assets.scenario(name).is_file() for name in assets.list_scenarios())
    with pytest.raises(KeyError):
        assets.scenario("../pyproject")


def test_an_installed_package_reads_what_it_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With files of its own the package looks nowhere else."""
    package = tmp_path / "site-packages" / "debate"
    (package / "_assets" / "prompts").mkdir(parents=True)
    monkeypatch.setattr(assets, "_IN_WHEEL", package / "_assets")
    monkeypatch.setattr(assets, "_CHECKOUT", package.parent)
    assert assets.prompts() == package / "_assets" / "prompts"


def test_files_of_others_are_not_taken_for_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder ``scenarios`` beside an installed package is somebody else's."""
    (tmp_path / "scenarios").mkdir()
    monkeypatch.setattr(assets, "_IN_WHEEL", tmp_path / "debate" / "_assets")
    monkeypatch.setattr(assets, "_CHECKOUT", tmp_path)
    with pytest.raises(FileNotFoundError, match="no scenarios"):
        assets.scenarios()

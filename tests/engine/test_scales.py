"""What positions are measured with is fixed before a run, stands in its header, and is used again when it goes on."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from holding import hold, letters
from scripted import Scripted, scenario

from debate.consensus.calibration import Bin, Calibration
from debate.consensus.calibration_store import file_for, store
from debate.consensus.pair import SemanticMap, positions_agree
from debate.consensus.semantic import cosines
from debate.engine.engine import Engine
from debate.errors import EmbedderError, SettingsError
from debate.settings.schema import Settings
from debate.transcript.events import Curve

SAID = {
    "opening/ana": "Trams first.",
    "opening/ben": "Roads before anything else.",
    "opening/cleo": "Let us wait and see what the neighbours do.",
    "rebuttal/ana": "Trams first.",
    "rebuttal/ben": "Trams, on reflection.",
    "rebuttal/cleo": "Let us wait and see what the neighbours do.",
}
OPEN = {
    "motion": None,
    "question": {"text": "What should the city build?", "kind": "open"},
    "rounds": [
        {"name": "opening", "who": "debater", "hears": "nobody", "reply": ["position"]},
        {"name": "rebuttal", "who": "debater", "reply": ["position"]},
    ],
    "decision": {"by": "medoid"},
    "consensus": {"method": "position"},
}


def model() -> Scripted:
    """Says :data:`SAID`."""
    return Scripted({turn: f"An argument.\nPOSITION: {position}" for turn, position in SAID.items()})


def embedder(texts: list[str]) -> object:
    """A cheap embedder."""
    return letters(texts)


NAME = "embedder@"


def fitted(*, auroc: float = 0.8, centre: float = 0.6) -> Calibration:
    """A map, as ``debate calibrate`` would keep it."""
    one = Bin(low=0, high=0.1, pairs=40, predicted=0.05, agreeing=0.1)
    return Calibration(
        embedder=NAME,
        centre=centre,
        width=0.05,
        pairs=40,
        topics=8,
        auroc=auroc,
        auroc_interval=(auroc - 0.05, auroc + 0.05),
        brier=0.2,
        brier_interval=(0.15, 0.25),
        ece=0.05,
        bins=(one,),
    )


def agreement_by(curve: SemanticMap, round_: str) -> float:
    """The mean agreement of a round's positions, worked out by hand."""
    texts = [SAID[f"{round_}/{who}"] for who in ("ana", "ben", "cleo")]
    vectors = letters([OPEN["question"]["text"], *texts]).astype("float32")
    near = cosines(vectors[1:], topic=vectors[0])
    pairs = [positions_agree(texts[i], texts[j], near[i, j], curve) for i, j in ((0, 1), (0, 2), (1, 2))]
    return sum(pairs) / 3


async def test_a_fitted_map_is_used_and_recorded(tmp_path: Path) -> None:
    """Scores go through the map that was fitted for the embedder; the header holds it, and reliability follows it."""
    kept = tmp_path / "calibrations"
    settings = Settings(calibrations=kept)
    plain = await hold(scenario(**OPEN), model(), tmp_path, name="plain", settings=settings, embedder=embedder)
    assert plain.saved.header.curve is None
    assert plain.result.consensus.reliability == "low"
    assert file_for(kept, NAME) == store(kept, fitted())
    held = await hold(scenario(**OPEN), model(), tmp_path, name="fitted", settings=settings, embedder=embedder)
    assert held.saved.header.curve == Curve(centre=0.6, width=0.05, validated=True)
    assert held.saved.header.embedder == NAME
    for scored in held.saved.state.scores.values():
        if scored.measure == "agreement":
            expected = agreement_by(SemanticMap(centre=0.6, width=0.05), scored.round)
            assert scored.value == pytest.approx(expected, abs=1e-6)
            assert scored.reliability == "medium"
    store(kept, fitted(auroc=0.6))
    poor = await hold(scenario(**OPEN), model(), tmp_path, name="poor", settings=settings, embedder=embedder)
    assert poor.result.consensus.reliability == "low"


async def test_a_run_that_goes_on_keeps_its_map(tmp_path: Path) -> None:
    """What is fitted between a stop and a resume changes nothing of the run: its header counts."""
    kept = tmp_path / "calibrations"
    store(kept, fitted())
    settings = Settings(calibrations=kept)
    cut = {"budget": {"requests": 3}}
    held = await hold(scenario(**OPEN, **cut), model(), tmp_path, settings=settings, embedder=embedder)
    assert held.result.status == "stopped"
    store(kept, fitted(centre=0.1))
    async with Engine(settings, models={"mine": model()}, embedder=embedder) as engine:
        result = await engine.resume(held.saved.path, max_requests=10)
    assert result.status == "completed"
    expected = agreement_by(SemanticMap(centre=0.6, width=0.05), "rebuttal")
    assert result.consensus.agreement == pytest.approx(expected, abs=1e-6)


async def test_a_damaged_map_stops_the_run_before_it_begins(tmp_path: Path) -> None:
    """A file that is no calibration, or one for another embedder, is an error that names it."""
    path = file_for(tmp_path, NAME)
    for text in ("{}", fitted().model_copy(update={"embedder": "other@1"}).model_dump_json()):
        path.write_text(text)
        async with Engine(Settings(calibrations=tmp_path), models={"mine": model()}, embedder=embedder) as engine:
            with pytest.raises(EmbedderError, match=r"embedder@\.json: this"):
                await engine.run(scenario(**OPEN), transcript=None)


async def test_semantic_measures_stand_under_names_of_their_own(tmp_path: Path) -> None:
    """Vendi score, projected similarity, drift of wording and semantic entropy are in the result, each iteration's."""
    held = await hold(scenario(**OPEN), model(), tmp_path, embedder=embedder)
    consensus = held.result.consensus
    first, second = consensus.by_iteration
    assert 1 < consensus.vendi < 3
    assert consensus.vendi == second.vendi
    assert -1 <= second.similarity_projected < second.similarity <= 1
    assert first.wording_drift is None
    texts = letters([SAID["opening/ben"], SAID["rebuttal/ben"]]).astype("float32")
    assert second.wording_drift == pytest.approx((1 - cosines(texts)[0, 1]) / 3, abs=1e-6)
    shares = [camp.share for camp in consensus.camps]
    assert consensus.semantic_entropy == pytest.approx(-sum(share * math.log(share) for share in shares))


async def test_nli_without_weights_stops_the_run_before_it_begins(tmp_path: Path) -> None:
    """No name, a folder without weights, and weights of another kind are each one clear error."""
    asked = scenario(**{**OPEN, "consensus": {"method": "nli"}})
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.safetensors").write_bytes(b"weights")
    (other / "config.json").write_text(json.dumps({"id2label": {"0": "good", "1": "bad"}}))
    for nli, kind, message in (
        (None, SettingsError, "no weights are named for it: give a folder or a hub name with --nli"),
        (tmp_path, EmbedderError, "holds no weights of a cross-encoder"),
        (other, EmbedderError, r"is no NLI model.*its labels are \['bad', 'good'\]"),
    ):
        said = model()
        async with Engine(models={"mine": said}, embedder=embedder, nli=nli) as engine:
            with pytest.raises(kind, match=message):
                await engine.run(asked, transcript=tmp_path / "run.jsonl")
        assert said.asked == []
    assert not (tmp_path / "run.jsonl").exists()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A cross-encoder with random weights."""
    build, folder = Path(__file__).parent.parent / "support" / "tiny_nli.py", tmp_path / "tiny"
    subprocess.run([sys.executable, "-W", "ignore", str(build), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.acceptance
async def test_a_run_is_judged_by_nli(tmp_path: Path, tiny: Path) -> None:
    """With a cross-encoder named in the settings positions are judged by it; its name and version are in the header."""
    asked = scenario(**{**OPEN, "consensus": {"method": "nli"}})
    held = await hold(asked, model(), tmp_path, settings=Settings(nli=str(tiny)), embedder=embedder)
    header, consensus = held.saved.header, held.result.consensus
    assert header.method == consensus.method == "nli"
    assert header.judge.startswith("tiny@")
    assert consensus.judge == header.judge
    assert 0 <= consensus.agreement <= 1
    assert [one.agreement for one in consensus.by_iteration if one.agreement is None] == []

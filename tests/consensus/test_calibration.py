import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.consensus.calibration import Calibration, LabelledPair, ScoredPair, calibrate, pairs_of, score_pairs
from debate.consensus.calibration_view import as_svg, as_text
from debate.consensus.fitting import auroc, folds
from debate.consensus.lexical import LexicalEmbedder
from debate.consensus.pair import SemanticMap
from debate.consensus.voices import Voice
from debate.reply.reply import Stance

TRUTH = SemanticMap(centre=0.3, width=0.1)


def _drawn(count: int, *, seed: int = 1, kept: float = 1.0) -> list[ScoredPair]:
    chance = np.random.default_rng(seed)
    found = []
    for index in range(count):
        similarity = float(chance.uniform(-0.2, 0.8))
        agree = bool(chance.random() < TRUTH(similarity))
        found.append(ScoredPair(topic=f"topic {index % 12}", similarity=similarity, agree=agree, kept=kept))
    return found


def test_the_constants_that_made_the_pairs_are_found_again():
    """From 4,000 pairs drawn by a map, calibration gives the map back, and its predictions are well calibrated."""
    found = calibrate(_drawn(4000), embedder="e@1")
    assert found.centre == pytest.approx(TRUTH.centre, abs=0.02)
    assert found.width == pytest.approx(TRUTH.width, abs=0.015)
    assert found.ece < 0.03
    assert found.auroc_interval[0] < found.auroc < found.auroc_interval[1]
    assert found.brier_interval[0] < found.brier < found.brier_interval[1] < 0.25
    assert sum(one.pairs for one in found.bins) == found.pairs == 4000
    assert found.topics == 12


def test_labels_without_relation_to_similarity_show_as_chance():
    """Coin tosses give an AUROC around one half, and predictions no better than always saying one half."""
    chance = np.random.default_rng(3)
    pairs = [ScoredPair(f"t{i % 9}", float(chance.random()), bool(chance.random() < 0.5)) for i in range(600)]
    found = calibrate(pairs, embedder="e@1")
    assert abs(found.auroc - 0.5) < 0.06
    assert found.brier == pytest.approx(0.25, abs=0.02)


def test_pairs_the_wording_check_decides_do_not_bend_the_map():
    """Near-identical lines with a negation are disagreement at high similarity; the fit leaves them to the check."""
    turned = [ScoredPair(topic="x", similarity=0.95, agree=False, kept=0.0)] * 300
    found = calibrate([*_drawn(2000), *turned], embedder="e@1")
    assert found.centre == pytest.approx(TRUTH.centre, abs=0.04)


def test_what_cannot_be_fitted_is_refused():
    """Too few pairs, one class only, and similarity that falls with agreement are errors, not maps."""
    with pytest.raises(ValueError, match="needs 20 pairs"):
        calibrate(_drawn(10), embedder="e")
    with pytest.raises(ValueError, match="some that agree and some that do not"):
        calibrate([pair._replace(agree=True) for pair in _drawn(50)], embedder="e")
    with pytest.raises(ValueError, match="does not rise"):
        calibrate([pair._replace(similarity=-pair.similarity) for pair in _drawn(500)], embedder="e")


def test_a_calibration_survives_its_file():
    """What is stored as JSON is read back the same, and refuses keys it does not know."""
    found = calibrate(_drawn(200), embedder="e@1")
    assert Calibration.model_validate_json(found.model_dump_json()) == found
    assert found.curve(found.centre) == 0.5
    with pytest.raises(ValueError, match="extra"):
        Calibration.model_validate({**found.model_dump(), "other": 1})


def test_text_and_picture_show_the_figures():
    """Both views name the embedder and the measures; the picture is well-formed and has a dot for every bin."""
    found = calibrate(_drawn(300), embedder="e<1>@2")
    text = as_text(found)
    assert "e<1>@2" in text
    assert f"{found.auroc:.3f}" in text
    root = ET.fromstring(as_svg(found))
    dots = [one for one in root.iter() if one.tag.endswith("circle")]
    assert len(dots) == len(found.bins)
    assert any("e<1>@2" in (one.text or "") for one in root.iter())


async def test_pairs_of_voices_are_labelled_by_what_they_state():
    """Positions agree where answers or ballots do; two neutrals and incomplete voices make no pair."""
    voices = [
        Voice(participant="a", position="Trams.", stance=Stance.SUPPORT),
        Voice(participant="b", position="More trams!", stance=Stance.STRONGLY_SUPPORT),
        Voice(participant="c", position="Roads.", stance=Stance.OPPOSE),
        Voice(participant="d", position="Hm.", stance=Stance.NEUTRAL),
        Voice(participant="e", position="Hm?", stance=Stance.NEUTRAL),
        Voice(participant="f", stance=Stance.OPPOSE),
        Voice(participant="g", position="Only a position."),
    ]
    found = pairs_of("Trams or roads?", voices)
    assert LabelledPair("Trams or roads?", "Trams.", "More trams!", agree=True) in found
    assert LabelledPair("Trams or roads?", "Trams.", "Roads.", agree=False) in found
    assert len(found) == 3 + 3 * 2
    scored = await score_pairs(found, LexicalEmbedder())
    assert [pair.agree for pair in scored] == [pair.agree for pair in found]
    assert all(-1 <= pair.similarity <= 1 for pair in scored)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=30))
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]):
    """Counted pair by pair, ties half; NaN where one class is missing."""
    labels = np.array([float(a) for a, _ in rows])
    scores = np.array([float(s) for _, s in rows])
    pairs = [(p, n) for p in scores[labels == 1] for n in scores[labels == 0]]
    value = auroc(labels, scores)
    if not pairs:
        assert math.isnan(value)
    else:
        assert value == pytest.approx(sum((p > n) + (p == n) / 2 for p, n in pairs) / len(pairs))


@given(st.lists(st.integers(0, 9), min_size=2, max_size=60), st.integers(2, 5))
def test_folds_keep_groups_whole_and_cover_all_rows(groups: list[int], count: int):
    """Every row is tested once, by a fit that saw none of its group."""
    tested = []
    for train, test in folds(groups, count):
        assert not {groups[i] for i in train} & {groups[i] for i in test}
        tested += test
    assert sorted(tested) == list(range(len(groups)))

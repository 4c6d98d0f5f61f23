import math
from itertools import pairwise

import pytest

from debate.consensus.measures import Similarity, measure
from debate.consensus.method import Method
from debate.consensus.movement import movement
from debate.consensus.stopping import stop_advice
from debate.consensus.voices import Voice
from debate.reply.reply import Stance


def _answered(**answers: str):
    return [Voice(participant=name, answer=answer) for name, answer in answers.items()]


def _stood(**stances: str):
    return [Voice(participant=name, stance=Stance(stance)) for name, stance in stances.items()]


def test_a_changed_answer_is_a_move_and_an_equal_one_is_not():
    """Change is 0 or 1 for answers, and stability their mean's complement."""
    found = movement(_answered(x="A", y="B", z="C"), _answered(x="A", y="A", w="D"), Method.ANSWER)
    assert found.moved == ("y",)
    assert [move.participant for move in found.moves] == ["x", "y"]
    assert found.stability == 0.5


def test_on_a_motion_the_shift_is_signed():
    """From opposing to strongly supporting is a shift of 1.5 and three quarters of the way."""
    found = movement(_stood(x="oppose"), _stood(x="strongly_support"), Method.STANCE)
    assert (found.moves[0].shift, found.moves[0].change) == (1.5, 0.75)


def test_co_movement_needs_a_hearing():
    """Who moves nearer to somebody it did not hear is no co-movement; credit is shared by all it heard."""
    before, after = _answered(x="A", y="B", z="B"), _answered(x="B", y="B", z="B")
    assert movement(before, after, Method.ANSWER).co_movements == ()
    found = movement(before, after, Method.ANSWER, heard={"x": ["y", "z", "x"], "y": ["x"]})
    assert [(c.speaker, c.hearer, c.credit) for c in found.co_movements] == [("y", "x", 0.5), ("z", "x", 0.5)]


def test_conformity_counts_joining_and_leaving_the_majority():
    """Of a 3:2 split one of the minority joins and one of the majority leaves."""
    before = _answered(a="X", b="X", c="X", d="Y", e="Z")
    found = movement(before, _answered(a="X", b="X", c="Y", d="X", e="Z"), Method.ANSWER).conformity
    assert (found.minority, found.joined, found.majority, found.left) == (2, 1, 3, 1)
    assert (found.towards_majority_rate, found.away_rate) == (0.5, 1 / 3)
    assert movement(_answered(a="X", b="Y"), _answered(a="X", b="X"), Method.ANSWER).conformity is None


def test_positions_move_by_the_agreement_given():
    """A position that hardly agrees with the earlier one has moved; without an agreement of texts it is an error."""
    before = [Voice(participant="x", position="one")]
    after = [Voice(participant="x", position="two")]
    assert movement(before, after, Method.POSITION, agreement=lambda _a, _b: 0.2).moved == ("x",)
    same = movement(before, before, Method.POSITION, agreement=lambda _a, _b: 0.2)
    assert same.moved == ()
    with pytest.raises(ValueError, match="needs an agreement"):
        movement(before, after, Method.POSITION)


def _advice(rounds: list[list[Voice]], method: Method = Method.ANSWER, **options: Similarity):
    history = [measure(voices, method, **options) for voices in rounds]
    agreement = (lambda _a, _b: 1.0) if not method.structured else None
    steps = [movement(a, b, method, agreement=agreement) for a, b in pairwise(rounds)]
    return stop_advice(history, steps)


def test_unanimity_stops():
    """All the same answer ends a debate at once."""
    assert _advice([_answered(x="A", y="A")]).reason == "unanimous"


def test_two_thirds_stop_only_when_nobody_moved():
    """Agreement of two thirds of the pairs ends it after an iteration without a move, not before."""
    five = _answered(a="A", b="A", c="A", d="A", e="A", f="B")
    assert _advice([five]) is None
    assert _advice([five, five]).reason == "stable"
    assert math.isclose(measure(five, Method.ANSWER).agreement, 2 / 3)


def test_two_still_iterations_are_a_deadlock():
    """A split in which nobody moves twice is a deadlock; one still iteration is not."""
    split = _answered(x="A", y="B")
    assert _advice([split, split]) is None
    assert _advice([split, split, split]).reason == "deadlock"


def test_an_unreadable_voice_forbids_stopping():
    """What is missing might disagree."""
    assert _advice([[*_answered(x="A", y="A"), Voice(participant="z")]]) is None


def test_similarity_alone_stops_only_twice_in_a_row_and_with_a_warning():
    """Semantic agreement is advice of a lower kind."""
    near = [Voice(participant="x", position="one"), Voice(participant="y", position="two")]
    assert _advice([near], Method.POSITION, similarity=lambda _a, _b: 0.9) is None
    found = _advice([near, near], Method.POSITION, similarity=lambda _a, _b: 0.9)
    assert found.reason == "similar"
    assert "opposite statements" in found.warning

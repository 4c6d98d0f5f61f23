"""Whether conditions hold, over iterations and over the prefix of one."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from debate.decision.stopping import Facts, Finding, Standing, evaluate
from debate.scenario.conditions import Condition, participants_named

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


def holds(written: object, *standings: Standing, **facts: dict[str, float] | dict[str, bool]) -> Finding:
    """Whether a condition, as it is written in YAML, holds of iterations, oldest first."""
    return evaluate(CONDITION.validate_python(written), Facts(standings=standings, **facts))


def standing(letters: str, *, expected: int | None = None, agreement: float | None = None, finished: bool = True):
    """One iteration in which voice i holds the i-th letter; a dash has no readable position."""
    names = tuple(f"v{index}" for index in range(expected if expected is not None else len(letters)))
    return Standing(
        expected=names,
        positions={name: letter for name, letter in zip(names, letters, strict=False) if letter != "-"},
        agreement=agreement,
        finished=finished,
    )


def test_unanimous_needs_everyone_readable() -> None:
    """One unreadable voice, or one that has not spoken, and it is not unanimous."""
    assert holds("unanimous", standing("AAA")).holds
    assert not holds("unanimous", standing("AAB")).holds
    assert not holds("unanimous", standing("AA-")).holds
    assert not holds("unanimous", standing("AA", expected=3, finished=False)).holds


def test_one_voice_is_never_unanimous() -> None:
    """A single voice agrees with nobody."""
    assert not holds("unanimous", standing("A")).holds


def test_share_is_of_all_who_were_to_speak() -> None:
    """Silent and unreadable voices stay in the denominator (five of seven, as in DyLAN's rule)."""
    assert not holds({"share": "2/3"}, standing("AAAA", expected=7, finished=False)).holds
    found = holds({"share": "2/3"}, standing("AAAAA", expected=7, finished=False))
    assert found.holds
    assert found.reason == "5 of 7 hold A, asked for 0.667"
    assert not holds({"share": 0.67}, standing("AA-")).holds


def test_a_ratio_is_exact() -> None:
    """Two of three is two thirds, though 0.67 is more."""
    assert holds({"share": "2/3"}, standing("AAB")).holds
    assert not holds({"share": 0.67}, standing("AAB")).holds


def test_agreement_waits_for_the_end_of_the_iteration() -> None:
    """Two early voices that agree say nothing about the rest."""
    assert not holds({"agreement": 0.8}, standing("AA", expected=4, agreement=1.0, finished=False)).holds
    assert holds({"agreement": 0.8}, standing("AAAA", agreement=0.8)).holds
    assert not holds({"agreement": 0.8}, standing("A-", agreement=None)).holds


def test_for_counts_iterations_on_end() -> None:
    """`for: 2` needs this iteration and the one before it, not any two."""
    high, low = standing("AA", agreement=0.9), standing("AB", agreement=0.2)
    assert not holds({"agreement": 0.85, "for": 2}, high).holds
    assert not holds({"agreement": 0.85, "for": 2}, high, low, high).holds
    assert holds({"agreement": 0.85, "for": 2}, low, high, high).holds


def test_nobody_moved_compares_with_the_iteration_before() -> None:
    """It needs two finished iterations, and voices that could be read in both."""
    assert not holds("nobody_moved", standing("AB")).holds
    assert holds("nobody_moved", standing("AB"), standing("AB")).holds
    assert "v1 moved" in holds("nobody_moved", standing("AB"), standing("AA")).reason
    assert "cannot tell" in holds("nobody_moved", standing("AB"), standing("A-")).reason
    assert not holds({"nobody_moved": True, "for": 2}, standing("AB"), standing("AB")).holds
    assert holds({"nobody_moved": True, "for": 2}, standing("AB"), standing("AB"), standing("AB")).holds


def test_movement_is_seen_in_the_details() -> None:
    """A stance that weakens without changing sides is a move, though the position is the same."""
    before = Standing(expected=("a", "b"), positions={"a": "for", "b": "for"}, details={"a": "support", "b": "support"})
    now = Standing(
        expected=("a", "b"), positions={"a": "for", "b": "for"}, details={"a": "strongly_support", "b": "support"}
    )
    assert holds("unanimous", before, now).holds
    assert not holds("nobody_moved", before, now).holds


def test_confidence_is_everyones() -> None:
    """The least confident voice decides, an unstated confidence is not enough, and `of` asks one participant."""
    sure = Standing(expected=("a", "b"), confidences={"a": 0.9, "b": 0.8})
    assert holds({"confidence": 0.8}, sure).holds
    assert not holds({"confidence": 0.85}, sure).holds
    assert not holds({"confidence": 0.1}, Standing(expected=("a", "b"), confidences={"a": 0.9})).holds
    assert holds({"confidence": 0.7, "of": "judge"}, sure, confidences={"judge": 0.7}).holds
    assert not holds({"confidence": 0.7, "of": "judge"}, sure).holds


def test_says_stop_is_said_outright() -> None:
    """Only STOP: yes stops; no, and nothing said, go on."""
    assert holds({"says_stop": "mod"}, standing("AB"), stops={"mod": True}).holds
    assert not holds({"says_stop": "mod"}, standing("AB"), stops={"mod": False}).holds
    assert not holds({"says_stop": "mod"}, standing("AB")).holds


def test_conditions_combine() -> None:
    """any, all and not read as they say."""
    split = standing("AB", agreement=0.5)
    assert holds({"any": ["unanimous", {"agreement": 0.5}]}, split).holds
    assert not holds({"all": ["unanimous", {"agreement": 0.5}]}, split).holds
    assert holds({"not": "unanimous"}, split).holds
    assert holds({"not": {"not": {"agreement": 0.5}}}, split).holds


def test_participants_named_are_found_at_any_depth() -> None:
    """A scenario can check the ids an expression mentions."""
    written = {"any": [{"not": {"says_stop": "mod"}}, {"all": [{"confidence": 0.5, "of": "judge"}, "unanimous"]}]}
    assert participants_named(CONDITION.validate_python(written)) == {"mod", "judge"}


@given(st.text("AB-", min_size=2, max_size=9), st.integers(0, 9), st.floats(0, 1))
def test_what_holds_of_a_prefix_holds_of_the_whole(letters: str, spoken: int, share: float) -> None:
    """A share or unanimity reached after a reply is still there when everyone has spoken: stopping is never undone."""
    prefix = standing(letters[:spoken], expected=len(letters), finished=False)
    for written in ({"share": share}, "unanimous"):
        if holds(written, prefix).holds and letters[:spoken].strip("-"):
            assert holds(written, standing(letters)).holds


@given(st.text("ABC-", min_size=1, max_size=8).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_the_order_of_voices_is_nothing(both: tuple[str, list[str]]) -> None:
    """Conditions are anonymous: which voice holds what does not matter."""
    letters, shuffled = both[0], "".join(both[1])
    for written in ("unanimous", {"share": 0.5}, {"share": "2/3"}):
        assert holds(written, standing(letters)).holds == holds(written, standing(shuffled)).holds

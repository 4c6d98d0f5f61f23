"""Every voting rule, on worked examples from the voting literature and by the properties it has."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.decision.ballots import Ballot, ballot_of, with_equal_answers_merged
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.ranked import preferred
from debate.decision.rule import parse_rule
from debate.decision.tally import recalibrated
from debate.decision.verdict import Verdict
from debate.reply.reply import Reply, Stance
from debate.reply.spec import ReplySpec


def verdict(by: str | Mapping[str, object], ballots: Sequence[Ballot], **options: object) -> Verdict:
    """What a rule, as a scenario writes it, makes of the ballots."""
    material = {key: options.pop(key) for key in ("others", "similarity", "seed") if key in options}
    rules = [parse_rule(one) for one in options.pop("otherwise", ())]  # type: ignore[attr-defined]
    decision = Decision(by=parse_rule(by), otherwise=tuple(rules), **options)  # type: ignore[arg-type]
    return decide(decision, Material(ballots=tuple(ballots), **material))  # type: ignore[arg-type]


def votes(letters: str) -> list[Ballot]:
    """One ballot a letter; a dash could not be read."""
    return [
        Ballot(
            participant=f"v{i}",
            choice=None if letter == "-" else letter,
            reason="unreadable" if letter == "-" else None,
        )
        for i, letter in enumerate(letters)
    ]


def profile(**groups: int) -> list[Ballot]:
    """Rankings, as ``ABC=3`` for three voters who put A before B before C."""
    rankings = [tuple(ranking) for ranking, count in groups.items() for _ in range(count)]
    return [Ballot(participant=f"v{i}", ranking=ranking) for i, ranking in enumerate(rankings)]


TENNESSEE = profile(MNCK=42, NCKM=26, CKNM=15, KCNM=17)
"""Voters rank Memphis, Nashville, Chattanooga and Knoxville by distance, in per cent of the state: the usual textbook
example of how rules differ on one electorate."""


def test_tennessee_capital() -> None:
    """Plurality takes Memphis, instant run-off Knoxville, Borda and Condorcet Nashville."""
    firsts = [replace(ballot, choice=ballot.ranking[0]) for ballot in TENNESSEE if ballot.ranking]
    assert verdict("plurality", firsts).answer == "M"
    assert verdict("majority", firsts).answer is None
    assert verdict("irv", TENNESSEE).answer == "K"
    borda = verdict("borda", TENNESSEE)
    assert borda.answer == "N"
    assert borda.votes == {"N": 194, "C": 173, "M": 126, "K": 107}
    condorcet = verdict("condorcet", TENNESSEE)
    assert condorcet.answer == "N"
    assert condorcet.votes == {"N": 3, "C": 2, "K": 1, "M": 0}
    assert preferred(TENNESSEE)["N", "M"] == 58


def test_condorcets_paradox() -> None:
    """Three voters who rank ABC, BCA and CAB prefer in a circle: no winner, and the three are the tie (1785)."""
    found = verdict("condorcet", profile(ABC=1, BCA=1, CAB=1))
    assert found.answer is None
    assert found.tie == ("A", "B", "C")
    assert "tie of A, B, C" in (found.reason or "")


def test_borda_may_pass_over_the_condorcet_winner() -> None:
    """Three voters ABC and two BCA: A wins every contest and a majority of firsts, B wins by Borda (7 to 6)."""
    ballots = profile(ABC=3, BCA=2)
    assert verdict("condorcet", ballots).answer == "A"
    borda = verdict("borda", ballots)
    assert borda.answer == "B"
    assert borda.votes == {"B": 7, "A": 6, "C": 2}


def test_instant_runoff_is_not_monotone() -> None:
    """Ten voters who move A from second to first place make A lose (the textbook profile of 100)."""
    before = profile(ABC=39, BCA=35, CAB=26)
    assert verdict("irv", before).answer == "A"
    raised = profile(ABC=49, BCA=25, CAB=26)
    assert verdict("irv", raised).answer == "C"


def test_burlington_2009() -> None:
    """The mayor's election, first three candidates: the run-off took Kiss, though Montroll beat each other one.

    Ballots by preference among Kiss, Montroll and Wright, rounded to tens, after the tabulation by Gierzynski,
    Hamilton and Smith (2009).
    """
    ballots = profile(MKW=133, MWK=77, M=46, KMW=204, KWM=37, K=57, WMK=151, WKM=50, W=129)
    assert verdict("irv", ballots).answer == "K"
    assert verdict("condorcet", ballots).answer == "M"


def test_the_smith_set_leaves_out_who_loses_to_all() -> None:
    """A circle of three on top of one whom each of them beats."""
    found = verdict("condorcet", profile(ABCD=1, BCAD=1, CABD=1))
    assert found.tie == ("A", "B", "C")


def test_partial_rankings_share_the_points_left() -> None:
    """What a ballot leaves out shares the places it leaves out."""
    found = verdict(
        "borda", [Ballot(participant="a", ranking=("A",)), Ballot(participant="b", ranking=("B", "C", "A"))]
    )
    assert found.votes == {"B": 2.5, "A": 2.0, "C": 1.5}


def test_approval_and_cumulative() -> None:
    """The most approved, and the most points, with who approved of something else."""
    points = [{"A": 1.0, "B": 1.0}, {"B": 1.0}, {"C": 1.0}, {}]
    ballots = [Ballot(participant=f"v{i}", points=given_) for i, given_ in enumerate(points)]
    found = verdict("approval", [*ballots, Ballot(participant="v4", reason="failed")])
    assert (found.answer, found.votes["B"], found.denominator) == ("B", 2, 5)
    assert found.dissent == (("v2", "C"), ("v3", "none of them"))
    shared = [Ballot(participant="a", points={"A": 6, "B": 4}), Ballot(participant="b", points={"B": 10})]
    found = verdict("cumulative", shared)
    assert (found.answer, found.votes, found.denominator, found.confidence) == ("B", {"B": 14, "A": 6}, 20, 0.7)


def test_scores_by_mean_and_median() -> None:
    """One zero moves the mean and not the median; an option scored by too few cannot win."""
    given_ = [{"A": 9.0, "B": 7.0}, {"A": 9.0, "B": 7.0}, {"A": 0.0, "B": 7.0, "C": 10.0}]
    ballots = [Ballot(participant=f"v{i}", scores=scores) for i, scores in enumerate(given_)]
    assert verdict({"score": "mean"}, ballots).answer == "B"
    found = verdict({"score": "median"}, ballots)
    assert (found.answer, found.confidence) == ("A", 0.9)
    assert "C" not in found.votes


def test_majority_is_of_all_or_of_the_readable() -> None:
    """Two of four is no majority when abstentions count, and one of three when they are ignored."""
    found = verdict("majority", votes("AAB-"))
    assert found.answer is None
    assert found.reason == "no majority: A got 2 of 4, needed more than 0.5"
    assert found.abstentions == (("v3", "unreadable"),)
    ignored = verdict("majority", votes("AAB-"), abstain="ignored")
    assert (ignored.answer, ignored.denominator) == ("A", 3)


def test_supermajority_and_unanimity() -> None:
    """Exactly the quota is enough; one unreadable voter prevents unanimity unless ignored."""
    assert verdict({"supermajority": "2/3"}, votes("AAB")).answer == "A"
    assert verdict({"supermajority": 0.67}, votes("AAB")).answer is None
    assert verdict("unanimity", votes("AAA")).answer == "A"
    assert verdict("unanimity", votes("AA-")).answer is None
    assert verdict("unanimity", votes("AA-"), abstain="ignored").answer == "A"


def test_reconciles_weights() -> None:
    """The five steps of the recalibration, and an unstated confidence at the lowest."""
    claimed = [1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.1, None]
    assert [recalibrated(c) for c in claimed] == [1.0, 0.8, 0.8, 0.5, 0.5, 0.3, 0.1, 0.1, 0.1]


def test_weighted_votes() -> None:
    """One sure voter outweighs two unsure ones; the scenario's weights count only where asked for."""
    ballots = [
        Ballot(participant="a", choice="A", confidence=1.0, weight=1),
        Ballot(participant="b", choice="B", confidence=0.6, weight=2),
        Ballot(participant="c", choice="B", confidence=0.7, weight=2),
    ]
    sure = verdict({"weighted": "confidence"}, ballots)
    assert sure.answer == "A"
    assert sure.confidence == pytest.approx(1 / 1.4)
    assert sure.confidence_is == "share of recalibrated confidence"
    assert verdict({"weighted": "weight"}, ballots).votes == {"B": 4, "A": 1}
    assert verdict("plurality", ballots).votes == {"B": 2, "A": 1}


def test_trajectory_prefers_what_was_held_early_and_kept() -> None:
    """Free-MAD: A kept by one and held first by all outscores B, adopted late by two (45 to 30)."""
    ballots = [
        Ballot(participant="a", choice="A", history=("A", "A")),
        Ballot(participant="b", choice="B", history=("A", "B")),
        Ballot(participant="c", choice="B", history=("A", "B")),
    ]
    assert verdict("plurality", ballots).answer == "B"
    found = verdict("trajectory", ballots)
    assert found.answer == "A"
    assert found.votes == {"A": 45.0, "B": 30.0}


def test_trajectory_reads_over_gaps() -> None:
    """An iteration that could not be read is neither a change nor a choice."""
    ballots = [
        Ballot(participant="a", history=("A", None, "A")),
        Ballot(participant="b", reason="failed", history=(None,)),
    ]
    found = verdict("trajectory", ballots)
    assert found.votes == {"A": pytest.approx(20 + 20 / 3)}
    assert found.abstentions == (("b", "failed"),)


def test_medoid_is_most_like_the_others() -> None:
    """The position in the middle; a voter without one is not in the way; without a matrix there is no answer."""
    ballots = [*votes("ABC"), Ballot(participant="d", reason="failed")]
    matrix = [[1, 0.8, 0.1, 9], [0.8, 1, 0.7, 9], [0.1, 0.7, 1, 9], [9, 9, 9, 9]]
    found = verdict("medoid", ballots, similarity=matrix)
    assert (found.answer, found.confidence) == ("B", pytest.approx(0.75))
    unmeasured = verdict("medoid", ballots)
    assert (unmeasured.answer, unmeasured.reason) == (None, "how alike the positions are was not measured")
    with pytest.raises(ValueError, match="4 by 4"):
        verdict("medoid", ballots, similarity=[[1.0]])


def test_a_judge_decides_and_the_votes_stand_beside_it() -> None:
    """The judge's own claim is the confidence, named as that; who voted otherwise dissents."""
    judge = Ballot(participant="referee", choice="B", confidence=0.7)
    found = verdict("referee", votes("AAB"), others={"referee": judge})
    assert (found.answer, found.by, found.votes) == ("B", "referee", {"A": 2, "B": 1})
    assert (found.confidence, found.confidence_is) == (0.7, "claimed by referee")
    assert found.dissent == (("v0", "A"), ("v1", "A"))


def test_a_silent_judge_falls_back() -> None:
    """The chain of else goes on until there is an answer, and the verdict says what was tried and why it gave none."""
    judge = Ballot(participant="referee", reason="unreadable")
    found = verdict("referee", votes("AAB-"), others={"referee": judge}, otherwise=("majority", "plurality"))
    assert (found.answer, found.by) == ("A", "plurality")
    assert [rule for rule, _ in found.tried] == ["referee", "majority"]
    assert found.tried[0].reason == "referee gave no decision: unreadable"
    nothing = verdict("referee", votes("--"), otherwise=("majority",))
    assert nothing.answer is None
    assert (
        nothing.reason == "referee: referee gave no decision: did not speak; majority: no vote to count (2 unreadable)"
    )


def test_veto() -> None:
    """A disagreement strikes the answer down, agreement and silence do not."""
    rule = {"veto": "ana", "over": "plurality"}
    assert verdict(rule, votes("AAB"), others={"ana": Ballot(participant="ana", agreement="agree")}).answer == "A"
    assert verdict(rule, votes("AAB"), others={"ana": Ballot(participant="ana", reason="failed")}).answer == "A"
    struck = verdict(rule, votes("AAB"), others={"ana": Ballot(participant="ana", agreement="disagree")})
    assert (struck.answer, struck.reason) == (None, "ana vetoed A, the answer of plurality")
    by_choice = {"ana": Ballot(participant="ana", choice="B")}
    fallen = verdict(rule, votes("AAB"), others=by_choice, otherwise=("majority",))
    assert (fallen.answer, fallen.by) == ("A", "majority")


def test_ties() -> None:
    """None leaves it open, a lot is the seed's, an earlier iteration or a participant decides; each says so."""
    tied = votes("AB")
    open_ = verdict("plurality", tied)
    assert (open_.answer, open_.tie, open_.reason) == (None, ("A", "B"), "a tie of A, B; ties stay undecided")
    drawn = {verdict("plurality", tied, tie="lot", seed=seed).answer for seed in range(20)}
    assert drawn == {"A", "B"}
    for seed in range(20):
        assert len({verdict("plurality", order, tie="lot", seed=seed).answer for order in (tied, tied[::-1])}) == 1
    judge = {"judge": Ballot(participant="judge", choice="B")}
    by_judge = verdict("plurality", tied, tie="judge", others=judge)
    assert (by_judge.answer, by_judge.tie_broken_by) == ("B", "judge's choice")
    assert (
        verdict("plurality", tied, tie="judge", others={"judge": Ballot(participant="judge", choice="C")}).answer
        is None
    )
    history = [
        Ballot(participant="a", choice="A", history=("B", "C", "A")),
        Ballot(participant="b", choice="B", history=("B", "D", "B")),
    ]
    earlier = verdict("plurality", history, tie="earlier_round")
    assert (earlier.answer, earlier.tie_broken_by) == ("B", "ahead 2 iterations earlier")


def test_self_votes_are_excluded_or_count() -> None:
    """Nobody's own work gets its own vote, points, place or score, unless the scenario says so."""
    ballots = [
        Ballot(
            participant="a", choice="a", own="a", ranking=("a", "b", "c"), scores={"a": 10, "b": 5}, points={"a": 1}
        ),
        Ballot(
            participant="b", choice="a", own="b", ranking=("a", "b", "c"), scores={"a": 4, "b": 10}, points={"a": 1}
        ),
        Ballot(participant="c", choice="b", own="c", ranking=("b", "a", "c"), scores={"a": 4, "b": 6}, points={"b": 1}),
    ]
    found = verdict("plurality", ballots)
    assert found.tie == ("a", "b")
    assert found.abstentions == (("a", "voted for itself"),)
    assert verdict("plurality", ballots, self_vote="counts").answer == "a"
    assert verdict("approval", ballots).votes == {"a": 1, "b": 1}
    assert verdict({"score": "mean"}, ballots).votes == {"b": 5.5, "a": 4}
    borda = verdict("borda", ballots)
    assert borda.votes == {"b": 6.0, "a": 3.0, "c": 0.0}
    assert verdict("condorcet", ballots).votes == {"b": 2, "a": 1, "c": 0}


def test_a_motion_is_voted_on_by_the_sign_of_the_stance() -> None:
    """Strong and mild support are one choice, neutral is a choice of its own, unreadable is an abstention."""
    spec = ReplySpec(fields=("position", "stance"))
    stances = [Stance.STRONGLY_SUPPORT, Stance.SUPPORT, Stance.OPPOSE, Stance.NEUTRAL]
    ballots = [ballot_of(f"v{i}", Reply(text="", stance=stance), spec) for i, stance in enumerate(stances)]
    found = verdict("plurality", [*ballots, ballot_of("v4", None, spec, absence="failed")])
    assert (found.answer, found.votes) == ("for", {"for": 2, "against": 1, "neutral": 1})
    assert (found.confidence, found.confidence_is, found.abstentions) == (0.4, "share of votes", (("v4", "failed"),))


@pytest.mark.parametrize(
    "written",
    [{"supermajority": 0}, {"supermajority": "most"}, {"weighted": "mean"}, {"score": "weight"}, {"veto": "ana"},
     "weighted",
     "veto", {"plurality": True}, {"veto": "ana", "over": 3}, {"supermajority": True}],
)  # fmt: skip
def test_what_is_no_rule_is_refused(written: str | dict[str, object]) -> None:
    """With a message that says what would be one."""
    with pytest.raises(ValueError, match=r"takes|needs|expected"):
        parse_rule(written)


def test_equal_formulas_are_counted_together() -> None:
    """Two voters who write one formula in two ways outvote a third, whatever the order of voters."""
    spec = ReplySpec(fields=("answer",), kind="expression")
    written = ["x+1", r"\frac{x+2}{7}", "(x+2)/7", None]
    ballots = [Ballot(participant=f"v{i}", choice=answer, history=(answer,)) for i, answer in enumerate(written)]
    assert verdict("plurality", ballots).answer is None
    for order in (ballots, ballots[::-1]):
        merged = with_equal_answers_merged(order, spec)
        assert verdict("plurality", merged).answer == "(x+2)/7"
        assert all(ballot.history == (ballot.choice,) for ballot in merged)


def test_rules_say_their_names() -> None:
    """As a verdict's ``by`` shows them."""
    written = ["plurality", {"supermajority": 0.66}, {"score": "mean"}, {"veto": "ana", "over": "borda"}, "referee"]
    assert [str(parse_rule(one)) for one in written] == [
        "plurality", "supermajority 0.66", "score mean", "borda with ana's veto", "referee",
    ]  # fmt: skip


COUNTED = (
    "plurality", "majority", {"supermajority": "2/3"}, "unanimity", {"weighted": "confidence"}, {"weighted": "weight"},
    "approval", "cumulative", "borda", "irv", "condorcet", {"score": "mean"}, {"score": "median"}, "trajectory",
)  # fmt: skip
MONOTONE = ("plurality", "majority", "approval", "borda", "condorcet", {"score": "mean"}, {"score": "median"})

_OPTIONS = "ABCD"
_BALLOTS = st.lists(
    st.builds(
        Ballot,
        participant=st.just(""),
        choice=st.none() | st.sampled_from(_OPTIONS),
        confidence=st.none() | st.sampled_from([0.0, 0.7, 0.85, 0.95, 1.0]),
        weight=st.sampled_from([1.0, 2.0]),
        ranking=st.none() | st.permutations(_OPTIONS).map(tuple),
        points=st.none() | st.dictionaries(st.sampled_from(_OPTIONS), st.just(1.0)),
        scores=st.none() | st.fixed_dictionaries({name: st.integers(0, 9).map(float) for name in _OPTIONS}),
        history=st.lists(st.none() | st.sampled_from(_OPTIONS), max_size=3).map(tuple),
    ),
    max_size=7,
).map(lambda ballots: [replace(ballot, participant=f"v{i}") for i, ballot in enumerate(ballots)])


@given(_BALLOTS.flatmap(lambda b: st.tuples(st.just(b), st.permutations(b))), st.sampled_from(COUNTED))
def test_anonymity(both: tuple[list[Ballot], list[Ballot]], rule: str | dict[str, object]) -> None:
    """Who casts which ballot, and in which order they come, changes nothing."""
    ballots, shuffled = both
    renamed = [replace(ballot, participant=f"w{i}") for i, ballot in enumerate(shuffled)]
    first, second = verdict(rule, ballots), verdict(rule, renamed)
    assert (first.answer, first.tie, first.denominator) == (
        second.answer,
        second.tie,
        pytest.approx(second.denominator),
    )
    assert dict(first.votes) == pytest.approx(dict(second.votes))


def _swapped(ballot: Ballot, names: Mapping[str, str]) -> Ballot:
    def points(given_: Mapping[str, float] | None) -> dict[str, float] | None:
        return None if given_ is None else {names[name]: value for name, value in given_.items()}

    return replace(
        ballot,
        choice=names[ballot.choice] if ballot.choice else None,
        ranking=tuple(names[name] for name in ballot.ranking) if ballot.ranking else None,
        points=points(ballot.points),
        scores=points(ballot.scores),
        history=tuple(names[name] if name else None for name in ballot.history),
    )


@given(_BALLOTS, st.permutations(_OPTIONS), st.sampled_from(COUNTED))
def test_neutrality(ballots: list[Ballot], order: list[str], rule: str | dict[str, object]) -> None:
    """Renaming the options renames the outcome; no rule prefers a name."""
    names = dict(zip(_OPTIONS, order, strict=True))
    first, second = verdict(rule, ballots), verdict(rule, [_swapped(ballot, names) for ballot in ballots])
    assert (names[first.answer] if first.answer else None) == second.answer
    assert sorted(names[name] for name in first.tie or ()) == sorted(second.tie or ())


@given(_BALLOTS, st.integers(0, 6), st.sampled_from(MONOTONE))
def test_monotonicity(ballots: list[Ballot], who: int, rule: str | dict[str, object]) -> None:
    """More support never makes a winner lose, for the rules that promise it (instant run-off and trajectory do not)."""
    winner = verdict(rule, ballots).answer
    if winner is None or who >= len(ballots):
        return
    ballot = ballots[who]
    ranking = (winner, *(name for name in ballot.ranking or () if name != winner)) if ballot.ranking else None
    raised = replace(
        ballot,
        choice=winner,
        ranking=ranking,
        points=None if ballot.points is None else {**ballot.points, winner: 1.0},
        scores=None if ballot.scores is None else {**ballot.scores, winner: 9.0},
    )
    assert verdict(rule, [*ballots[:who], raised, *ballots[who + 1 :]]).answer == winner


@given(_BALLOTS, st.sampled_from(COUNTED), st.sampled_from(["none", "lot", "earlier_round"]))
def test_a_verdict_accounts_for_everybody(ballots: list[Ballot], rule: str | dict[str, object], tie: str) -> None:
    """Nobody is dropped: each voter voted for the answer, dissents or abstains; an answer or a reason, never both."""
    found = verdict(rule, ballots, tie=tie)
    assert (found.answer is None) == (found.reason is not None)
    named = [one.participant for one in (*found.abstentions, *found.dissent)]
    assert len(named) == len(set(named))
    assert found.confidence is None or 0 <= found.confidence <= 1
    assert (found.tie is not None) >= (found.tie_broken_by is not None)


@given(_BALLOTS)
def test_condorcet_and_smith_agree_with_the_definition(ballots: list[Ballot]) -> None:
    """Brute force: the winner beats every other; without one, the tie is the smallest dominating set."""
    found = verdict("condorcet", ballots)
    counts = preferred(ballots)
    options = sorted({name for pair in counts for name in pair})
    if not options:
        assert found.answer is None
        return
    dominating = [
        group
        for size in range(1, len(options) + 1)
        for group in itertools.combinations(options, size)
        if all(counts[a, b] > counts[b, a] for a in group for b in options if b not in group)
    ]
    assert (found.tie or (found.answer,)) == dominating[0]

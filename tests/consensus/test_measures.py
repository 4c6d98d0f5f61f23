import math
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.consensus.measures import Measures, Similarity, measure
from debate.consensus.method import Method
from debate.consensus.voices import Voice
from debate.reply.reply import Stance

TEXTS = ["Build more trams.", "Build no trams.", "Widen the roads.", "Close the centre to cars.", "Do nothing."]


@st.composite
def _voices(draw: st.DrawFn, least: int = 2):
    n = draw(st.integers(least, 7))
    return [
        Voice(
            participant=f"p{i}",
            stance=draw(st.sampled_from(list(Stance))),
            answer=draw(st.sampled_from("ABCD")),
            position=draw(st.sampled_from(TEXTS)),
            weight=draw(st.sampled_from([0.5, 1.0, 2.0])),
        )
        for i in range(n)
    ]


@st.composite
def _similarities(draw: st.DrawFn):
    values = {
        frozenset((a, b)): draw(st.floats(-1, 1, allow_nan=False)) for k, a in enumerate(TEXTS) for b in TEXTS[k + 1 :]
    }
    return lambda a, b: values[frozenset((a, b))]


METHODS = st.sampled_from([Method.ANSWER, Method.STANCE, Method.POSITION, Method.LEXICAL])


def _scored(found: list[Voice], method: Method, similarity: Similarity):
    return measure(found, method, choices=4, similarity=similarity if method is Method.POSITION else None)


@given(_voices(), METHODS, _similarities())
def test_numbers_stay_in_their_range(found: list[Voice], method: Method, similarity: Similarity):
    """Agreement, kappa, the smallest pair and shares lie in [0, 1], positions between 1 and n, shares sum to 1."""
    m = _scored(found, method, similarity)
    assert 0 <= m.agreement <= 1
    assert 0 <= m.min_pair <= m.agreement + 1e-12
    assert m.kappa is None or 0 <= m.kappa <= 1
    assert 0 < m.majority_share <= 1
    assert 1 - 1e-9 <= m.effective_positions <= len(found) + 1e-9
    assert math.isclose(math.fsum(camp.share for camp in m.camps), 1)
    assert sorted(name for camp in m.camps for name in camp.members) == sorted(v.participant for v in found)
    assert m.unanimous == (len(m.camps) == 1)


@given(_voices(), METHODS, _similarities(), st.randoms(use_true_random=False))
def test_order_does_not_matter(found: list[Voice], method: Method, similarity: Similarity, random: Random):
    """The same voices in another order have the same measures and the same camps."""
    shuffled = list(found)
    random.shuffle(shuffled)
    first, second = _scored(found, method, similarity), _scored(shuffled, method, similarity)
    assert math.isclose(first.agreement, second.agreement, abs_tol=1e-12)
    assert first.min_pair == second.min_pair
    assert {frozenset(c.members): c.label for c in first.camps} == {frozenset(c.members): c.label for c in second.camps}


@given(_voices(), METHODS, _similarities())
def test_names_do_not_matter(found: list[Voice], method: Method, similarity: Similarity):
    """Renaming participants renames the members of camps and changes nothing else."""
    names = {v.participant: f"z{len(found) - i}" for i, v in enumerate(found)}
    renamed = [
        Voice(participant=names[v.participant], stance=v.stance, answer=v.answer, position=v.position, weight=v.weight)
        for v in found
    ]
    first, second = _scored(found, method, similarity), _scored(renamed, method, similarity)
    assert first.agreement == second.agreement
    assert [(c.label, c.share, tuple(names[m] for m in c.members)) for c in first.camps] == [
        (c.label, c.share, c.members) for c in second.camps
    ]


@given(_voices(least=3), METHODS, _similarities(), st.data())
def test_a_clone_never_lowers_the_share_of_its_camp(
    found: list[Voice], method: Method, similarity: Similarity, data: st.DataObject
):
    """One voice more that says what a member says leaves the member's camp at least as large a share."""
    original = data.draw(st.sampled_from(found))
    clone = Voice(
        participant="clone",
        stance=original.stance,
        answer=original.answer,
        position=original.position,
        weight=original.weight,
    )

    def share(m: Measures):
        return next(c.share for c in m.camps if original.participant in c.members)

    assert share(_scored([*found, clone], method, similarity)) >= share(_scored(found, method, similarity)) - 1e-12


@given(st.integers(2, 6), METHODS, st.sampled_from(TEXTS), st.sampled_from(list(Stance)))
def test_identical_voices_agree_wholly(n: int, method: Method, text: str, stance: Stance):
    """Voices that say the same have agreement 1 and are one camp, whatever the similarity claims."""
    found = [Voice(participant=f"p{i}", position=text, answer=text, stance=stance) for i in range(n)]
    m = _scored(found, method, lambda _a, _b: -1.0)
    assert m.agreement == 1
    assert m.unanimous
    assert math.isclose(m.effective_positions, 1)


@given(st.lists(st.sampled_from([None, "A"]), max_size=5), METHODS)
def test_fewer_than_two_valid_voices_have_no_agreement(answers: list[str | None], method: Method):
    """With none or one valid voice every number is None, and the reason says so."""
    kept = [a if a is None or i == answers.index("A") else None for i, a in enumerate(answers)]
    stance = {None: None, "A": Stance.SUPPORT}
    found = [Voice(participant=f"p{i}", answer=a, position=a, stance=stance[a]) for i, a in enumerate(kept)]
    m = _scored(found, method, lambda _a, _b: 1.0)
    assert (m.agreement, m.kappa, m.min_pair, m.unanimous, m.majority_share) == (None,) * 5
    assert m.n_valid == sum(a is not None for a in kept)
    assert "valid" in m.reason
    assert m.unreadable == tuple(f"p{i}" for i, a in enumerate(kept) if a is None)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("strongly_support", "strongly_support", 1.0),
        ("strongly_support", "support", 0.75),
        ("neutral", "support", 0.5),
        ("neutral", "neutral", 1.0),
        ("strongly_support", "oppose", 0.25),
        ("support", "oppose", 0.0),
        ("strongly_support", "strongly_oppose", 0.0),
    ],
)
def test_stances_agree_by_their_distance(first: str, second: str, expected: object):
    """The table of the explanation holds in both directions."""
    for a, b in permutations((first, second)):
        found = [Voice(participant="x", stance=Stance(a)), Voice(participant="y", stance=Stance(b))]
        assert measure(found, Method.STANCE).agreement == expected


def test_kappa_is_agreement_above_chance():
    """Two of three agreeing on four options: agreement 1/3 is a little above the chance of 1/4."""
    found = [Voice(participant=n, answer=a) for n, a in zip("xyz", "AAB", strict=True)]
    m = measure(found, Method.ANSWER, choices=4)
    assert math.isclose(m.agreement, 1 / 3)
    assert math.isclose(m.kappa, (1 / 3 - 1 / 4) / (3 / 4))
    assert measure(found, Method.ANSWER).kappa is None


def test_an_unreadable_voice_is_named_and_does_not_count():
    """A reply without the compared field is in no pair, vote or camp, and is reported."""
    found = [Voice(participant="x", answer="A"), Voice(participant="y"), Voice(participant="z", answer="A")]
    m = measure(found, Method.ANSWER)
    assert (m.agreement, m.n_valid, m.unreadable) == (1.0, 2, ("y",))


def test_weights_count_in_pairs_and_shares():
    """A voice of weight 2 counts as two in the shares, and doubles its pairs."""
    found = [
        Voice(participant="x", answer="A", weight=2.0),
        Voice(participant="y", answer="A"),
        Voice(participant="z", answer="B"),
    ]
    m = measure(found, Method.ANSWER)
    assert m.camps[0].share == 0.75
    assert math.isclose(m.agreement, 2 / (2 + 2 + 1))


def test_neutral_is_a_camp_of_its_own():
    """Camps on a motion are the stance's sign: strong and plain stand together, neutral apart."""
    found = [
        Voice(participant=n, stance=Stance(s))
        for n, s in [("x", "support"), ("y", "strongly_support"), ("z", "neutral")]
    ]
    m = measure(found, Method.STANCE)
    assert [(c.label, c.members) for c in m.camps] == [("for", ("x", "y")), ("neutral", ("z",))]


def test_wrong_arguments_are_refused():
    """Repeated names, a missing similarity and a similarity that is not finite raise ValueError."""
    twice = [Voice(participant="x", position="a"), Voice(participant="x", position="b")]
    with pytest.raises(ValueError, match="name of its own"):
        measure(twice, Method.POSITION)
    two = [Voice(participant="x", position="a"), Voice(participant="y", position="b")]
    with pytest.raises(ValueError, match="needs a similarity"):
        measure(two, Method.POSITION)
    with pytest.raises(ValueError, match="is nan"):
        measure(two, Method.POSITION, similarity=lambda _a, _b: math.nan)
    with pytest.raises(ValueError, match="positive"):
        Voice(participant="x", weight=0)


def test_a_matrix_is_read_in_the_order_of_all_voices():
    """Rows of unreadable voices stay in the matrix, so that it need not be cut by the caller."""
    found = [Voice(participant="x", position="a"), Voice(participant="u"), Voice(participant="y", position="b")]
    matrix = [[1.0, 0.0, 0.9], [0.0, 1.0, 0.0], [0.9, 0.0, 1.0]]
    m = measure(found, Method.POSITION, similarity=matrix)
    assert isinstance(m, Measures)
    assert m.agreement > 0.9

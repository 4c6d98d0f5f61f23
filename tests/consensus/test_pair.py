import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.consensus.lexical import lexical_similarity, lexical_vectors
from debate.consensus.pair import MINILM, SemanticMap, positions_agree, wording_discount

PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)


@given(PLAIN_TEXT, PLAIN_TEXT, st.floats(-1, 1))
def test_positions_agree_symmetrically_within_bounds(first: str, second: str, similarity: float):
    """Whatever two texts say: the same from both ends, in [0, 1], and 1 for the same text."""
    value = positions_agree(first, second, similarity, MINILM)
    assert value == positions_agree(second, first, similarity, MINILM)
    assert 0 <= value <= 1
    assert positions_agree(first, first, similarity, MINILM) == 1


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_semantic_map_rises(low: float, high: float):
    """A greater similarity never means less agreement, and the centre is at one half."""
    low, high = sorted((low, high))
    assert MINILM(low) <= MINILM(high)
    assert MINILM(MINILM.centre) == 0.5


def test_a_map_without_width_is_refused():
    """A width of zero would divide by it."""
    with pytest.raises(ValueError, match="width"):
        SemanticMap(centre=0.5, width=0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Cities should ban private cars.", "Cities should not ban private cars."),
        ("Raise interest rates now.", "Lower interest rates now."),
        ("I support the ban.", "I oppose the ban."),
        ("The strike was justified.", "The strike was unjustified."),
    ],
)
def test_one_word_that_turns_a_sentence_round_takes_its_agreement(first: str, second: str):
    """What embeddings hardly see is seen in the wording."""
    assert wording_discount(first, second) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [("The answer is 18.", "The answer is 26."), ("We should use Postgres.", "We should use Mongo.")],
)
def test_other_numbers_and_names_halve_agreement(first: str, second: str):
    """The rest being equal, a different number or name may or may not matter."""
    assert wording_discount(first, second) == 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Nuclear power is low-carbon.", "Atomic energy does not emit much carbon dioxide."),
        ("The state should discourage drugs.", "The state should not promote drugs."),
        ("Trams are cheap.", "Tramways cost little."),
    ],
)
def test_paraphrases_keep_their_agreement(first: str, second: str):
    """A negation in a sentence of other words turns nothing round."""
    assert wording_discount(first, second) == 1


@given(PLAIN_TEXT, PLAIN_TEXT)
def test_lexical_similarity_is_the_cosine_of_lexical_vectors(first: str, second: str):
    """The pure function and the embedder of last resort agree."""
    vectors = lexical_vectors([first, second])
    assert abs(lexical_similarity(first, second) - float(vectors[0] @ vectors[1])) < 1e-5

import asyncio

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.consensus import agreement, consensus
from debate.consensus.embedder import CallableEmbedder
from debate.consensus.encoder import EncoderWorker
from debate.consensus.freetext import text_agreements
from debate.consensus.lexical import LexicalEmbedder, lexical_vectors
from debate.consensus.method import Method
from debate.consensus.resolve import open_embedder, resolve_embedder
from debate.consensus.score import Scorer, compare
from debate.consensus.semantic import cosines, semantic_measures, vendi_score, wording_drift
from debate.consensus.voices import Voice
from debate.consensus.weights import in_package

weights = pytest.mark.skipif(in_package() is None, reason="the extra `weights` is not installed")

SAYINGS = st.sampled_from(
    [
        "I support the motion. Trams are cheap and clean.",
        "I oppose the motion, for it harms shops.",
        "Cars are noisy.",
        "Trams are not for everybody; they cost too much. Who pays?",
        "STANCE: support",
        "",
        "The answer is (B).",
    ]
)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["", "Cities should ban cars"]), st.lists(SAYINGS, min_size=2, max_size=4))
async def test_free_texts_agree_symmetrically_within_bounds(topic: str, texts: list[str]):
    """Symmetric, in [0, 1], 1 for the same text: also for empty texts, and without a topic."""
    found = await text_agreements(texts, topic=topic, embedder=LexicalEmbedder())
    for i, row in enumerate(found):
        for j, value in enumerate(row):
            assert 0 <= value <= 1
            assert value == found[j][i]
            assert texts[i] != texts[j] or value == 1


@pytest.mark.weights
@weights
def test_speakers_of_opposite_sides_agree_less_than_allies():
    """Real weights, whole texts: who is for agrees with who is for more than with who is against."""
    topic = "Cities should ban private cars from their centres"
    one = "Cars make centres noisy and dangerous. Removing them saves lives. I firmly support the motion."
    ally = "Air quality improves at once where traffic goes. For the sake of health I endorse the proposition."
    foe = "Shops depend on customers who drive. A ban would hurt them badly, so I oppose the motion."
    assert agreement(topic, one, ally) > 0.7
    assert agreement(topic, one, foe) < 0.3
    assert agreement.batch([(topic, one, foe), (topic, foe, one)]) == [agreement(topic, one, foe)] * 2
    assert consensus(topic, [one, ally]) > consensus(topic, [one, ally, foe])


def test_one_text_has_no_consensus():
    """There is no agreement of one, neither 0 nor 1."""
    with pytest.raises(ValueError, match="needs two texts"):
        consensus("", ["alone"])


async def test_a_scorer_scores_by_every_method_it_has_what_it_needs_for():
    """Positions through an embedder, wording without one, text by reading; each says what it used."""
    voices = [
        Voice(participant="x", position="Trams are cheap.", text="I support the motion."),
        Voice(participant="y", position="Trams are cheap!", text="I oppose the motion."),
    ]
    scorer = Scorer(embedder=CallableEmbedder(lexical_vectors, name="ngrams", version="1"), validated=False)
    positions = await scorer.score(voices, Method.POSITION, topic="Build trams?")
    assert (positions.embedder, positions.reliability) == ("ngrams@1", "low")
    assert positions.agreement > 0.9
    text = await scorer.score(voices, Method.TEXT, topic="Build trams")
    assert text.agreement < 0.3
    lexical = await Scorer().score(voices, Method.LEXICAL)
    assert (lexical.embedder, lexical.reliability) == ("lexical@char-3-5", "low")
    with pytest.raises(ValueError, match="needs an embedder"):
        await Scorer().score(voices, Method.POSITION)
    with pytest.raises(ValueError, match="cross-encoder"):
        await Scorer().score(voices, Method.NLI)


async def test_similarity_stands_beside_agreement_under_its_own_name():
    """Mean cosine, the same without the topic, and the effective number of positions."""
    scorer = Scorer(embedder=CallableEmbedder(lambda texts: [[1.0, 0.0] if "a" in t else [0.0, 1.0] for t in texts]))
    voices = [Voice(participant=n, position=p) for n, p in [("x", "a"), ("y", "b"), ("z", "b")]]
    found = await scorer.similarity(voices)
    assert found.n == 3
    assert found.mean_similarity == pytest.approx(1 / 3)
    assert 1.8 < found.vendi < 2
    assert (await scorer.similarity(voices[:1])).mean_similarity is None


async def test_two_embedders_are_compared_on_the_same_iterations():
    """Each scorer measures every iteration, and names its embedder."""
    voices = [Voice(participant="x", position="Trams."), Voice(participant="y", position="Roads.")]
    near = CallableEmbedder(lambda texts: [[1.0, 0.0]] * len(texts), name="near")
    far = CallableEmbedder(lambda texts: [[float("Tr" in t), float("Ro" in t)] for t in texts], name="far")
    found = await compare(
        [voices, voices[:1]], {"a": Scorer(embedder=near), "b": Scorer(embedder=far)}, Method.POSITION
    )
    assert [measures.n_valid for measures in found["a"]] == [2, 1]
    assert found["a"][0].agreement > 0.9
    assert found["b"][0].agreement < 0.2
    assert (found["a"][0].embedder, found["b"][0].embedder) == ("near@", "far@")


def test_scoring_never_blocks_the_event_loop():
    """No call of a scorer, a worker or a resolution sleeps, reads or waits in the loop's own thread."""

    async def score() -> None:
        worker = EncoderWorker()
        found = await asyncio.to_thread(resolve_embedder, None, allow_download=False)
        scorer = Scorer(embedder=open_embedder(found, worker=worker))
        voices = [Voice(participant=n, position=f"{n} wants trams.", text=f"I support {n}.") for n in "xyz"]
        with blockbuster_ctx():
            for method in (Method.POSITION, Method.TEXT, Method.LEXICAL):
                await scorer.score(voices, method, topic="Trams?")
            await scorer.similarity(voices)
        await asyncio.to_thread(worker.close)

    asyncio.run(score())


def test_projecting_the_topic_out_leaves_what_is_said_about_it():
    """Two rows that differ only along the topic are the same without it; one that is only the topic is no likeness."""
    np = pytest.importorskip("numpy")
    rows = np.array([[3.0, 1.0, 0.0], [1.0, 1.0, 0.0], [2.0, 0.0, 0.0]], dtype=np.float32)
    found = cosines(rows, topic=np.array([2.0, 0.0, 0.0], dtype=np.float32))
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] == 0
    assert found[2, 2] == 1


@given(st.integers(1, 6))
def test_vendi_counts_equal_and_orthogonal_positions(n: int):
    """N equal positions count as one, n orthogonal ones as n."""
    np = pytest.importorskip("numpy")
    assert vendi_score(np.ones((n, n))) == pytest.approx(1)
    assert vendi_score(np.eye(n)) == pytest.approx(n)
    assert semantic_measures(np.eye(6, dtype=np.float32)[:n], topic=None, embedder="e").n == n


def test_wording_drift_is_over_those_who_spoke_twice():
    """The mean change of wording; nobody in both iterations gives none."""
    np = pytest.importorskip("numpy")
    a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert wording_drift({"x": a, "y": a}, {"x": a, "y": b, "z": b}) == pytest.approx(0.5)
    assert wording_drift({"x": a}, {"y": a}) is None

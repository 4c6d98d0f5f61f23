"""How far a set of voices agrees: the measures of one iteration. Pure.

The formulas and what they are worth are in ``docs/explanation/consensus.md``. None of this needs numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from debate.consensus.camps import Camp, camps_by_agreement, camps_by_class, effective_number
from debate.consensus.lexical import lexical_similarity
from debate.consensus.method import Method, Reliability
from debate.consensus.pair import LEXICAL, MINILM, SemanticMap, answers_agree, positions_agree, stances_agree
from debate.consensus.voices import Voice
from debate.consensus.wording import normalised
from debate.reply.reply import Stance

Similarity = Callable[[str, str], float] | Sequence[Sequence[float]]
"""Of two compared texts, or a symmetric matrix in the order of *all* voices given (rows of invalid ones unused).

For positions the topic-projected cosine in [-1, 1]; for NLI and free text an agreement in [0, 1].
"""

_CHANCE_ON_A_MOTION = 0.5
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """How far the voices of one iteration agree. Numbers are None when fewer than two voices are valid."""

    method: Method
    reliability: Reliability
    n_valid: int
    """Voices that have the compared field."""
    unreadable: tuple[str, ...] = ()
    """Participants whose reply lacks the compared field."""
    agreement: float | None = None
    """Mean agreement over pairs, in [0, 1], each pair weighted by the product of its voices' weights."""
    kappa: float | None = None
    """Agreement above chance, ``max(0, (agreement - c) / (1 - c))`` with chance c = 1/choices, 1/2 on a motion.
    None where the method knows no chance level: open answers and semantic methods."""
    min_pair: float | None = None
    """The least agreement of any pair."""
    majority_share: float | None = None
    """The greatest camp's share of the weight."""
    unanimous: bool | None = None
    """Whether all valid voices are one camp."""
    effective_positions: float | None = None
    """How many equally large camps would be as diverse."""
    camps: tuple[Camp, ...] = ()
    """The greatest first; also given for a single voice."""
    embedder: str | None = None
    """The embedder's name and version, when one was used."""
    reason: str | None = None
    """Why there is no number."""


def measure(
    voices: Sequence[Voice],
    method: Method,
    *,
    topic: str = "",
    choices: int | None = None,
    similarity: Similarity | None = None,
    curve: SemanticMap | None = None,
    embedder: str | None = None,
    reliability: Reliability | None = None,
) -> Measures:
    """Measure how far ``voices`` agree by ``method``.

    Args:
        voices: One per unsided participant; names must differ.
        method: Fixed before the run, see :func:`debate.consensus.method.method_for`.
        topic: The motion or question. A position that only repeats it is compared like any other.
        choices: How many options a choice question has; sets the chance level of ``kappa``.
        similarity: Needed by the position, NLI and text methods, see :data:`Similarity`.
        curve: Turns a similarity of positions into an agreement; default fits all-MiniLM-L6-v2.
        embedder: Name and version of the embedder that ``similarity`` came from.
        reliability: Overrides the method's word, as for an embedder whose validity was never measured.

    Raises:
        ValueError: If names repeat, or the method needs a similarity that is not given.
    """
    names = [voice.participant for voice in voices]
    if len(set(names)) != len(names):
        raise ValueError(f"every voice needs a name of its own, found {names!r}")
    compared = [(index, text) for index, voice in enumerate(voices) if (text := method.compared(voice)) is not None]
    valid = [index for index, _ in compared]
    unreadable = tuple(voice.participant for index, voice in enumerate(voices) if index not in set(valid))
    word = reliability or method.reliability
    if not valid:
        return Measures(
            method=method, reliability=word, n_valid=0, unreadable=unreadable, reason=_too_few(0, method, topic)
        )
    texts = [text for _, text in compared]
    pair = _pairs(texts, valid, method, similarity, curve)
    weights = [voices[index].weight for index in valid]
    camps = _camps([names[index] for index in valid], texts, weights, method, pair)
    if len(valid) < _FEWEST:
        return Measures(
            method=method,
            reliability=word,
            n_valid=1,
            unreadable=unreadable,
            camps=camps,
            embedder=embedder,
            reason=_too_few(1, method, topic),
        )
    scored = [(weights[i] * weights[j], pair(i, j)) for i, j in combinations(range(len(valid)), 2)]
    agreement = math.fsum(w * a for w, a in scored) / math.fsum(w for w, _ in scored)
    agreement = min(1.0, max(0.0, agreement))
    return Measures(
        method=method,
        reliability=word,
        n_valid=len(valid),
        unreadable=unreadable,
        agreement=agreement,
        kappa=_kappa(agreement, method, choices),
        min_pair=min(a for _, a in scored),
        majority_share=camps[0].share,
        unanimous=len(camps) == 1,
        effective_positions=effective_number([camp.share for camp in camps]),
        camps=camps,
        embedder=embedder,
    )


def _pairs(
    texts: Sequence[str],
    valid: Sequence[int],
    method: Method,
    similarity: Similarity | None,
    curve: SemanticMap | None,
) -> Callable[[int, int], float]:
    """Agreement of the i-th and j-th valid voice, each pair worked out once."""
    if method is Method.ANSWER:
        return lambda i, j: answers_agree(texts[i], texts[j])
    if method is Method.STANCE:
        return lambda i, j: stances_agree(Stance(texts[i]), Stance(texts[j]))
    given: Similarity | None = lexical_similarity if method is Method.LEXICAL and similarity is None else similarity
    if given is None:
        raise ValueError(f"the method {method.value!r} needs a similarity")
    known: dict[tuple[int, int], float] = {}

    def pair(i: int, j: int) -> float:
        key = (min(i, j), max(i, j))
        if key not in known:
            known[key] = _compare(texts, valid, method, given, key, curve=curve)
        return known[key]

    return pair


def _compare(
    texts: Sequence[str],
    valid: Sequence[int],
    method: Method,
    similarity: Similarity,
    pair: tuple[int, int],
    *,
    curve: SemanticMap | None,
) -> float:
    i, j = pair
    first, second = texts[i], texts[j]
    if normalised(first) == normalised(second):
        return 1.0
    s = float(similarity(first, second) if callable(similarity) else similarity[valid[i]][valid[j]])
    if not math.isfinite(s):
        raise ValueError(f"the similarity of {first!r} and {second!r} is {s!r}")
    if method in (Method.NLI, Method.TEXT):
        return min(1.0, max(0.0, s))
    return positions_agree(first, second, s, curve or (LEXICAL if method is Method.LEXICAL else MINILM))


def _camps(
    names: Sequence[str],
    texts: Sequence[str],
    weights: Sequence[float],
    method: Method,
    pair: Callable[[int, int], float],
) -> tuple[Camp, ...]:
    if method is Method.STANCE:
        return camps_by_class(names, [Stance(text).ballot for text in texts], weights)
    if method is Method.ANSWER:
        keys: dict[str, str] = {}
        return camps_by_class(names, [keys.setdefault(normalised(text), text) for text in texts], weights)
    return camps_by_agreement(names, texts, weights, pair)


def _kappa(agreement: float, method: Method, choices: int | None) -> float | None:
    if method is Method.STANCE:
        chance = _CHANCE_ON_A_MOTION
    elif method is Method.ANSWER and choices is not None and choices > 1:
        chance = 1 / choices
    else:
        return None
    return max(0.0, (agreement - chance) / (1 - chance))


def _too_few(valid: int, method: Method, topic: str) -> str:
    on = f" on {topic!r}" if topic else ""
    have = "no valid voice" if valid == 0 else "only one valid voice"
    return f"{have}{on} by {method.value}; agreement needs two"

"""By which method a set of voices is compared, fixed before the run by what its replies are asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from debate.consensus.voices import Voice
from debate.reply.spec import ReplySpec

Reliability = Literal["high", "medium", "low"]
"""How far a method was shown to measure agreement; the figures are in ``docs/explanation/consensus.md``."""


class Method(StrEnum):
    """What is compared, and how."""

    ANSWER = "answer"
    """Equality of normalised answers."""
    STANCE = "stance"
    """Distance of stated stances."""
    POSITION = "position"
    """Embedding similarity of POSITION lines, the topic's own component projected out."""
    NLI = "nli"
    """Whether POSITION lines entail or contradict each other, by a cross-encoder."""
    LEXICAL = "lexical"
    """Shared character n-grams of POSITION lines: wording, hardly meaning."""
    TEXT = "text"
    """Free text without a footer: what can be read of its stance, else its wording and embedding."""

    @property
    def structured(self) -> bool:
        """Whether a stated field is compared, so that no embedder is needed."""
        return self in (Method.ANSWER, Method.STANCE)

    @property
    def needs(self) -> Literal["answer", "stance", "position"] | None:
        """The field that replies must be asked for; None where free text is compared."""
        return _NEEDS.get(self)

    @property
    def reliability(self) -> Reliability:
        """The word for the measured validity of the method with the embedder it was measured with."""
        return _RELIABILITY[self]

    def compared(self, voice: Voice) -> str | None:
        """The text or value of ``voice`` that this method compares; None when the reply lacks it."""
        if self is Method.ANSWER:
            return _present(voice.answer)
        if self is Method.STANCE:
            return None if voice.stance is None else voice.stance.value
        return _present(voice.text if self is Method.TEXT else voice.position)


_RELIABILITY: Final[dict[Method, Reliability]] = {
    Method.ANSWER: "high",
    Method.STANCE: "high",
    Method.POSITION: "medium",
    Method.NLI: "low",
    Method.LEXICAL: "low",
    Method.TEXT: "low",
}

_NEEDS: Final[dict[Method, Literal["answer", "stance", "position"]]] = {
    Method.ANSWER: "answer",
    Method.STANCE: "stance",
    Method.POSITION: "position",
    Method.NLI: "position",
    Method.LEXICAL: "position",
}


def method_for(spec: ReplySpec, configured: str = "auto", *, lexical: bool = False) -> Method:
    """The method for replies that are asked for ``spec``'s fields.

    ``auto`` takes the first of answer, stance and position that is asked for, and free text where none is.

    Args:
        spec: What the compared round asks its speakers for.
        configured: ``auto`` or a method's name, as ``consensus.method`` of a scenario says.
        lexical: Whether no weights were found, so that positions can only be compared by wording.

    Raises:
        ValueError: If ``configured`` is no method, or needs a field that is not asked for.
    """
    if configured == "auto":
        asked = [method for method in (Method.ANSWER, Method.STANCE, Method.POSITION) if _NEEDS[method] in spec.fields]
        chosen = asked[0] if asked else Method.TEXT
    else:
        try:
            chosen = Method(configured)
        except ValueError:
            known = ", ".join(["auto", *Method])
            raise ValueError(f"consensus method {configured!r} is none of {known}") from None
        needed = _NEEDS.get(chosen)
        if needed is not None and needed not in spec.fields:
            raise ValueError(
                f"consensus method {configured!r} compares {needed}, which the replies are not asked for "
                f"(they are asked for {', '.join(spec.fields)}): add {needed} to the round's reply, "
                "or take another method"
            )
    if chosen is Method.POSITION and lexical:
        return Method.LEXICAL
    return chosen


def _present(text: str | None) -> str | None:
    return text if text is not None and text.strip() else None

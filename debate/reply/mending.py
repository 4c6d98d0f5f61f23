"""Mending: what a repair adds to the reading it was asked for."""

from __future__ import annotations

from debate.reply.reading import Reading
from debate.reply.spec import ReplySpec


def mended(first: Reading, repair: Reading, spec: ReplySpec) -> Reading:
    """``first`` with the fields it lacked taken from ``repair``; what it had stays, and so does its argument.

    Only where the first completion held nothing and the repair is a whole reply in JSON does the repair stand alone:
    the text of the first is then a JSON object that was cut off, not an argument.
    """
    if repair.readable and repair.extractor == "json" and first.extractor is None:
        return repair
    found: dict[str, object] = {name: getattr(repair.reply, name) for name in first.missing}
    if "answer" in found:
        found["answer_written"] = repair.reply.answer_written
    reply = first.reply.model_copy(update=found)
    missing = tuple(name for name in spec.fields if getattr(reply, name) in (None, ""))
    readable = not any(name in missing for name in spec.required)
    return Reading(
        reply=reply,
        missing=missing,
        extractor=first.extractor or repair.extractor,
        readable=readable,
        problem=None if readable else repair.problem or first.problem,
    )

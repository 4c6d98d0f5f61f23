"""Mending: what a repair adds to the reading it was asked for."""

from __future__ import annotations

from debate.reply.reading import Reading
from debate.reply.reply import Reply
from debate.reply.spec import ReplySpec


def mended(first: Reading, repair: Reading, spec: ReplySpec) -> Reading:
    """``first`` with the fields it lacked taken from ``repair``. The argument stays as it was first written."""
    found = repair.reply.model_dump(exclude_none=True, exclude={"text"})
    own = first.reply.model_dump(exclude_none=True)
    reply = Reply.model_validate({**found, **own})
    missing = tuple(
        name for name in first.missing if getattr(reply, name) is None or (name == "text" and not reply.text)
    )
    lacking = [name for name in spec.required if name in missing]
    return Reading(
        reply=reply,
        missing=missing,
        extractor=first.extractor or repair.extractor,
        readable=not lacking,
        problem=(repair.problem or first.problem) if lacking else None,
    )

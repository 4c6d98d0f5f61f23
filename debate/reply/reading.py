"""Reading: a completion's text becomes a reply, by the first extractor that finds each field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from debate.reply import fields as read_field
from debate.reply.answers import canonical
from debate.reply.json_block import Json, read_json
from debate.reply.patterns import ANSWER_EXTRACTORS
from debate.reply.reply import Reply, ReplyField
from debate.reply.spec import Extractor, ReplySpec
from debate.reply.tagged import read_footer
from debate.reply.wording import wording

LIMIT: Final = 200_000
"""Characters that are read, counted from the end, where a footer stands."""


Raw = dict[ReplyField, Json]
"""Field to what stood for it, as yet untyped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read out of a completion, and what was not."""

    reply: Reply
    missing: tuple[ReplyField, ...]
    """Fields that were asked for and not found, or whose value could not be read."""
    extractor: Extractor | None
    """What found the compared field, or else the first field that was found; None where nothing was."""
    readable: bool
    """Whether every required field of the spec is there."""
    problem: str | None
    """Why it is not readable, naming what was found instead."""


def read(text: str, spec: ReplySpec) -> Reading:
    """Read ``text`` as ``spec`` asks. Never raises, whatever the text; time is bounded by :data:`LIMIT`.

    Each field is taken from the first of the spec's extractors that finds it; nothing is filled in beyond that.
    """
    # A lone surrogate is valid in a str and in JSON escapes, but not in the transcript's UTF-8.
    text = text[-LIMIT:].encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    raw, extractors, rest = _extracted(text, spec)
    reply = _reply(raw, rest, spec)
    missing = tuple(name for name in spec.fields if getattr(reply, name) in (None, ""))
    lacking = tuple(name for name in spec.required if name in missing)
    asked = (name for name in (spec.compared, *spec.fields) if name in extractors and name not in missing)
    return Reading(
        reply=reply,
        missing=missing,
        extractor=next((extractors[name] for name in asked), None),
        readable=not lacking,
        problem=_problem(lacking, raw, text) if lacking else None,
    )


def _extracted(text: str, spec: ReplySpec) -> tuple[Raw, dict[ReplyField, Extractor], str]:
    """What was found for each field, by which extractor, and the text around it."""
    asked = tuple(name for name in spec.fields if name != "text")
    raw: Raw = {}
    extractors: dict[ReplyField, Extractor] = {}
    rest = text.strip()
    for extractor in spec.extractors:
        found: Raw = {}
        if extractor == "json":
            found, rest = read_json(rest, spec.fields)
        elif extractor == "tagged":
            footer = read_footer(rest, asked)
            found, rest = {**footer.values}, footer.rest
        elif "answer" in asked and _canonical(raw.get("answer"), spec) is None:
            answer = ANSWER_EXTRACTORS[extractor](text, spec)
            found = {} if answer is None else {"answer": answer}
            if found:
                raw.pop("answer", None)
        for name, value in found.items():
            if name not in raw and (name == "text" or value != wording(name, spec)):
                raw[name], extractors[name] = value, extractor
    return raw, extractors, rest


def _canonical(value: Json, spec: ReplySpec) -> str | None:
    if isinstance(value, list) and spec.kind == "set":
        value = "{" + ", ".join(read_field.as_text(part) or "" for part in value) + "}"
    written = read_field.as_text(value)
    return canonical(written, spec) if written is not None else None


def _reply(raw: Raw, rest: str, spec: ReplySpec) -> Reply:
    argument = raw.get("text")
    answer = _canonical(raw.get("answer"), spec)
    return Reply(
        text=argument.strip() if isinstance(argument, str) else rest,
        position=read_field.sentence(raw.get("position")),
        stance=read_field.stance(raw.get("stance")),
        answer=answer,
        answer_written=read_field.as_text(raw.get("answer")) if answer is not None else None,
        confidence=read_field.confidence(raw.get("confidence")),
        agreement=read_field.agreement(raw.get("agreement")),
        ballot=read_field.ballot(raw.get("ballot"), spec),
        ranking=read_field.ranking(raw.get("ranking"), spec),
        scores=read_field.scores(raw.get("scores"), spec),
        critique=read_field.sentence(raw.get("critique")),
        stop=read_field.stop(raw.get("stop")),
    )


def _problem(lacking: tuple[ReplyField, ...], raw: Raw, text: str) -> str:
    if not text.strip():
        return "the completion is empty"
    parts = []
    for name in lacking:
        if (value := raw.get(name)) is None:
            parts.append(f"no {name}")
        else:
            parts.append(f"{name} {read_field.as_text(value) or str(value)!r:.80} cannot be read")
    return "; ".join(parts)

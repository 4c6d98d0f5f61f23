"""Reading: a completion's text becomes a reply, by the first extractor that finds each field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from debate.reply import fields as read_field
from debate.reply.answers import canonical
from debate.reply.json_block import Json, read_json
from debate.reply.patterns import last_mentioned_answer, stated_answer
from debate.reply.reply import Reply, ReplyField
from debate.reply.spec import ReplySpec
from debate.reply.tagged import read_footer
from debate.reply.wording import wording

Extractor = Literal["json", "tagged", "patterns", "last_mention"]
"""What found the compared field, or the first field that was found."""

LIMIT: Final = 200_000
"""Characters that are read, counted from the end, where a footer stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read out of a completion, and what was not."""

    reply: Reply
    missing: tuple[ReplyField, ...]
    """Fields that were asked for and not found, or whose value could not be read."""
    extractor: Extractor | None
    """None for free text, and where nothing was found."""
    readable: bool
    """Whether every required field of the spec is there."""
    problem: str | None
    """Why it is not readable, naming what was found instead."""


def read(text: str, spec: ReplySpec, *, last_mention: bool = False) -> Reading:
    """Read ``text`` as ``spec`` asks. Never raises, whatever the text; time grows linearly with at most :data:`LIMIT`.

    JSON first, then the footer, then (for an answer only) what the text states outright. With ``last_mention``, for
    recorded debates whose speakers were asked for no footer, the last letter or number counts as the answer in the end.
    """
    # A lone surrogate is valid in a str and in JSON escapes, but not in the transcript's UTF-8.
    text = text[-LIMIT:].encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    asked = tuple(name for name in spec.fields if name != "text")
    block = read_json(text, spec.fields)
    footer = read_footer(block.rest if block.values else text, asked)
    raw: dict[ReplyField, Json] = {**footer.values, **block.values}
    raw = {name: value for name, value in raw.items() if name == "text" or value != wording(name, spec)}
    extractors: dict[ReplyField, Extractor] = {name: "json" if name in block.values else "tagged" for name in raw}
    if "answer" in asked and _canonical(raw.get("answer"), spec) is None:
        for extractor, found in _free_text(text, spec, last_mention=last_mention):
            if found is not None:
                raw["answer"], extractors["answer"] = found, extractor
                break
    reply = _reply(raw, footer.rest, spec)
    missing = tuple(name for name in spec.fields if getattr(reply, name) in (None, ""))
    lacking = tuple(name for name in spec.required if name in missing)
    first = next(
        (extractors[name] for name in (spec.compared, *asked) if name in extractors and name not in missing), None
    )
    return Reading(
        reply=reply,
        missing=missing,
        extractor=first,
        readable=not lacking,
        problem=_problem(lacking, raw, text) if lacking else None,
    )


def _free_text(text: str, spec: ReplySpec, *, last_mention: bool) -> list[tuple[Extractor, str | None]]:
    found: list[tuple[Extractor, str | None]] = [("patterns", stated_answer(text, spec))]
    return [*found, ("last_mention", last_mentioned_answer(text, spec))] if last_mention else found


def _canonical(value: Json, spec: ReplySpec) -> str | None:
    if isinstance(value, list) and spec.kind == "set":
        value = "{" + ", ".join(read_field.as_text(part) or "" for part in value) + "}"
    written = read_field.as_text(value)
    return canonical(written, spec) if written is not None else None


def _reply(raw: dict[ReplyField, Json], rest: str, spec: ReplySpec) -> Reply:
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


def _problem(lacking: tuple[ReplyField, ...], raw: dict[ReplyField, Json], text: str) -> str:
    if not text.strip():
        return "the completion is empty"
    parts = []
    for name in lacking:
        if (value := raw.get(name)) is None:
            parts.append(f"no {name}")
        else:
            parts.append(f"{name} {read_field.as_text(value) or str(value)!r:.80} cannot be read")
    return "; ".join(parts)

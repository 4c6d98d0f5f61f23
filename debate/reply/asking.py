"""Asking: the words and the JSON schema that ask a model for the fields of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from debate.reply.reading import Reading
from debate.reply.reply import ReplyField, Stance
from debate.reply.spec import ReplySpec
from debate.reply.wording import wording

Mode = Literal["text", "schema", "tool"]
"""How the fields are given: a footer under the text, or JSON held to a schema by the provider or by a tool's."""

JsonSchema = dict[str, object]


def _asked(spec: ReplySpec) -> tuple[ReplyField, ...]:
    return tuple(name for name in spec.fields if name != "text")


def instructions(spec: ReplySpec, mode: Mode = "text") -> str:
    """The words that ask for the fields, for the end of a prompt; empty when only free text is asked for."""
    asked = _asked(spec)
    if not asked:
        return ""
    lines = [f"{name.upper()}: {wording(name, spec)}" for name in asked]
    if mode == "text":
        return "\n".join(["End your reply with exactly these lines, filled in, and write nothing after them:", *lines])
    keys = [f"- {line[0].lower()}: {line[1].removeprefix(' ')}" for line in (text.split(":", 1) for text in lines)]
    return "\n".join(
        [
            "Reply with one JSON object and nothing else. Argue first, in `text`; then fill in the other keys:",
            "- text: your whole argument",
            *keys,
        ]
    )


def _object(properties: Mapping[str, JsonSchema]) -> JsonSchema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def json_schema(spec: ReplySpec, *, longest_text: int | None = None) -> JsonSchema:
    """The schema of a reply in JSON: every key required, no other allowed, the argument before what it leads to.

    Keeps to what providers' strict modes and llama.cpp's grammars have in common. ``longest_text`` bounds every string
    (characters), for servers that hold a model to ``maxLength``.
    """
    string: JsonSchema = {"type": "string"} if longest_text is None else {"type": "string", "maxLength": longest_text}
    one_of = _enum(spec.options, string)
    low, high = spec.scale
    shapes: Mapping[ReplyField, JsonSchema] = {
        "position": string,
        "stance": _enum(tuple(Stance), string),
        "answer": _answer_schema(spec, string),
        "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
        "agreement": _enum(("agree", "disagree"), string),
        "ballot": _ballot_schema(spec, one_of),
        "ranking": {"type": "array", "items": one_of},
        "scores": _object({name: {"type": "integer", "minimum": low, "maximum": high} for name in spec.options}),
        "critique": string,
        "stop": {"type": "boolean"},
    }
    return _object({"text": string, **{name: shapes[name] for name in _asked(spec)}})


def _enum(values: tuple[str, ...], otherwise: JsonSchema) -> JsonSchema:
    return {"type": "string", "enum": [str(value) for value in values]} if values else otherwise


def _ballot_schema(spec: ReplySpec, one_of: JsonSchema) -> JsonSchema:
    match spec.ballot_style:
        case "approval":
            return {"type": "array", "items": one_of}
        case "cumulative":
            return _object({name: {"type": "integer", "minimum": 0, "maximum": spec.points} for name in spec.options})
        case _:
            return one_of


def _answer_schema(spec: ReplySpec, string: JsonSchema) -> JsonSchema:
    match spec.kind:
        case "choice":
            return _enum(tuple(spec.choices), string)
        case "number":
            return {"type": "number"}
        case "set":
            return {"type": "array", "items": _enum(tuple(spec.choices), string)}
        case _:
            return string


def repair_request(reading: Reading, spec: ReplySpec, mode: Mode = "text") -> str:
    """What to ask the model once when its completion was unreadable: only what is missing, in the form that is read."""
    lacking = tuple(name for name in spec.fields if name in reading.missing)
    if "text" in lacking and len(lacking) == 1:
        return "Your reply held no text. Write it again, in full."
    if mode != "text":
        return f"Your reply could not be read: {reading.problem}. Send it again.\n{instructions(spec, mode)}"
    lines = "\n".join(f"{name.upper()}: {wording(name, spec)}" for name in lacking if name != "text")
    return (
        f"Your reply could not be read: {reading.problem}. Do not argue again and do not change your mind. "
        f"Write only these lines, filled in:\n{lines}"
    )

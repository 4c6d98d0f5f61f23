"""Wording: what stands behind each tag when a field is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from debate.reply.reply import ReplyField, Stance
from debate.reply.spec import ReplySpec


def _answer(spec: ReplySpec) -> str:
    match spec.kind:
        case "choice":
            keys = ", ".join(spec.choices)
            return f"the letter of your answer, one of {keys}" if keys else "the letter of your answer"
        case "number":
            return "your answer as one number, without words"
        case "set":
            return "your answers, separated by commas" + (f", out of {', '.join(spec.choices)}" if spec.choices else "")
        case "expression":
            return "your answer as one formula in LaTeX, simplified"
        case _:
            return "your answer in a few words"


def _ballot(spec: ReplySpec) -> str:
    options = ", ".join(spec.options) or "the answers you have read"
    match spec.ballot_style:
        case "approval":
            return f"every one you find acceptable of {options}, separated by commas, or none"
        case "cumulative":
            example = ", ".join(
                f"{name}={spec.points - 3 if index == 0 else 3}" for index, name in enumerate(spec.options[:2])
            )
            return f"{spec.points} points shared out over {options}" + (f", as {example}" if example else "")
        case _:
            return f"the one you vote for, of {options}"


def _ranking(spec: ReplySpec) -> str:
    return f"all of {', '.join(spec.options)}, best first" + (
        f", as {' > '.join(spec.options[:3])}" if len(spec.options) > 1 else ""
    )


def _scores(spec: ReplySpec) -> str:
    low, high = spec.scale
    example = ", ".join(
        f"{name}={low + (high - low) * (index + 1) // 3}" for index, name in enumerate(spec.options[:2])
    )
    return f"{low} to {high} for each of {', '.join(spec.options)}" + (f", as {example}" if example else "")


WORDING: Final[Mapping[ReplyField, Callable[[ReplySpec], str]]] = {
    "position": lambda _: "one self-contained sentence that says what you hold, without referring to anything above",
    "stance": lambda _: " | ".join(Stance) + " (one of them, on the motion)",
    "answer": _answer,
    "confidence": lambda _: "0-100",
    "agreement": lambda _: "agree | disagree (one of them, with what was proposed)",
    "ballot": _ballot,
    "ranking": _ranking,
    "scores": _scores,
    "critique": lambda _: "the weightiest objection to what you have read, in one or two sentences",
    "stop": lambda _: "yes | no (whether the debate should end here)",
}
"""Field to the words that ask for it."""


def wording(field: ReplyField, spec: ReplySpec) -> str:
    """The words that ask for ``field``."""
    return WORDING[field](spec)

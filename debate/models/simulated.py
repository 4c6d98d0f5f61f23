"""``simulated:`` models: participants without a model behind them, for trying things out and for tests.

They are driven by :class:`debate.models.options.TurnOptions` and never read a prompt; what they write says that it is
simulated. They test the machinery, not the argument. Tokens are counted as words: blank-separated pieces of the
messages and of what is written.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from pydantic_core import to_json

from debate.errors import ModelNotAvailable
from debate.models.beliefs import TEMPERS, Opinion, form_opinion, preferences, stream
from debate.models.options import TurnOptions
from debate.models.port import Completion, Delta, Request
from debate.reply.reply import ReplyField, Stance
from debate.settings.nearest import did_you_mean
from debate.transcript.usage import Timing, Usage

_PIECE: Final = re.compile(r"\S+\s*")
_WORDS_PER_DELTA: Final = 5

_OPENINGS: Final = (
    "I start from what can be checked.",
    "Two things weigh most here.",
    "The costs are easier to see than the gains.",
    "What matters is who carries the risk.",
)
_STANCE_WORDS: Final = {
    Stance.STRONGLY_SUPPORT: "It is clearly right that",
    Stance.SUPPORT: "On balance it is right that",
    Stance.NEUTRAL: "It is an open question whether",
    Stance.OPPOSE: "On balance it is wrong that",
    Stance.STRONGLY_OPPOSE: "It is clearly wrong that",
}

_HALF: Final = 0.5

_Field = str | int | bool | list[str] | dict[str, int]


class SimulatedModel:
    """Answers as a simulated participant; the model's id names its temper, as in ``simulated:stubborn``.

    Args:
        latency: Seconds each answer takes.
    """

    def __init__(self, *, latency: float = 0.0) -> None:
        self._latency = latency

    async def __call__(self, request: Request, /) -> Completion:
        """The answer, the same for the same seed, turn and participant.

        Raises:
            ModelNotAvailable: If there is no such simulated model.
        """
        temper = TEMPERS.get(request.model.id)
        if temper is None:
            raise ModelNotAvailable(
                f"{request.model}: there is no such simulated model{did_you_mean(request.model.id, TEMPERS)}; "
                f"there are {', '.join(TEMPERS)}",
                model=str(request.model),
            )
        started = time.monotonic()
        if request.on_sent is not None:
            request.on_sent()
        await asyncio.sleep(self._latency)
        turn = request.turn if request.turn is not None else TurnOptions(run="", turn="")
        pieces = _PIECE.findall(_written(request, turn, form_opinion(turn, temper)))
        finish = "stop" if len(pieces) <= request.max_tokens else "length"
        pieces = pieces[: request.max_tokens]
        first_token = None
        if request.on_delta is not None:
            first_token = time.monotonic() - started
            for start in range(0, len(pieces), _WORDS_PER_DELTA):
                request.on_delta(Delta("".join(pieces[start : start + _WORDS_PER_DELTA])))
                await asyncio.sleep(0)
        read = sum(len(message.content.split()) for message in request.messages)
        return Completion(
            text="".join(pieces),
            finish=finish,
            model=request.model.id,
            usage=Usage(prompt_tokens=read, completion_tokens=len(pieces)),
            timing=Timing(first_token=first_token, total=time.monotonic() - started),
            attempts=0,
        )


def _written(request: Request, turn: TurnOptions, opinion: Opinion) -> str:
    if turn.try_kind == "summarise":
        return _summary(turn)
    text = _argument(turn, opinion)
    fields = {name: _FIELDS[name](turn, opinion) for name in turn.spec.fields if name != "text"}
    if request.response_format is not None:
        return to_json({"text": text, **fields}).decode()
    footer = [f"{name.upper()}: {_line(name, value)}" for name, value in fields.items()]
    return "\n".join((text, *footer)) if footer else text


def _summary(turn: TurnOptions) -> str:
    said = [f"{heard.participant}: {heard.reply.position or heard.reply.text}" for heard in turn.heard]
    return "(Simulated summary.) " + " ".join(said or ["Nothing was said."])


def _argument(turn: TurnOptions, opinion: Opinion) -> str:
    opening = stream(turn.seed, turn.turn, turn.participant, "text").choice(_OPENINGS)
    heard = len({heard.participant for heard in turn.heard})
    after = f" Having heard {heard} other{'s' if heard > 1 else ''}, I hold this:" if heard else " I hold this:"
    return f"(Simulated reply.) {opening}{after} {_position(turn, opinion)}"


def _position(turn: TurnOptions, opinion: Opinion) -> str:
    if turn.motion is not None:
        claim = turn.motion.strip().rstrip(".!?")
        return f"{_STANCE_WORDS[Stance(opinion.option)]} {claim[:1].lower()}{claim[1:]}."
    meant = turn.spec.choices.get(opinion.option)
    return f"The right answer is {opinion.option}{f', {meant}' if meant else ''}."


def _answer(turn: TurnOptions, opinion: Opinion) -> _Field:
    """As the schema for the kind of question wants it; on a motion the ballot's word."""
    if turn.motion is not None:
        return Stance(opinion.option).ballot
    if turn.spec.kind == "set":
        return [part.strip() for part in opinion.option.split(",")]
    if turn.spec.kind == "number" and opinion.option.isdecimal():
        return int(opinion.option)
    return opinion.option


def _liked(turn: TurnOptions, opinion: Opinion) -> dict[str, float]:
    """What there is to vote on, best liked first."""
    liked = preferences(turn, opinion, turn.spec.options or tuple(opinion.belief))
    return dict(sorted(liked.items(), key=lambda item: item[1], reverse=True))


def _ballot(turn: TurnOptions, opinion: Opinion) -> _Field:
    liked = _liked(turn, opinion)
    best = next(iter(liked))
    match turn.spec.ballot_style:
        case "approval":
            return [option for option, share in liked.items() if share >= _HALF] or [best]
        case "cumulative":
            total, points = sum(liked.values()), turn.spec.points
            shares = {option: int(points * share / total) for option, share in liked.items()}
            # What rounding leaves goes to the best.
            return {**shares, best: shares[best] + points - sum(shares.values())}
        case _:
            return best


def _scores(turn: TurnOptions, opinion: Opinion) -> _Field:
    low, high = turn.spec.scale
    return {option: low + round((high - low) * share) for option, share in _liked(turn, opinion).items()}


_FIELDS: Final[Mapping[ReplyField, Callable[[TurnOptions, Opinion], _Field]]] = {
    "position": _position,
    "stance": lambda turn, opinion: opinion.option if turn.motion is not None else Stance.NEUTRAL.value,
    "answer": _answer,
    "confidence": lambda _, opinion: round(100 * opinion.confidence),
    "agreement": lambda _, opinion: "agree" if opinion.confidence >= _HALF else "disagree",
    "ballot": _ballot,
    "ranking": lambda turn, opinion: list(_liked(turn, opinion)),
    "scores": _scores,
    "critique": lambda _turn, _opinion: "What was said gives its conclusion more weight than its reasons carry.",
    "stop": lambda turn, opinion: bool(turn.heard) and opinion.confidence >= _HALF,
}
"""Each field but the text, in the type its JSON schema wants."""


def _line(name: str, value: _Field) -> str:
    """A field as the footer has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{option}={number}" for option, number in value.items())
    if isinstance(value, list):
        return (" > " if name == "ranking" else ", ").join(value)
    return str(value)

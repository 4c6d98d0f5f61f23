"""What a simulated participant believes: a Dirichlet-multinomial over the options of the debate.

After "Debate or Vote" (arXiv 2508.17536, §3): a participant holds a Dirichlet belief over the K options; hearing a
reply adds its count to the belief; what it says is drawn by first drawing the probabilities and then the option. Of
what was heard in earlier turns only the participant's own last reply is carried on, which stands for all of it. Two
things are added so that stances behave as levels and camps exist from the start: a heard stance also counts a little
for its neighbours, and each participant begins with a leaning of its own, drawn from the seed. Pure.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from debate.models.options import TurnOptions
from debate.reply.reply import Reply, Stance

STANCES: Final = tuple(stance.value for stance in Stance)
"""The options of a motion, from strong support to strong opposition."""

_LEANING: Final = 1.5
"""What the prior gives to the option a participant leans to; every other option gets ``_OPEN``."""
_OPEN: Final = 0.05
_NEIGHBOUR: Final = 0.35
"""What a heard stance counts for the level next to it."""

_WORDS: Final = ("amber", "basalt", "cedar", "dune")
"""Answers to an open question, which a simulated participant cannot know."""


@dataclass(frozen=True, slots=True)
class Temper:
    """How a kind of participant takes what it hears."""

    own: float
    """What its own last reply counts."""
    trust: float
    """What a heard reply counts; below 0 it counts for everything else."""
    decides: bool = False
    """It takes the option with the most behind it instead of drawing one."""


TEMPERS: Final[Mapping[str, Temper]] = MappingProxyType(
    {
        "debater": Temper(own=3.0, trust=1.0),
        "stubborn": Temper(own=8.0, trust=0.1),
        "conformist": Temper(own=0.5, trust=3.0),
        "contrarian": Temper(own=1.0, trust=-1.0),
        "judge": Temper(own=0.0, trust=1.0, decides=True),
    }
)
"""The simulated models, by the id after ``simulated:``."""


class Opinion(NamedTuple):
    """What a participant holds after what it heard."""

    option: str
    confidence: float
    """The belief's mean for the option, from 0 to 1."""
    belief: Mapping[str, float]
    """Option to its mean."""


def stream(*parts: object) -> random.Random:
    """Random numbers that depend on ``parts`` and on nothing else, on any machine."""
    text = "\x1f".join(map(str, parts))
    return random.Random(hashlib.sha256(text.encode("utf-8", "replace")).digest())  # noqa: S311 - no secret is made


def option_of(reply: Reply, *, motion: bool) -> str | None:
    """The option a reply stands for; None when it names none."""
    if motion:
        return reply.stance.value if reply.stance is not None else None
    return reply.answer


def options_of(turn: TurnOptions) -> tuple[str, ...]:
    """What can be held: the stances on a motion, else the choices, else a few answers made up from the question.

    Answers that were heard and are not among them are added.
    """
    if turn.motion is not None:
        return STANCES
    if turn.spec.choices:
        known: tuple[str, ...] = tuple(turn.spec.choices)
    elif turn.spec.kind in {"number", "expression"}:
        base = stream(turn.seed, "numbers", turn.question).randrange(12, 90)
        known = tuple(map(str, (base, base + 1, base * 2, base - 5)))
    else:
        known = _WORDS
    heard = (option_of(reply, motion=False) for reply in (*(said.reply for said in turn.heard), turn.own) if reply)
    return tuple(dict.fromkeys((*known, *(option for option in heard if option is not None))))


def form_opinion(turn: TurnOptions, temper: Temper) -> Opinion:
    """The opinion of the turn's participant, the same for the same seed, turn and participant."""
    options = options_of(turn)
    allowed = _allowed(turn, options)
    counts = _prior(turn, allowed, temper)
    motion = turn.motion is not None
    own = option_of(turn.own, motion=motion) if turn.own is not None else None
    if own is not None:
        _count(counts, own, temper.own, motion=motion)
    for option in _latest(turn, motion=motion):
        _count(counts, option, temper.trust, motion=motion)
    total = sum(counts.values())
    belief = {option: counts[option] / total for option in allowed}
    draws = stream(turn.seed, turn.turn, turn.participant, "draw")
    option = max(belief, key=belief.__getitem__) if temper.decides else _draw(counts, draws)
    return Opinion(option, belief[option], MappingProxyType(belief))


def _allowed(turn: TurnOptions, options: tuple[str, ...]) -> tuple[str, ...]:
    """The options a told side leaves."""
    match turn.side:
        case None:
            return options
        case "for" if turn.motion is not None:
            return STANCES[:2]
        case "against" if turn.motion is not None:
            return STANCES[-2:]
        case side:
            return (side,)


def _prior(turn: TurnOptions, options: tuple[str, ...], temper: Temper) -> dict[str, float]:
    leaning = stream(turn.seed, turn.participant, "leaning").choice(options)
    # Whoever decides on what it heard has a leaning only to break ties.
    scale = 0.01 if temper.decides else 1.0
    counts = dict.fromkeys(options, _OPEN * scale)
    counts[leaning] = _LEANING * scale
    return counts


def _latest(turn: TurnOptions, *, motion: bool) -> list[str]:
    """What each participant that was heard said last."""
    said = {heard.participant: option_of(heard.reply, motion=motion) for heard in turn.heard}
    return [option for option in said.values() if option is not None]


def _count(counts: dict[str, float], option: str, weight: float, *, motion: bool) -> None:
    if weight < 0:
        others = [other for other in counts if other != option]
        for other in others:
            counts[other] -= weight / len(others)
        return
    for other in counts:
        if other == option:
            counts[other] += weight
        elif motion and abs(STANCES.index(other) - STANCES.index(option)) == 1:
            counts[other] += weight * _NEIGHBOUR


def _draw(counts: Mapping[str, float], draws: random.Random) -> str:
    """An option from a draw of the Dirichlet: gamma variates in proportion."""
    shares = [draws.gammavariate(count, 1.0) for count in counts.values()]
    return draws.choices(list(counts), weights=shares)[0]


def preferences(turn: TurnOptions, opinion: Opinion, options: Sequence[str]) -> dict[str, float]:
    """How much each of ``options`` to be voted on is liked, from 0 to 1; drawn where nothing is known of one."""
    motion = turn.motion is not None
    liked: dict[str, float] = {}
    for heard in turn.heard:
        held = option_of(heard.reply, motion=motion)
        if held is not None:
            liked[heard.participant] = opinion.belief.get(held, 0.0)
    if motion:
        for stance, share in opinion.belief.items():
            side = Stance(stance).ballot
            liked[side] = liked.get(side, 0.0) + share
        liked[Stance(opinion.option).ballot] = 1.0
    else:
        liked.update(opinion.belief)
        liked[opinion.option] = 1.0
    draws = stream(turn.seed, turn.turn, turn.participant, "votes")
    return {option: min(1.0, liked.get(option, 0.5) + draws.random() / 1000) for option in options}

"""Models in the test's own process: they say what a script says, fail where it says so, and count their calls."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from debate.errors import ModelError, Refused
from debate.models.options import TurnOptions
from debate.models.port import Completion, Request
from debate.reply.spec import ReplySpec
from debate.scenario.schema import Scenario
from debate.transcript.usage import Usage

Said = str | BaseException | Completion
"""A completion's text, a whole completion, or what is raised instead."""

Line = Said | Callable[[Request], Said | Awaitable[Said]]
"""What is said, or what works it out from the request."""

STANCES = ("strongly_support", "support", "neutral", "oppose", "strongly_oppose")
LETTERS = ("A", "B", "C")
UNREADABLE = "I would rather speak about the weather."


def motion_reply(stance: str = "support", *, position: str | None = None, confidence: int = 70, text: str = "") -> str:
    """A readable reply to a motion, with its footer."""
    said = position or f"I hold that this is a matter of {stance}."
    return f"{text or 'An argument.'}\nPOSITION: {said}\nSTANCE: {stance}\nCONFIDENCE: {confidence}"


def answer_reply(answer: str, *, confidence: int = 70, text: str = "") -> str:
    """A readable reply to a question, with its footer."""
    return f"{text or 'An argument.'}\nPOSITION: The answer is {answer}.\nANSWER: {answer}\nCONFIDENCE: {confidence}"


@dataclass
class Scripted:
    """A model that is told what to say, turn by turn.

    Lines are looked up by ``turn#try``, then turn, then participant, then iteration (as ``rebuttal.2``), then round;
    ``default`` is said by everybody else. The exact turn comes first, so a script reads from the rare to the common.
    """

    lines: Mapping[str, Line] = field(default_factory=dict)
    default: Line = field(default_factory=motion_reply)
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Turn or participant to how long its answers take."""
    asked: list[Request] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def __call__(self, request: Request, /) -> Completion:
        """Say the turn's line."""
        turn = options(request)
        self.asked.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if request.on_sent is not None:
                request.on_sent()
            await asyncio.sleep(self.seconds.get(turn.turn, self.seconds.get(turn.participant, 0.0)))
            said = self._line(turn)
            if callable(said):
                found = said(request)
                said = await found if isinstance(found, Awaitable) else found
        finally:
            self.in_flight -= 1
        if isinstance(said, BaseException):
            raise said
        if isinstance(said, Completion):
            return said
        return Completion(
            text=said,
            finish="stop",
            model="scripted",
            usage=Usage(prompt_tokens=sum(len(m.content.split()) for m in request.messages), completion_tokens=20),
        )

    def _line(self, turn: TurnOptions) -> Line:
        iteration = turn.turn.rpartition("/")[0]
        for key in (f"{turn.turn}#{turn.try_number}", turn.turn, turn.participant, iteration, turn.round):
            if key in self.lines:
                return self.lines[key]
        return self.default

    def turns(self) -> list[str]:
        """Which turns were asked, in order, each as often as it was."""
        return [options(request).turn for request in self.asked]

    def request(self, turn: str, try_number: int = 1) -> Request:
        """What a turn was asked."""
        return next(r for r in self.asked if (options(r).turn, options(r).try_number) == (turn, try_number))

    def prompt(self, turn: str, try_number: int = 1) -> str:
        """The last message a turn was sent."""
        return self.request(turn, try_number).messages[-1].content

    def system(self, turn: str) -> str:
        """The system message of a turn."""
        return self.request(turn).messages[0].content


def options(request: Request) -> TurnOptions:
    """The turn of a request; the engine's always have one."""
    assert request.turn is not None
    return request.turn


@dataclass
class Chaos:
    """A model that answers, mumbles or fails by lot, the same for the same seed, turn and try, whatever the order."""

    seed: int
    failing: float = 0.15
    mumbling: float = 0.15
    slowest: float = 0.0
    """Seconds an answer takes at most; drawn from ``latency_seed``, so that it changes nothing that is said."""
    latency_seed: int = 0

    async def __call__(self, request: Request, /) -> Completion:
        """Draw what happens."""
        turn = options(request)
        drawn = random.Random(f"{self.seed}:{turn.turn}:{turn.try_number}")
        if self.slowest:
            slow = random.Random(f"{self.latency_seed}:{turn.turn}:{turn.try_number}")
            await asyncio.sleep(slow.uniform(0, self.slowest))
        lot = drawn.random()
        if lot < self.failing:
            raise Refused("the model would not", status=400)
        if lot < self.failing + self.mumbling:
            return Completion(text=UNREADABLE)
        return Completion(text=readable(turn.spec, drawn), usage=Usage(prompt_tokens=10, completion_tokens=5))


def readable(spec: ReplySpec, drawn: random.Random) -> str:
    """A reply in which every field that is asked for can be read."""
    said = {
        "position": f"I hold number {drawn.randrange(3)}.",
        "stance": drawn.choice(STANCES),
        "answer": drawn.choice(LETTERS) if spec.kind == "choice" else str(drawn.randrange(3)),
        "confidence": str(drawn.randrange(101)),
        "stop": drawn.choice(("yes", "no")),
        "agreement": drawn.choice(("agree", "disagree")),
        "critique": f"Objection {drawn.randrange(1000)}.",
        **{name: _vote(name, spec, drawn) for name in ("ballot", "ranking", "scores")},
    }
    argument = f"Argument {drawn.randrange(1000)}."
    return "\n".join([argument, *(f"{name.upper()}: {said[name]}" for name in spec.fields if name != "text")])


def _vote(name: str, spec: ReplySpec, drawn: random.Random) -> str:
    options = drawn.sample(spec.options, len(spec.options)) if spec.options else ["A"]
    if name == "ranking":
        return " > ".join(options)
    if name == "scores":
        return ", ".join(f"{option}={drawn.randint(*spec.scale)}" for option in options)
    match spec.ballot_style:
        case "approval":
            return ", ".join(options[: drawn.randint(1, len(options))])
        case "cumulative":
            return f"{options[0]}={spec.points}"
        case _:
            return options[0]


def failing(message: str = "it broke") -> ModelError:
    """An error that asking again cannot help."""
    return Refused(message, status=400)


def scenario(**changes: object) -> Scenario:
    """A small motion debate: ana, ben and cleo, an opening and one rebuttal, on ``mine:model``; no similarity."""
    fields: dict[str, object] = {
        "debate": 1,
        "name": "small",
        "motion": "Cities should close their centres to private cars.",
        "models": {"cheap": "mine:model"},
        "participants": {"ana": {}, "ben": {}, "cleo": {}},
        "rounds": [
            {"name": "opening", "who": "debater", "hears": "nobody"},
            {"name": "rebuttal", "who": "debater"},
        ],
        "consensus": {"similarity": "off"},
        **changes,
    }
    return Scenario.model_validate({name: value for name, value in fields.items() if value is not None})

"""Asking: a turn becomes a request, and what comes back becomes events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from debate.briefing.brief import Brief, prompt_hash, side_of
from debate.engine.casting import Casting, Part
from debate.engine.commands import Ask
from debate.errors import BudgetExceeded, DeadlineExceeded, DebateError, ModelError
from debate.graph.turngraph import Turn
from debate.models.options import Account, Heard, TurnOptions
from debate.models.port import AttemptFailure, Completion, Delta, Message, Request, ResponseFormat, Waiting
from debate.reply.asking import Mode, json_schema, repair_request
from debate.reply.reading import read
from debate.reply.spec import ReplySpec
from debate.settings.prices import Price, cost
from debate.transcript.events import AttemptFailed, Sampled, TurnAnswered, TurnAsked
from debate.transcript.state import State
from debate.transcript.usage import Usage


@dataclass(frozen=True, slots=True)
class Asked:
    """A try ready to be sent: the event that says so, and the request without its callbacks."""

    event: TurnAsked
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Makes requests for the turns of one run."""

    casting: Casting
    run: str
    seed: int
    prices: Mapping[str, Price | None]
    account: Account | None
    fresh: frozenset[str] = frozenset()
    """Turns that no kept answer will do for."""
    deadline: float | None = None
    """``time.monotonic()`` after which nobody waits for an answer."""

    def prepare(self, command: Ask, state: State) -> Asked:
        """The request of a try, from what has been said so far.

        Raises:
            debate.errors.PromptError: If the prompt cannot be rendered.
        """
        turn = self.casting.graph.turns[command.turn]
        part = self.casting.part(turn, tier=command.tier)
        spec, made = self._brief(turn, state)
        messages = made.messages
        if command.kind == "repair":
            messages = (*messages, *self._repair(turn, spec, command, state))
        event = TurnAsked(
            turn=turn.id,
            try_number=command.try_number,
            try_kind=command.kind,
            model=str(part.model),
            tier=part.tier,
            recipe=made.recipe,
            prompt_hash=made.prompt_hash if command.kind != "repair" else prompt_hash(messages),
            sampling=_sampled(part),
        )
        options = self._options(turn, spec, command, made)
        return Asked(event, self._request(turn, part, messages, options))

    def _brief(self, turn: Turn, state: State) -> tuple[ReplySpec, Brief]:
        casting = self.casting
        round_, mode = casting.rounds[turn.round], self._mode(turn)
        spec = casting.spec(turn, casting.briefing.labels_for(turn, state, round_))
        return spec, casting.briefing.brief(turn, state, round_=round_, spec=spec, mode=mode)

    def _mode(self, turn: Turn) -> Mode:
        """How the fields are asked for; a summary has none."""
        return "text" if turn.serves is not None else self.casting.mode(turn.round)

    def _repair(self, turn: Turn, spec: ReplySpec, command: Ask, state: State) -> tuple[Message, Message]:
        """What the model said, and what it is asked to mend."""
        said = state.turns[turn.id].answered[command.try_number - 1].text
        return Message("assistant", said), Message("user", repair_request(read(said, spec), spec, self._mode(turn)))

    def _options(self, turn: Turn, spec: ReplySpec, command: Ask, made: Brief) -> TurnOptions:
        """What travels beside the request."""
        casting = self.casting
        member, round_ = casting.members[turn.participant], casting.rounds[turn.round]
        question = casting.scenario.question
        return TurnOptions(
            run=self.run,
            turn=turn.id,
            try_number=command.try_number,
            try_kind=command.kind,
            participant=turn.participant,
            role=member.role,
            side=side_of(turn, member, round_, casting.members, casting.graph),
            round=turn.round,
            iteration=turn.iteration,
            seed=self.seed,
            spec=spec,
            heard=tuple(Heard(u.turn, u.speaker, u.reply) for u in made.heard if u.reply is not None),
            own=made.own,
            motion=casting.scenario.motion,
            question=question.text if question is not None else None,
            priority=float(casting.graph.remaining[turn.id]),
            deadline=self.deadline,
            fresh=turn.id in self.fresh,
            account=self.account,
        )

    def _request(self, turn: Turn, part: Part, messages: tuple[Message, ...], options: TurnOptions) -> Request:
        sampling = part.sampling
        mode = self._mode(turn)
        wanted = ResponseFormat(name="reply", schema=json_schema(options.spec), as_tool=mode == "tool")
        return Request(
            model=part.model,
            messages=messages,
            max_tokens=part.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=sampling.seed,
            stop=sampling.stop or (),
            reasoning=sampling.reasoning,
            response_format=None if mode == "text" else wanted,
            turn=options,
        )

    def answered(self, asked: TurnAsked, completion: Completion) -> TurnAnswered:
        """The event of a completion, priced by the run's snapshot."""
        charged = completion.reported_cost
        if charged is None:
            charged = cost(completion.usage, self.prices.get(asked.model))
        return TurnAnswered(
            turn=asked.turn,
            try_number=asked.try_number,
            text=_writable(completion.text),
            reasoning=_writable(completion.reasoning) if completion.reasoning is not None else None,
            finish=completion.finish,
            model=completion.model,
            usage=completion.usage,
            cost_usd=charged,
            source=completion.source,
            request_id=completion.request_id,
            timing=completion.timing,
            attempts=completion.attempts,
            warnings=completion.warnings,
        )

    def attempt_failed(self, asked: TurnAsked, failure: AttemptFailure) -> AttemptFailed:
        """The event of one send that gave no completion."""
        usage = Usage(**failure.spent._asdict()) if failure.spent is not None else None
        return AttemptFailed(
            turn=asked.turn,
            try_number=asked.try_number,
            attempt=failure.attempt,
            error=failure.kind,
            message=_writable(failure.message),
            status=failure.status,
            code=failure.code,
            request_id=failure.request_id,
            billed=failure.billed,
            usage=usage,
            cost_usd=cost(usage, self.prices.get(asked.model)) if failure.billed == "yes" else None,
            retry_in=failure.retry_in,
            seconds=failure.seconds,
        )

    def gave_up(self, asked: TurnAsked, error: DebateError, *, attempt: int) -> AttemptFailed:
        """The event of a try that ended before or between its sends, or during the one numbered ``attempt``."""
        kind = "budget" if isinstance(error, BudgetExceeded) else "deadline"
        if isinstance(error, ModelError):
            kind = error.kind
        elif not isinstance(error, (BudgetExceeded, DeadlineExceeded)):
            kind = "model"
        return AttemptFailed(
            turn=asked.turn,
            try_number=asked.try_number,
            attempt=attempt,
            error=kind,
            message=_writable(str(error)),
            billed="possibly" if attempt else "no",
        )


def _writable(text: str) -> str:
    """``text`` with every half of a surrogate pair replaced: a str can hold one, the transcript's UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _sampled(part: Part) -> Sampled:
    sampling = part.sampling
    return Sampled(
        max_tokens=part.max_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=sampling.seed,
        stop=sampling.stop or (),
        reasoning=sampling.reasoning,
    )


OnDelta = Callable[[str, Delta], None]
"""Called with a turn's id and a piece of its text."""

OnWaiting = Callable[[str, Waiting], None]
"""Called with a turn's id and why it waits."""

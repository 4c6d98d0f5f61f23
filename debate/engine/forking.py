"""Forking: a new run from the prefix of another. Exactly what descends from the change is asked again.

What the parent recorded is followed by the same decisions that run a debate, with nobody being asked, as far as the
change leaves it as it was. That is the prefix: copied under the new run's header, and free.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from debate.consensus.method import Method
from debate.engine.asking import Asker
from debate.engine.beginning import begun
from debate.engine.casting import Casting
from debate.engine.changing import Change, changed, check_planted, turns_at
from debate.engine.commands import Ask, Command, CompareWording, Emit, Fail, Score, Suspend
from debate.engine.deciding import STOPPING_ERRORS, Decider
from debate.engine.embedding import Embedding
from debate.engine.planning import over, plan_left
from debate.engine.providers import Providers
from debate.engine.recorded import recorded_casting
from debate.engine.run import Ready
from debate.engine.scoring import RunScorer
from debate.errors import PromptError
from debate.graph.frontier import descendants
from debate.graph.turngraph import Iteration, TurnGraph
from debate.transcript.events import (
    AttemptFailed,
    Event,
    GateResolved,
    Parent,
    Scored,
    TurnAnswered,
    TurnAsked,
)
from debate.transcript.ledger import COPIED_SOURCES
from debate.transcript.reading import Saved
from debate.transcript.state import State, TurnState, evolve, fold

if TYPE_CHECKING:
    from debate.graph.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A fork that is worked out and not begun: nothing is written or spent yet."""

    ready: Ready
    kept: tuple[str, ...]
    """Turns that are copied."""
    planted: tuple[str, ...]
    again: tuple[str, ...]
    """Turns that the parent had asked and the fork may ask again."""
    first: tuple[str, ...]
    """Turns that the fork may ask and the parent never did."""
    calls_saved: int
    """Tries that were copied instead of made."""
    saved_usd: Decimal | None
    """What the copied answers cost the parent, as far as that is known."""

    @property
    def left(self) -> Plan:
        """Calls and cost of what the fork asks.

        Raises:
            debate.errors.PromptError: If a prompt cannot be rendered.
        """
        return plan_left(self.ready.casting, self.ready.prices, self.ready.state)


def scope_of(cast: Casting, at: str | None, run: str) -> frozenset[str]:
    """The turns a change may concern: those at ``at`` and what descends from them; all without ``at``."""
    if at is None:
        return frozenset(cast.graph.turns)
    here = turns_at(cast.graph, at, run)
    return here | descendants(cast.graph, set(here)) & set(cast.graph.turns)


class Prefix:
    """Follows the parent's recorded answers for as long as the fork would ask the same."""

    def __init__(
        self,
        parent: Saved,
        *,
        state: State,
        then: Asker,
        now: Asker,
        at: str | None,
        change: Change,
        scorer: RunScorer,
    ) -> None:
        """Begin at ``state``, which holds the fork's header.

        Args:
            parent: The run that is forked.
            state: Of the fork; taken over.
            then: Makes the parent's requests.
            now: Makes the fork's.
            at: From where on the change counts.
            change: What is changed.
            scorer: Scores what was not recorded.
        """
        graph = now.casting.graph
        check_planted(now.casting, change.planted, parent.header.run)
        self.events: list[Event] = []
        self.state = state
        self.kept: set[str] = set()
        self._parent = parent.state
        self._then, self._now = then, now
        self._named = _names(then.casting.graph, graph)
        self._scope = scope_of(now.casting, at, parent.header.run)
        self._planted = change.planted
        self._asked_again = descendants(graph, set(change.planted)) - set(change.planted)
        self.fresh: frozenset[str] = frozenset()
        if at is not None and not change.asks_otherwise and not change.planted:
            self.fresh = frozenset(turns_at(graph, at, parent.header.run))
            self._asked_again |= self.fresh
        self._scorer = scorer
        self._scores_fit = _measures_alike(parent, state)
        self._decider = Decider(now.casting)
        self._queue: deque[Event] = deque()
        self._over = False

    async def follow(self) -> None:
        """Fill ``events`` and ``state`` with the prefix."""
        await self._do(self._decider.begin(self.state))
        while self._queue and not self._over:
            event = self._queue.popleft()
            self.events.append(event)
            self.state = evolve(self.state, event)
            await self._do(self._decider.decide(self.state, event))

    async def _do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Emit(event):
                    self._queue.append(self._as_resolved(event) if isinstance(event, GateResolved) else event)
                case Ask():
                    self._queue.extend(self._answers(command))
                case Score(iteration):
                    self._queue.append(await self._scored(iteration))
                case CompareWording(iteration):
                    self._queue.extend(self._recorded(iteration, "similarity"))
                case Fail() | Suspend():
                    # The loop finds the same when it begins, and says so.
                    self._over = True
                case _:
                    pass

    def _answers(self, command: Ask) -> list[Event]:
        """The try as it was asked and answered then; nothing if it is to be asked now."""
        id_, number = command.turn, command.try_number
        if id_ in self._planted:
            asked = self._now.prepare(command, self.state).event
            return [asked, TurnAnswered(turn=id_, try_number=number, text=self._planted[id_], source="planted")]
        turn = self._parent.turns.get(self._named.get(id_, id_))
        if turn is None or number not in turn.asked or turn.asked[number].try_kind != command.kind:
            return []
        if id_ not in self.kept:
            if id_ in self._asked_again or not _settled(turn) or self._differs(id_):
                return []
            self.kept.add(id_)
        then = {name: now for now, name in self._named.items()}
        return [_renamed(event, then) for event in _copied(turn, number)]

    def _differs(self, id_: str) -> bool:
        """Whether the fork would ask the turn something else, or another model, than the parent did.

        Both requests are made anew, so that a newer engine's way of writing prompts is no difference.
        """
        if id_ not in self._scope:
            return False
        try:
            then = self._then.prepare(Ask(self._named.get(id_, id_)), self._parent).event
            now = self._now.prepare(Ask(id_), self.state).event
        except PromptError:
            return True
        return _request(then) != _request(now)

    def _as_resolved(self, event: GateResolved) -> GateResolved:
        """A gate before the change stays as it was resolved, whatever its condition says now."""
        known = self._parent.gates.get(event.gate)
        graph = self._now.casting.graph
        iteration = graph.iterations[graph.gates[event.gate].place]
        return known if known is not None and self._scope.isdisjoint(iteration.turns) else event

    async def _scored(self, iteration: Iteration) -> Scored:
        known = self._recorded(iteration, "agreement")
        if known:
            return known[0]
        if self._now.casting.method.structured:
            return self._scorer.structured(iteration, self.state)
        return await self._scorer.semantic(iteration, self.state)

    def _recorded(self, iteration: Iteration, measure: str) -> list[Scored]:
        """The parent's score of an iteration that is copied whole."""
        found = self._parent.score(iteration.round, iteration.number, measure)
        then = self._then.casting
        same = iteration.round in then.rounds and self.kept.issuperset(iteration.turns)
        same = same and then.voters(iteration.round) == self._now.casting.voters(iteration.round)
        return [found] if found is not None and self._scores_fit and same else []


async def plan_fork(
    parent: Saved, providers: Providers, embedding: Embedding, *, at: str | None, change: Change, seed: int | None
) -> Fork:
    """Work out the fork of ``parent``; see :meth:`debate.engine.engine.Engine.fork` for the arguments."""
    if at is None and not change.asks_otherwise and not change.planted:
        raise ValueError("there is nothing to change: name a place to ask once more, a change, or a reply to plant")
    recorded = parent.header
    then = recorded_casting(parent)
    named = Parent(run=recorded.run, at=at or "the beginning", last=parent.tail.prev)
    seed = recorded.seed if seed is None else seed
    ready = await begun(changed(then, change, seed=seed), providers, embedding, seed=seed, parent=named)
    cast = ready.casting
    prefix = Prefix(
        parent,
        state=fold(ready.events),
        then=Asker(casting=then, run=recorded.run, seed=recorded.seed, prices=recorded.prices, account=None),
        now=Asker(casting=cast, run=ready.id, seed=ready.seed, prices=ready.prices, account=None),
        at=at,
        change=change,
        scorer=RunScorer(cast, embedding if cast.embeds else None),
    )
    await prefix.follow()
    state = prefix.state
    done = over(cast.graph, state)
    left = [id_ for id_ in cast.graph.turns if id_ not in done]
    names = _names(then.graph, cast.graph)
    before = {id_: parent.state.turns.get(names.get(id_, id_)) for id_ in left}
    asked = {id_ for id_, turn in before.items() if turn is not None and _was_sent(turn)}
    answers = [answered for id_ in prefix.kept for answered in state.turns[id_].answered.values()]
    costs = [answered.cost_usd for answered in answers if answered.cost_usd is not None]
    return Fork(
        ready=replace(ready, state=state, events=(*ready.events, *prefix.events), fresh=prefix.fresh),
        kept=tuple(id_ for id_ in cast.graph.turns if id_ in prefix.kept),
        planted=tuple(id_ for id_ in cast.graph.turns if id_ in change.planted and id_ in done),
        again=tuple(id_ for id_ in left if id_ in asked),
        first=tuple(id_ for id_ in left if id_ not in asked),
        calls_saved=len(answers),
        saved_usd=sum(costs, Decimal(0)) if costs else None,
    )


def _measures_alike(parent: Saved, fork: State) -> bool:
    """Whether the parent's scores were taken as the fork takes its own."""
    then, now = parent.header, fork.header
    assert now is not None, "a fork begins with its header"
    same = (then.embedder, then.judge, then.curve) == (now.embedder, now.judge, now.curve)
    return then.method == now.method and (same or Method(now.method).structured)


def _settled(turn: TurnState) -> bool:
    """Whether the turn was answered, or failed as the scenario lets it; not if the whole run stopped at it."""
    if turn.open_number is not None:
        return False
    return turn.answer is not None or (turn.ended is not None and turn.ended.outcome == "failed")


def _was_sent(turn: TurnState) -> bool:
    """Whether anybody was really asked, as far as is known; not if a budget kept it back."""
    return turn.answer is not None or turn.open_number is not None or any(f.attempt > 0 for f in turn.failures)


def _request(asked: TurnAsked) -> tuple[object, ...]:
    return asked.model, asked.sampling, asked.prompt_hash, asked.recipe.mode


def _names(then: TurnGraph, now: TurnGraph) -> Mapping[str, str]:
    """The fork's turns whose id the parent wrote otherwise: ``opening`` is ``opening.1`` once it repeats."""
    known = {(turn.round, turn.iteration, turn.participant): id_ for id_, turn in then.turns.items()}
    places = {id_: (turn.round, turn.iteration, turn.participant) for id_, turn in now.turns.items()}
    return {id_: known[place] for id_, place in places.items() if known.get(place, id_) != id_}


def _renamed(event: Event, names: Mapping[str, str]) -> Event:
    """``event`` with the parent's ids of turns written as the fork writes them."""
    if not names:
        return event
    changes: dict[str, object] = {}
    if isinstance(event, TurnAsked | TurnAnswered | AttemptFailed):
        changes["turn"] = names.get(event.turn, event.turn)
    if isinstance(event, TurnAsked):
        recipe = event.recipe
        heard = tuple(one.model_copy(update={"turn": names.get(one.turn, one.turn)}) for one in recipe.heard)
        own = tuple(names.get(id_, id_) for id_ in recipe.own)
        changes["recipe"] = recipe.model_copy(update={"heard": heard, "own": own})
    return event.model_copy(update=changes)


def _copied(turn: TurnState, number: int) -> list[Event]:
    """A try of the parent, with every id it had. What failed on the way was the parent's to pay."""
    asked = turn.asked[number]
    answered = turn.answered.get(number)
    if answered is not None:
        source = answered.source if answered.source in COPIED_SOURCES else "recorded"
        return [asked, answered.model_copy(update={"source": source})]
    failed = [failure for failure in turn.failures if failure.try_number == number]
    if not failed or failed[-1].error in STOPPING_ERRORS:
        return []
    return [asked, _unbilled(failed[-1])]


def _unbilled(failure: AttemptFailed) -> AttemptFailed:
    bare: Mapping[str, object] = {"attempt": 0, "billed": "no", "usage": None, "cost_usd": None, "retry_in": None}
    return failure.model_copy(update=bare)

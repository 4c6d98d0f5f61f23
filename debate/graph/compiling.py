"""From a scenario to its turn graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from debate.graph.audience import Audience
from debate.graph.chance import Dice
from debate.graph.turngraph import Gate, GateKind, Hearing, Iteration, Turn, TurnGraph, label
from debate.scenario.cast import Member, cast, speakers
from debate.scenario.conditions import participants_named
from debate.scenario.hearing import LastRounds, Query
from debate.scenario.schema import Round, Scenario

ALONG_GRAPH: Final = Query()
"""What a round hears when it says nothing: its neighbours' latest replies."""


def compile_graph(scenario: Scenario, seed: int = 0) -> TurnGraph:
    """Unroll ``scenario`` into its turns, iterations and gates.

    The scenario must have passed its checks: names that mean nobody are silently nobody here.

    Args:
        scenario: What is asked.
        seed: The run's seed, from which random orders and topologies are drawn.
    """
    return _Compiler(scenario, Dice(seed)).compile()


def query_of(round_: Round, iteration: int) -> Query:
    """What an iteration of a round hears."""
    listed = round_.repeat.hears if round_.repeat is not None else None
    if listed is not None:
        return listed[min(iteration, len(listed)) - 1]
    return round_.hears or ALONG_GRAPH


@dataclass
class _Compiler:
    """Builds the graph round by round; everything a later turn may depend on is known when it is made."""

    scenario: Scenario
    dice: Dice
    turns: dict[str, Turn] = field(default_factory=dict)
    iterations: dict[str, Iteration] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    waits: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.members: Sequence[Member] = cast(self.scenario)
        self.casting = {step.name: speakers(step, self.members) for step in self.scenario.steps}
        self.audience = Audience(self.scenario, self.members, self.dice)
        self.spoken: dict[str, list[Turn]] = {member.id: [] for member in self.members}
        self.release: dict[str, str] = {}
        """Turn to the gate that may still take its reply back, so that whoever needs the turn waits for the gate."""
        self.rotated = 0
        self.choosing: dict[str, dict[str, list[str]]] = {}
        """Selecting gate to the later turns of each participant it chooses among, those without any left out."""
        self.candidates: dict[str, frozenset[str]] = {}
        """Selecting gate to those it chooses among."""

    def compile(self) -> TurnGraph:
        for step in self.scenario.steps:
            self._round(step)
        gates = {
            id_: replace(gate, choosing={who: tuple(turns) for who, turns in self.choosing[id_].items()}, keeps=1)
            if id_ in self.choosing
            else gate
            for id_, gate in self.gates.items()
        }
        casting = {name: tuple(member.id for member in who) for name, who in self.casting.items()}
        return TurnGraph(self.turns, self.iterations, self._with_prunes(gates), casting, self.waits)

    def _round(self, step: Round) -> None:
        times = step.repeat.up_to if step.repeat is not None else 1
        held_back = self._when(step, times)
        for number in range(1, times + 1):
            place = label(step.name, number, repeats=times > 1)
            awaited = self._awaited(step)
            before = [*held_back, *self._escalate(step, place, number), *(awaited if _looks_often(step) else ())]
            made = self._turns_of(step, place, number, before)
            ids = tuple(turn.id for turn in made)
            self.iterations[place] = Iteration(place, step.name, number, ids)
            self.waits[place] = ids
            for turn in made:
                self.spoken[turn.participant].append(turn)
            ends = self._until(step, place, number, times, awaited)
            held_back = [*held_back, *ends]
            self._select(step, place, number)

    def _gate(self, kind: GateKind, step: Round, place: str, number: int, after: Iterable[str]) -> str:
        id_ = f"{place}?{kind}"
        waited = tuple(dict.fromkeys(after))
        self.gates[id_] = Gate(id_, kind, step.name, number, waited)
        self.waits[id_] = waited
        return id_

    def _when(self, step: Round, times: int) -> list[str]:
        """The gate that lets the round be held. It sees everything said before it."""
        if step.when is None:
            return []
        place = label(step.name, 1, repeats=times > 1)
        return [self._gate("when", step, place, 1, [*self.iterations, *self.gates])]

    def _escalate(self, step: Round, place: str, number: int) -> list[str]:
        if step.escalate is None:
            return []
        return [self._gate("escalate", step, place, number, [*self.iterations, *self.gates])]

    def _awaited(self, step: Round) -> list[str]:
        """What the gates of a repeat look at beside its own iterations, so that they never depend on what arrives when.

        Earlier iterations of the same speakers, and the latest turns of others whom the condition names.
        """
        if step.repeat is None or step.repeat.until is None:
            return []
        speaking = {member.id for member in self.casting[step.name]}
        same = [
            iteration.id
            for iteration in self.iterations.values()
            if iteration.round != step.name and {m.id for m in self.casting[iteration.round]} == speaking
        ]
        others = sorted(participants_named(step.repeat.until) - speaking)
        return [*same, *(self.spoken[who][-1].id for who in others if self.spoken.get(who))]

    def _until(self, step: Round, place: str, number: int, times: int, awaited: Sequence[str]) -> list[str]:
        """The gate behind an iteration. One that looks after each reply also has the last word on its replies."""
        repeat = step.repeat
        if repeat is None or repeat.until is None:
            return []
        if repeat.after == "reply":
            gate = self._gate("reply", step, place, number, [place, *awaited])
            self.release |= dict.fromkeys(self.iterations[place].turns, gate)
            return [gate]
        return [self._gate("until", step, place, number, [place, *awaited])] if number < times else []

    def _select(self, step: Round, place: str, number: int) -> None:
        if step.select is None:
            return
        by = step.select.by
        ranked = self.spoken.get(by or "", [])[-1:]
        gate = self._gate("select", step, place, number, [place, *(turn.id for turn in ranked)])
        heard = {hearing.speaker for turn in ranked for hearing in turn.hears}
        deciders = {self.scenario.decision.by, self.scenario.decision.else_, by}
        self.candidates[gate] = frozenset((heard or {m.id for m in self.casting[step.name]}) - deciders)
        self.choosing[gate] = {m.id: [] for m in self.members if m.id in self.candidates[gate]}

    def _turns_of(self, step: Round, place: str, number: int, before: Sequence[str]) -> list[Turn]:
        made: list[Turn] = []
        order = self._in_order(step, place)
        for member in order:
            turn = self._turn(step, place, number, member, before=before, made=made)
            made.append(turn)
        return made

    def _in_order(self, step: Round, place: str) -> list[Member]:
        listed = list(self.casting[step.name])
        if step.order == "random":
            return self.dice.of("order", place).shuffled(listed)
        if step.order == "rotate":
            start = self.rotated % len(listed)
            self.rotated += 1
            return listed[start:] + listed[:start]
        return listed

    def _turn(
        self, step: Round, place: str, number: int, member: Member, *, before: Sequence[str], made: Sequence[Turn]
    ) -> Turn:
        query = query_of(step, number)
        one_by_one = step.order != "simultaneous"
        same = made if query.same_round and one_by_one else ()
        hears = []
        for speaker in self.audience.heard_by(member, step, query, place):
            earlier = [*self.spoken[speaker], *(turn for turn in same if turn.participant == speaker)]
            hearing = _hearing(speaker, [t for t in earlier if self.audience.may_hear(member, t.round)], query)
            if hearing.turns:
                hears.append(hearing)
        remembers = bool({"self", "neighbours", "everyone", member.id, member.entry, member.role} & set(query.from_))
        own = _hearing(member.id, self.spoken[member.id], query) if remembers else None
        after = self._released(hearing.turns[0] for hearing in hears)
        after += self._released(turn.id for turn in self.spoken[member.id][-1:])
        after += [made[-1].id] if one_by_one and made else []
        after += [*before, *self._selecting(member, hears)]
        turn = Turn(
            id=f"{place}/{member.id}",
            round=step.name,
            iteration=number,
            participant=member.id,
            hears=tuple(hears),
            own=own if own is not None and own.turns else None,
            after=tuple(dict.fromkeys(after)),
        )
        if query.summariser is not None and hears:
            turn = self._with_summary(turn, query.summariser)
        self._add(turn)
        return turn

    def _selecting(self, member: Member, hears: Sequence[Hearing]) -> list[str]:
        """The selections that may leave a turn out, or some of what it hears; whoever decides hears all the same."""
        deciders = {self.scenario.decision.by, self.scenario.decision.else_}
        concerned = {member.id} | ({hearing.speaker for hearing in hears} if member.id not in deciders else set())
        return [gate for gate, among in self.candidates.items() if concerned & among]

    def _with_summary(self, turn: Turn, scribe: str) -> Turn:
        """A turn of the scribe before ``turn``, which hears what ``turn`` would and is skipped when that fits."""
        summary = replace(turn, id=f"{turn.id}~{scribe}", participant=scribe, own=None, serves=turn.id)
        self._add(summary, for_=turn.participant)
        return replace(turn, summary=summary.id, after=(*turn.after, summary.id))

    def _add(self, turn: Turn, *, for_: str | None = None) -> None:
        """Enter a turn; a summary goes the way of the participant it is made for."""
        self.turns[turn.id] = turn
        self.waits[turn.id] = turn.after
        who = for_ if for_ is not None else turn.participant
        for gate, chosen in self.choosing.items():
            if who in self.candidates[gate]:
                chosen[who].append(turn.id)

    def _released(self, turns: Iterable[str]) -> list[str]:
        """The turns, each with the gate that may still take its reply back."""
        return [node for id_ in turns for node in (id_, self.release.get(id_)) if node is not None]

    def _with_prunes(self, gates: dict[str, Gate]) -> dict[str, Gate]:
        return {id_: replace(gate, prunes=self._prunes(gate)) for id_, gate in gates.items()}

    def _prunes(self, gate: Gate) -> tuple[str, ...]:
        step = next(step for step in self.scenario.steps if step.name == gate.round)
        if gate.kind in ("until", "reply"):
            return tuple(
                id_ for id_, turn in self.turns.items() if turn.round == step.name and turn.iteration > gate.iteration
            )
        if gate.kind == "when":
            rounds = {step.name}
            if step.else_ == "end":
                names = [other.name for other in self.scenario.steps]
                later = names[names.index(step.name) :]
                rounds |= {name for name in later if not self._decides(name)}
            return tuple(id_ for id_, turn in self.turns.items() if turn.round in rounds)
        return ()

    def _decides(self, round_: str) -> bool:
        """Whether the participant that decides speaks in a round: such rounds are always held."""
        by = self.scenario.decision.by
        return any(member.id == by for member in self.casting[round_])


def _looks_often(step: Round) -> bool:
    """Whether a condition is checked after each reply, so that its speakers wait for all it looks at."""
    return step.repeat is not None and step.repeat.until is not None and step.repeat.after == "reply"


def _hearing(speaker: str, earlier: Sequence[Turn], query: Query) -> Hearing:
    latest_first = list(reversed(earlier))
    match query.rounds:
        case LastRounds(last=last):
            return Hearing(speaker, tuple(turn.id for turn in latest_first), last)
        case "last":
            return Hearing(speaker, tuple(turn.id for turn in latest_first), 1)
        case "all":
            return Hearing(speaker, tuple(turn.id for turn in latest_first), None)
        case name:
            return Hearing(speaker, tuple(turn.id for turn in latest_first if turn.round == name), None)

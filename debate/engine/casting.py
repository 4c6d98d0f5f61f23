"""A scenario made ready to run: everything that can be worked out before a model is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from pydantic import JsonValue

from debate.briefing.brief import Briefing
from debate.briefing.templates import Templates, collect
from debate.briefing.voted import OWN
from debate.consensus.method import Method, method_for
from debate.errors import Problem, ScenarioError
from debate.graph.compiling import compile_graph
from debate.graph.turngraph import Gate, Iteration, Turn, TurnGraph
from debate.models.port import ModelRef
from debate.reply.asking import Mode
from debate.reply.reply import ReplyField
from debate.reply.spec import LIVE, BallotStyle, ReplySpec
from debate.scenario.asked import answers_of
from debate.scenario.cast import Member, cast, model_for, sampling_for
from debate.scenario.sampling import DEFAULT_MAX_TOKENS, Sampling
from debate.scenario.schema import CostPlan, Round, Scenario, Veto


@dataclass(frozen=True, slots=True)
class Part:
    """What a participant speaks with in one round."""

    model: ModelRef
    tier: str | None
    sampling: Sampling

    @property
    def max_tokens(self) -> int:
        """Completion tokens at most; always sent."""
        return self.sampling.max_tokens or DEFAULT_MAX_TOKENS


@dataclass(frozen=True)
class Casting:
    """A scenario with everything resolved that does not depend on what anyone says."""

    scenario: Scenario
    templates: Templates
    seed: int = 0
    """The run's seed: orders, topologies and aliases derive from it."""
    wording_only: bool = False
    """Whether no weights were found, so that positions can only be compared by their wording."""

    @cached_property
    def graph(self) -> TurnGraph:
        """The turn graph."""
        return compile_graph(self.scenario, self.seed)

    @cached_property
    def members(self) -> Mapping[str, Member]:
        """Participants by id, in the order of the file."""
        return {member.id: member for member in cast(self.scenario)}

    @cached_property
    def rounds(self) -> Mapping[str, Round]:
        """Rounds by name, in order."""
        return {round_.name: round_ for round_ in self.scenario.steps}

    @cached_property
    def specs(self) -> Mapping[str, ReplySpec]:
        """Round to what its turns are asked to state."""
        return {name: spec_of(self.scenario, round_) for name, round_ in self.rounds.items()}

    @cached_property
    def method(self) -> Method:
        """How agreement is measured in this run, fixed by the last round that asks its voters for something comparable.

        Raises:
            ValueError: If the scenario names a method, and no voter is asked for what it compares.
        """
        specs = [spec for name, spec in self.specs.items() if self.voters(name)]
        configured = self.scenario.consensus.method
        needed = None if configured == "auto" else Method(configured).needs
        fitting = [spec for spec in specs if (spec.compared if needed is None else needed in spec.fields)]
        spec = (fitting or specs or [ReplySpec(fields=("text",))])[-1]
        return method_for(spec, configured, lexical=self.wording_only)

    @cached_property
    def selections(self) -> tuple[Gate, ...]:
        """The gates that say who goes on."""
        return tuple(gate for gate in self.graph.gates.values() if gate.kind == "select")

    @cached_property
    def deciders(self) -> tuple[str, ...]:
        """The participants whose reply decides, in the order in which they are asked for a verdict."""
        decision = self.scenario.decision
        return tuple(rule for rule in (decision.by, decision.else_) if isinstance(rule, str) and rule in self.members)

    @cached_property
    def briefing(self) -> Briefing:
        """What writes the prompts."""
        return Briefing(
            scenario=self.scenario,
            graph=self.graph,
            templates=self.templates,
            members=self.members,
            seed=self.seed,
        )

    @property
    def topic(self) -> str:
        """The motion or the question's text."""
        if self.scenario.motion is not None:
            return self.scenario.motion
        return self.scenario.question.text if self.scenario.question is not None else ""

    def voters(self, round_: str) -> tuple[str, ...]:
        """The speakers of a round who vote and count in consensus: told no side, and not the one who decides.

        Who may break a tie or has a veto votes with others, but does not vote in a round of its own.
        """
        return self._voters[round_]

    @cached_property
    def _voters(self) -> Mapping[str, tuple[str, ...]]:
        decision = self.scenario.decision
        apart = {decision.tie, *(rule.veto for rule in (decision.by, decision.else_) if isinstance(rule, Veto))}
        found = {}
        for round_, speakers in self.graph.speakers.items():
            voting = tuple(id_ for id_ in speakers if self.members[id_].side is None and id_ not in self.deciders)
            found[round_] = () if set(voting) <= apart else voting
        return found

    def compares(self, round_: str) -> bool:
        """Whether the round asks for what the run's method compares."""
        needed = self.method.needs
        return needed is None or needed in self.specs[round_].fields

    def is_scored(self, iteration: Iteration) -> bool:
        """Whether an iteration has a score: its voters are asked for the compared field."""
        return bool(self.voters(iteration.round)) and self.compares(iteration.round)

    def compares_wording(self, iteration: Iteration) -> bool:
        """Whether the embedding similarity of the iteration's positions is reported beside its score."""
        asked = "position" in self.specs[iteration.round].fields
        return asked and self.is_scored(iteration) and self.scenario.consensus.similarity == "on"

    @property
    def needs_pairs(self) -> bool:
        """Whether the decision compares every two voters by what is embedded."""
        decision = self.scenario.decision
        rules = [rule.over if isinstance(rule, Veto) else rule for rule in (decision.by, decision.else_)]
        return "medoid" in rules and not self.method.structured

    @property
    def embeds(self) -> bool:
        """Whether anything in the run needs an embedder."""
        iterations = self.graph.iterations.values()
        return any(
            self.compares_wording(iteration) or (self.is_scored(iteration) and not self.method.structured)
            for iteration in iterations
        )

    @cached_property
    def answers(self) -> ReplySpec:
        """What an answer is here, which says when two are the same."""
        return answers_of(self.scenario)

    def mode(self, round_: str) -> Mode:
        """How the round's fields are asked for."""
        mode = self.rounds[round_].reply_mode
        return "text" if mode == "auto" else mode

    def spec(self, turn: Turn, labels: Sequence[str] = ()) -> ReplySpec:
        """What a turn is asked to state.

        Args:
            turn: The turn.
            labels: What those it heard are called in its prompt: what it votes on in a vote about the speakers.
        """
        if turn.serves is not None:
            return ReplySpec(fields=("text",))
        spec = self.specs[turn.round]
        if self.is_about_speakers(turn.round):
            own = (OWN,) if labels and self.scenario.decision.self_vote == "counts" else ()
            return replace(spec, candidates=(*dict.fromkeys(labels), *own))
        return spec

    def is_about_speakers(self, round_: str) -> bool:
        """Whether ballots, rankings and scores of a round are about the speakers that were heard."""
        about = self.rounds[round_].about
        if about is not None:
            return about == "speakers"
        return not self.specs[round_].options

    def part(self, turn: Turn, *, tier: str | None = None) -> Part:
        """The model, tier and sampling of a turn; ``tier`` overrides the round's.

        Raises:
            ValueError: If there is no model for it; the scenario's checks say so beforehand.
        """
        known = self._parts.get((turn.participant, turn.round, tier))
        if known is not None:
            return known
        member, round_ = self.members[turn.participant], self.rounds[turn.round]
        wanted = tier or round_.tier
        model = model_for(self.scenario, member, wanted)
        if model is None or model.use is None:
            raise ValueError(f"{turn.id} has no model on tier {wanted!r}")
        made = Part(ModelRef.parse(model.use), wanted, sampling_for(self.scenario, member, round_, model))
        self._parts[turn.participant, turn.round, tier] = made
        return made

    @cached_property
    def _parts(self) -> dict[tuple[str, str, str | None], Part]:
        """Parts that were worked out before: every turn asks for its own several times."""
        return {}

    def escalated(self, turn: Turn) -> Part | None:
        """What a turn speaks with where a gate takes another tier; None for one that no gate escalates."""
        escalate = self.rounds[turn.round].escalate
        return self.part(turn, tier=escalate.to) if escalate is not None else None

    @cached_property
    def models(self) -> tuple[ModelRef, ...]:
        """Every model the run may ask, in order of first use."""
        found = {self.part(turn).model: None for turn in self.graph.turns.values()}
        substitute = self.scenario.failure.substitute
        if substitute is not None:
            found |= {self.part(turn, tier=substitute).model: None for turn in self.graph.turns.values()}
        found |= {part.model: None for turn in self.graph.turns.values() if (part := self.escalated(turn)) is not None}
        return tuple(found)

    @cached_property
    def all_premium(self) -> Casting | None:
        """The same with every round on the tier ``premium``, to compare a cost plan with; None without such a plan."""
        if self.scenario.cost_plan is None:
            return None
        return replace(self, scenario=self.scenario.model_copy(update={"cost_plan": CostPlan(cheap_rounds=0)}))

    @cached_property
    def resolved(self) -> Mapping[str, JsonValue]:
        """The scenario as a transcript's header holds it; reading it back gives an equal scenario."""
        return MappingProxyType(self.scenario.model_dump(mode="json", by_alias=True, exclude_none=True))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the resolved scenario as canonical JSON."""
        return hashlib.sha256(json.dumps(dict(self.resolved), sort_keys=True).encode()).hexdigest()


def casting(scenario: Scenario, templates: Templates | None = None, *, seed: int = 0) -> Casting:
    """Make a checked scenario ready.

    Args:
        scenario: Its files read in; no template.
        templates: Where they are known already, as from a transcript; else they are looked up.
        seed: The run's seed.

    Raises:
        debate.errors.ScenarioError: If it asks nothing, or nobody for what its method of consensus compares.
        debate.errors.PromptError: If a prompt is missing or wrong.
    """
    if scenario.is_template:
        text = f"{scenario.name} is a template: give it a motion or a question, as with --question"
        raise ScenarioError((Problem(None, text),))
    made = Casting(scenario, templates if templates is not None else collect(scenario), seed)
    try:
        _ = made.method
    except ValueError as error:
        raise ScenarioError((Problem(None, str(error), "consensus.method"),)) from error
    return made


def spec_of(scenario: Scenario, round_: Round) -> ReplySpec:
    """What a round's turns are asked to state; by default position, stance or answer, and confidence."""
    main: ReplyField = "stance" if scenario.motion is not None else "answer"
    fields = round_.reply if round_.reply is not None else ("position", main, "confidence")
    style: BallotStyle = "one"
    for rule in (scenario.decision.by, scenario.decision.else_):
        if rule in ("approval", "cumulative"):
            style = "approval" if rule == "approval" else "cumulative"
            break
    question = scenario.question
    return ReplySpec(
        fields=fields,
        kind=question.kind if question is not None else None,
        choices=MappingProxyType(dict(question.choices) if question is not None else {}),
        ballot_style=style,
        extractors=round_.extractors or LIVE,
    )

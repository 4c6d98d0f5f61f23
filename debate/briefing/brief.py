"""The brief: everything one turn is given, as messages, with the recipe to make it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from debate.briefing.fencing import clean
from debate.briefing.labels import labels, voted_names
from debate.briefing.rendering import Plain, render
from debate.briefing.showing import Shown, as_text, grouped, show, total
from debate.briefing.templates import SUMMARY, Templates
from debate.briefing.visibility import Utterance, heard, remembered, summary_of
from debate.briefing.voted import renamed
from debate.graph.chance import Dice
from debate.graph.compiling import query_of
from debate.graph.turngraph import Turn, TurnGraph
from debate.models.port import Message
from debate.reply.asking import Mode, instructions
from debate.reply.reply import Reply
from debate.reply.spec import ReplySpec
from debate.scenario.asked import answers_of
from debate.scenario.cast import Member
from debate.scenario.hearing import Query
from debate.scenario.schema import Round, Scenario
from debate.transcript.events import HeardTurn, Recipe
from debate.transcript.state import State


@dataclass(frozen=True, slots=True)
class Brief:
    """What a turn is asked, and how that came about."""

    messages: tuple[Message, ...]
    recipe: Recipe
    prompt_hash: str
    heard: tuple[Utterance, ...]
    own: Reply | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """Writes the briefs of one run."""

    scenario: Scenario
    graph: TurnGraph
    templates: Templates
    members: Mapping[str, Member]
    seed: int

    def brief(self, turn: Turn, state: State, *, round_: Round, spec: ReplySpec, mode: Mode) -> Brief:
        """Render the prompt of ``turn`` from what has been said so far.

        Raises:
            debate.errors.PromptError: If a template fails on the data.
        """
        query = query_of(round_, turn.iteration)
        own = remembered(turn, self.graph, state)
        shown, said = self._shown(turn, state, query)
        template = SUMMARY if turn.serves is not None else self.templates.by_round[round_.name]
        data = self._data(turn, round_, shown, own, query, footer=instructions(spec, mode))
        messages = (
            Message("system", render(self.templates.system_for(template), self.templates.sources, data)),
            Message("user", render(template, self.templates.sources, data)),
        )
        recipe = Recipe(
            template=template,
            heard=tuple(_recorded(one) for one in shown if one.utterance.reply is not None),
            own=tuple(u.turn for u in own),
            mode=mode,
        )
        return Brief(messages, recipe, prompt_hash(messages), said, own[-1].reply if own else None)

    def labels_for(self, turn: Turn, state: State, round_: Round) -> tuple[str, ...]:
        """What those that ``turn`` hears are called in its prompt, each once, in the order they stand there."""
        shown, _ = self._shown(turn, state, query_of(round_, turn.iteration))
        return tuple(dict.fromkeys(one.label for one in shown if one.text))

    def fits(self, turn: Turn, state: State, round_: Round) -> tuple[int, int]:
        """Estimated tokens of what ``turn`` would hear uncut, and how many there may be."""
        query = query_of(round_, turn.iteration)
        assert query.budget is not None, "only what has a budget may not fit"
        said = heard(turn, self.graph, state)
        whole = query.model_copy(update={"budget": None})
        return total(self._as_shown(turn, said, whole)), query.budget.tokens

    def _shown(self, turn: Turn, state: State, query: Query) -> tuple[list[Shown], tuple[Utterance, ...]]:
        """What stands in the prompt: the summary where there is one, else the replies, cut where they must be."""
        summary = summary_of(turn, state)
        if summary is not None and summary.reply is not None:
            label = f"{summary.speaker}'s summary" if query.names == "shown" else "A summary"
            return [Shown(summary, label, summary.reply.text)], (summary,)
        said = heard(turn, self.graph, state)
        if turn.serves is not None:
            query = query.model_copy(update={"budget": None})
        return self._as_shown(turn, said, query), said

    def _as_shown(self, turn: Turn, said: Sequence[Utterance], query: Query) -> list[Shown]:
        """What was said as it stands in the prompt, by the names that the hearer is told."""
        known = self._labels(turn, said, query)
        everyone, me = tuple(self.members), turn.participant
        hearer = turn.serves or turn.id
        voted = voted_names(known, query.names, everyone=everyone, me=me, turn=hearer, dice=Dice(self.seed))
        called = [u._replace(reply=renamed(u.reply, voted)) if u.reply is not None else u for u in said]
        return show(called, known, query)

    def _labels(self, turn: Turn, said: Sequence[Utterance], query: Query) -> Mapping[str, str]:
        speakers = tuple(dict.fromkeys(u.speaker for u in said))
        hearer = turn.serves or turn.id
        return labels(speakers, query.names, everyone=tuple(self.members), turn=hearer, dice=Dice(self.seed))

    def _data(
        self, turn: Turn, round_: Round, shown: Sequence[Shown], own: Sequence[Utterance], query: Query, *, footer: str
    ) -> Mapping[str, Plain]:
        member = self.members[turn.participant]
        scenario = self.scenario
        mine = [Shown(u, "You", "" if u.reply is None else as_text(u.reply, None)) for u in own]
        return {
            "me": {
                "id": member.id,
                "role": member.role,
                "side": side_of(turn, member, round_, self.members, self.graph),
                "persona": _cleaned(member.persona),
                "private": _cleaned(member.private),
            },
            "motion": _cleaned(scenario.motion),
            "question": _question(scenario),
            "context": _cleaned(scenario.context) if isinstance(scenario.context, str) else None,
            "round": {
                "name": round_.name,
                "iteration": turn.iteration,
                "of": round_.repeat.up_to if round_.repeat is not None else 1,
            },
            "given": dict(round_.given),
            "heard": [_said(one) for one in shown if not one.dropped],
            "left_out": sum(one.dropped for one in shown),
            "groups": [
                {
                    "answer": None if group.answer is None else clean(group.answer),
                    "size": len(group.members),
                    "heard": [_said(one) for one in group.members if not one.dropped],
                }
                for group in grouped([one for one in shown if not one.silent], answers_of(scenario))
            ]
            if query.group_by is not None
            else None,
            "own": [_said(one) for one in mine],
            "footer": footer,
        }


def side_of(turn: Turn, member: Member, round_: Round, members: Mapping[str, Member], graph: TurnGraph) -> str | None:
    """The side a participant argues in this turn: its own, or the other one where sides are swapped."""
    if member.side is None or not round_.swap_sides:
        return member.side
    sides = {members[id_].side for id_ in graph.speakers[turn.round]} - {None, member.side}
    return next(iter(sides)) if len(sides) == 1 else member.side


def prompt_hash(messages: Sequence[Message]) -> str:
    """SHA-256 of the messages as canonical JSON."""
    canonical = json.dumps([list(message) for message in messages], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _question(scenario: Scenario) -> Plain:
    """The question as it may be shown: without the right answer."""
    if scenario.question is None:
        return None
    choices = [{"letter": letter, "text": clean(text)} for letter, text in scenario.question.choices.items()]
    return {"text": clean(scenario.question.text), "kind": scenario.question.kind, "choices": choices}


def _said(one: Shown) -> Plain:
    return {
        "label": one.label,
        "iteration": one.utterance.iteration,
        "quoted": one.quoted,
        "silent": one.silent,
        "blank": not one.text,
    }


def _recorded(one: Shown) -> HeardTurn:
    return HeardTurn(turn=one.utterance.turn, label=one.label, cut=one.cut or None, dropped=one.dropped)

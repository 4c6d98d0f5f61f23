"""The brief: everything one turn is given, as messages, with the recipe to make it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from debate.briefing.fencing import clean, fence
from debate.briefing.rendering import Plain, render
from debate.briefing.templates import Templates
from debate.briefing.visibility import Names, Utterance, heard, label_of, remembered
from debate.graph.turngraph import Turn, TurnGraph
from debate.models.port import Message
from debate.reply.asking import instructions
from debate.reply.reply import Reply
from debate.reply.spec import ReplySpec
from debate.scenario.cast import Member
from debate.scenario.schema import Round, Scenario
from debate.transcript.events import HeardTurn, Recipe
from debate.transcript.state import State

Mode = Literal["text", "schema"]


@dataclass(frozen=True, slots=True)
class Brief:
    """What a turn is asked, and how that came about."""

    messages: tuple[Message, ...]
    recipe: Recipe
    prompt_hash: str
    heard: tuple[Utterance, ...]
    own: Reply | None


def brief(
    turn: Turn,
    *,
    member: Member,
    round_: Round,
    scenario: Scenario,
    graph: TurnGraph,
    state: State,
    templates: Templates,
    spec: ReplySpec,
    mode: Mode,
) -> Brief:
    """Render the prompt of ``turn`` from what has been said so far.

    Raises:
        debate.errors.PromptError: If a template fails on the data.
    """
    names: Names = round_.hears.names if round_.hears is not None else "shown"
    said = heard(turn, graph, state)
    own = remembered(turn, graph, state)
    template = templates.by_round[round_.name]
    data: Mapping[str, Plain] = {
        "me": {"id": member.id, "role": member.role, "side": member.side, "persona": _cleaned(member.persona)},
        "motion": _cleaned(scenario.motion),
        "question": _question(scenario),
        "context": _cleaned(scenario.context) if isinstance(scenario.context, str) else None,
        "round": {"name": round_.name, "iteration": turn.iteration, "of": round_.repeat.up_to if round_.repeat else 1},
        "heard": [_said(u, label_of(u.speaker, names)) for u in said],
        "own": [_said(u, "You") for u in own],
        "footer": instructions(spec, mode),
    }
    messages = (
        Message("system", render(templates.system_for(template), templates.sources, data)),
        Message("user", render(template, templates.sources, data)),
    )
    recipe = Recipe(
        template=template,
        heard=tuple(HeardTurn(turn=u.turn, label=label_of(u.speaker, names)) for u in said if u.reply is not None),
        own=tuple(u.turn for u in own),
        mode=mode,
    )
    return Brief(messages, recipe, prompt_hash(messages), said, own[-1].reply if own else None)


def prompt_hash(messages: Sequence[Message]) -> str:
    """SHA-256 of the messages as canonical JSON."""
    canonical = json.dumps([list(message) for message in messages], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _question(scenario: Scenario) -> Plain:
    if scenario.question is None:
        return None
    choices = [{"letter": letter, "text": clean(text)} for letter, text in scenario.question.choices.items()]
    return {"text": clean(scenario.question.text), "kind": scenario.question.kind, "choices": choices}


def _said(utterance: Utterance, label: str) -> Plain:
    """One utterance for a template; whatever was written by a participant arrives fenced."""
    shown = "" if utterance.reply is None else _shown(utterance.reply)
    quoted = fence(shown) if shown else ""
    return {"label": label, "iteration": utterance.iteration, "quoted": quoted, "silent": not shown}


def _shown(reply: Reply) -> str:
    """A reply as others read it: the argument, then what it stands for."""
    lines = [reply.text] if reply.text else []
    if reply.position is not None:
        lines.append(f"Position: {reply.position}")
    if reply.stance is not None:
        lines.append(f"Stance: {reply.stance.value.replace('_', ' ')}")
    if reply.answer is not None:
        lines.append(f"Answer: {reply.answer_written or reply.answer}")
    if reply.confidence is not None:
        lines.append(f"Confidence: {round(reply.confidence * 100)}")
    return "\n".join(lines)

"""What a schema cannot say: whether the names of a scenario mean something, and its parts fit together."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Final

from debate import assets
from debate.scenario.cast import Member, cast, named, speakers
from debate.scenario.files import own_file
from debate.scenario.keypath import KeyPath
from debate.scenario.mistakes import Mistake
from debate.scenario.roundchecks import check_rounds
from debate.scenario.schema import FileText, Round, Scenario
from debate.scenario.shape import nearest
from debate.scenario.topologychecks import check_topology

PARTICIPANTS_LIMIT: Final = 1000
"""In one debate, clones counted."""

TURNS_LIMIT: Final = 100_000
"""In one debate, every repeat counted. A file of somebody else's must not be able to fill the memory."""

RULES: Final = ("plurality", "majority")
"""What ``decision.by`` may be beside a participant."""

_RESERVED: Final = {
    "neighbours": "hears.from",
    "everyone": "hears",
    "nobody": "hears",
    "self": "hears.from",
    **dict.fromkeys(RULES, "decision.by"),
}


def check(scenario: Scenario) -> tuple[Mistake, ...]:
    """Every mistake in a scenario whose schema is right. Reads the scenario's folder, and nothing else."""
    total = sum(participant.count for participant in scenario.participants.values())
    if total > PARTICIPANTS_LIMIT:
        return (Mistake(("participants",), f"{total} participants, the limit is {PARTICIPANTS_LIMIT}; lower a count"),)
    members = cast(scenario)
    return (
        *_asked(scenario),
        *_participants(scenario),
        *_files(scenario),
        *check_topology(scenario.graph, members, ("graph",)),
        *check_rounds(scenario, members),
        *_turns(scenario, members),
        *_decision(scenario, members),
        *_failure(scenario),
        *_consensus(scenario),
    )


def _asked(scenario: Scenario) -> Iterator[Mistake]:
    question = scenario.question
    if question is None:
        return
    if question.kind not in {"choice", "set"}:
        if question.choices:
            message = f"choices are given for a question of kind {question.kind}; write kind: choice, or drop them"
            yield Mistake(("question", "choices"), message, at_key=True)
        return
    if question.kind == "choice" and len(question.choices) < 2:  # noqa: PLR2004 - a choice is between two at least
        message = f"kind: choice needs two choices at least, found {len(question.choices)}; add choices: {{A: …, B: …}}"
        yield Mistake(("question", "choices"), message)
    for letter, text in question.choices.items():
        path: KeyPath = ("question", "choices", letter)
        if letter not in string.ascii_uppercase or len(letter) != 1:
            yield Mistake(path, f"expected a capital letter as the name of a choice, found {letter!r}", at_key=True)
        if not text.strip():
            yield Mistake(path, f"the choice {letter} is empty; say what it stands for")


def _participants(scenario: Scenario) -> Iterator[Mistake]:
    roles = {participant.role for participant in scenario.participants.values()}
    tiers = {*scenario.models, *(r.tier for r in scenario.rounds if r.tier), scenario.failure.substitute}
    for id_, participant in scenario.participants.items():
        path: KeyPath = ("participants", id_)
        if id_ in roles:
            yield Mistake(path, f"{id_!r} is a participant and a role; rename one of them", at_key=True)
        if id_ in _RESERVED:
            yield Mistake(path, f"{id_!r} has a meaning of its own in {_RESERVED[id_]}; rename it", at_key=True)
        if participant.role in _RESERVED:
            where = _RESERVED[participant.role]
            yield Mistake((*path, "role"), f"{participant.role!r} has a meaning of its own in {where}; choose another")
        yield from _side(scenario, participant.side, (*path, "side"))
        for tier in participant.models:
            if tier not in tiers:
                known = tuple(scenario.models)
                mend = nearest(tier, known) or f"; tiers are {', '.join(known)}"
                yield Mistake((*path, "models", tier), f"no round uses a tier {tier!r}{mend}", at_key=True)


def _side(scenario: Scenario, side: str | None, path: KeyPath) -> Iterator[Mistake]:
    if side is None or scenario.is_template:
        return
    question = scenario.question
    if question is None:
        known: tuple[str, ...] = ("for", "against")
    elif question.kind == "choice":
        known = tuple(question.choices)
    else:
        yield Mistake(path, f"a question of kind {question.kind} has no sides, found {side!r}; remove it", at_key=True)
        return
    if side not in known:
        yield Mistake(path, f"expected {' or '.join(known)} as a side, found {side!r}{nearest(side, known)}")


def _files(scenario: Scenario) -> Iterator[Mistake]:
    if isinstance(scenario.context, FileText):
        yield from _file(scenario, scenario.context.file, ("context", "file"))
    for index, round_ in enumerate(scenario.rounds):
        path: KeyPath = ("rounds", index, "prompt")
        if round_.prompt is None:
            continue
        if round_.prompt.startswith("./"):
            yield from _file(scenario, round_.prompt, path)
        elif round_.prompt not in (known := assets.list_prompts()):
            own = f"; there are {', '.join(known)}, and your own as ./name{assets.PROMPT_SUFFIX}"
            yield Mistake(path, f"there is no prompt {round_.prompt!r}{nearest(round_.prompt, known) or own}")


def _file(scenario: Scenario, name: str, path: KeyPath) -> Iterator[Mistake]:
    try:
        own_file(scenario.folder, name)
    except ValueError as error:
        yield Mistake(path, str(error))


def _turns(scenario: Scenario, members: tuple[Member, ...]) -> Iterator[Mistake]:
    total = sum(len(speakers(r, members)) * (r.repeat.up_to if r.repeat else 1) for r in scenario.rounds)
    if total > TURNS_LIMIT:
        yield Mistake(("rounds",), f"up to {total} turns, the limit is {TURNS_LIMIT}; repeat less")


def _decision(scenario: Scenario, members: tuple[Member, ...]) -> Iterator[Mistake]:
    decision = scenario.decision
    heard = [speakers(round_, members) for round_ in scenario.rounds]
    rules = [("by", decision.by)] + ([("else", decision.else_)] if decision.else_ is not None else [])
    for key, rule in rules:
        path: KeyPath = ("decision", key)
        if rule in RULES:
            yield from _voters(scenario, members, path)
            continue
        meant = named([rule], members)
        if not meant:
            known = (*RULES, *(member.id for member in members))
            mend = nearest(rule, known) or f"; expected {', '.join(RULES)} or a participant"
            yield Mistake(path, f"there is no rule or participant {rule!r}{mend}")
        elif meant[0].id != rule:
            ids = ", ".join(member.id for member in meant)
            yield Mistake(path, f"expected one participant who decides, {rule!r} means {ids}; name one of them")
        elif not any(meant[0] in spoken or not spoken for spoken in heard):
            # A round without speakers has a misspelt name, which is said there.
            yield Mistake(path, f"{rule!r} is to decide but speaks in no round; add a round with who: {rule}")
    if decision.else_ is not None and decision.else_ == decision.by:
        yield Mistake(("decision", "else"), f"by and else are both {decision.by!r}; drop else, or name another rule")


def _voters(scenario: Scenario, members: tuple[Member, ...], path: KeyPath) -> Iterator[Mistake]:
    """A vote needs somebody without a side who is asked for what is voted on."""
    deciders = {rule for rule in (scenario.decision.by, scenario.decision.else_) if rule is not None}
    voters = [m for m in members if m.side is None and m.id not in deciders]
    asking = [r for r in scenario.rounds if any(member in voters for member in speakers(r, members))]
    if not voters:
        yield Mistake(path, "nobody can vote, as every participant is told a side; name a participant without one")
    elif asking and not any(_asks_for_ballot(scenario, round_) for round_ in asking):
        ballot = "stance" if scenario.motion is not None else "answer"
        yield Mistake(path, f"nobody is asked for a {ballot} to vote with; add it to a round's reply")


def _asks_for_ballot(scenario: Scenario, round_: Round) -> bool:
    if round_.reply is None:
        return True
    ballots = {"stance", "answer"} if scenario.is_template else {"stance" if scenario.motion is not None else "answer"}
    return bool(ballots & set(round_.reply))


def _failure(scenario: Scenario) -> Iterator[Mistake]:
    failure = scenario.failure
    tiers = {*scenario.models, *(tier for p in scenario.participants.values() for tier in p.models)}
    if failure.turn == "substitute" and failure.substitute is None:
        yield Mistake(("failure", "turn"), "turn: substitute needs a tier that speaks instead; add substitute: TIER")
    if failure.substitute is not None and failure.turn != "substitute":
        message = f"substitute is given but turn is {failure.turn!r}; write turn: substitute, or drop it"
        yield Mistake(("failure", "substitute"), message, at_key=True)
    elif failure.substitute is not None and failure.substitute not in tiers:
        known = tuple(sorted(tiers))
        mend = nearest(failure.substitute, known) or f"; tiers are {', '.join(known)}"
        yield Mistake(("failure", "substitute"), f"there is no tier {failure.substitute!r}{mend}")


def _consensus(scenario: Scenario) -> Iterator[Mistake]:
    method = scenario.consensus.method
    if method == "stance" and scenario.question is not None:
        yield Mistake(("consensus", "method"), "stances are taken on a motion, and this is a question; use answer")
    if method == "answer" and scenario.motion is not None:
        yield Mistake(("consensus", "method"), "answers are given to a question, and this is a motion; use stance")


__all__ = ["PARTICIPANTS_LIMIT", "RULES", "TURNS_LIMIT", "check"]

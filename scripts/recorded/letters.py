"""DyLAN's MMLU records: does its stop rule explain which agents were never asked?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from debate.decision.stopping import Facts, Standing, evaluate
from debate.reply.reading import read
from debate.reply.spec import ReplySpec
from debate.scenario.conditions import ShareReached
from recorded.corpus import Report, Row, lines, percent

LETTER = ReplySpec(
    fields=("answer",), kind="choice", choices={key: key for key in "ABCD"}, extractors=("last_mention",)
)
"""The last bracketed option letter, as the records were made."""
RULE = ShareReached(share=0.67)
"""More than ⌊2N/3⌋ of the N agents, for N from 2 to 4."""
KEPT = 2
"""Agents that a ranker keeps for the third round when there are more than three."""
EXPECTED = {2: 97.8, 3: 98.4, 4: 97.5}
TEXTS = {2: 2.831, 3: 4.900, 4: 4.319}

Texts = list[list[str | None]]
"""[agent][round]."""


class Asked(NamedTuple):
    """One round: who spoke, who could have, and whether another round followed."""

    answers: list[str | None]
    of: int
    followed: bool


def report(folder: Path) -> Report:
    """The share of questions for which some speaking order makes the rule stop exactly where the record does."""
    rows, differences = [], []
    for agents, expected in EXPECTED.items():
        total = explained = texts = 0
        why: Counter[str] = Counter()
        for record in lines(folder / "DyLAN" / f"mmlu_optimal7_{agents}.jsonl.gz"):
            questions = record["completions"]
            assert isinstance(questions, list)
            for number, question in enumerate(questions):
                total += 1
                texts += sum(text is not None for agent in question for text in agent)
                problem = unexplained(question)
                explained += problem is None
                if problem is not None:
                    why[problem] += 1
                    differences.append(f"{agents} agents, {record['subject']} question {number}: {problem}")
        share = percent(explained, total)
        rows += [
            Row(
                f"DyLAN MMLU, {agents} agents: nulls explained",
                total,
                f"{share:.1f} %",
                f"≥ 97 % (last letter: {expected} %)",
                share >= 97,
            ),
            Row(
                f"DyLAN MMLU, {agents} agents: texts per question",
                total,
                f"{texts / total:.3f}",
                f"{TEXTS[agents]:.3f}",
                f"{texts / total:.3f}" == f"{TEXTS[agents]:.3f}",
            ),
            *(Row(f"    not explained: {reason}", count, "", "", None) for reason, count in why.most_common()),
        ]
    return Report(rows, differences)


def unexplained(question: Texts) -> str | None:
    """Why no speaking order makes the rule stop exactly where the record does; None if one does."""
    for number, asked in enumerate(_rounds(question)):
        if not asked.answers:
            return None
        order = _order(asked.answers)
        fired = _fires_after(order, asked.of)
        spoken = len(order)
        if asked.followed and (fired is not None or spoken < asked.of):
            return f"round {number + 1} agreed, yet another followed"
        if asked.followed or (number == 2 and fired is None and spoken == asked.of):
            continue
        if fired is None:
            readable = sum(answer is not None for answer in order)
            seen = "nobody gave a letter" if not readable else "too few gave the same letter"
            return f"round {number + 1} ended the debate, though {seen}"
        if fired < spoken:
            return f"round {number + 1} agreed in any order before its last text"
        return None
    return None


def _rounds(question: Texts) -> list[Asked]:
    rounds = []
    for number in range(3):
        texts = [agent[number] for agent in question if agent[number] is not None]
        followed = number < 2 and any(agent[number + 1] is not None for agent in question)
        of = KEPT if number == 2 and len(question) > 3 else len(question)
        rounds.append(Asked([read(text or "", LETTER).reply.answer for text in texts], of, followed))
    return rounds


def _order(answers: list[str | None]) -> list[str | None]:
    """The order that reaches agreement as late as any: who holds the commonest letter speaks last."""
    commonest = Counter(answer for answer in answers if answer is not None).most_common(1)
    last = commonest[0][0] if commonest else None
    return sorted(answers, key=lambda answer: answer is not None and answer == last)


def _fires_after(order: list[str | None], of: int) -> int | None:
    """After how many replies the rule holds, reading the prefix as the engine does; None if it never does."""
    names = tuple(str(index) for index in range(of))
    for spoken in range(1, len(order) + 1):
        held = {name: answer for name, answer in zip(names, order[:spoken], strict=False) if answer is not None}
        now = Standing(expected=names, positions=held, finished=spoken == of)
        if evaluate(RULE, Facts(standings=(now,))).holds:
            return spoken
    return None

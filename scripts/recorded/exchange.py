"""Exchange-of-Thought: majorities of the three first answers, in eight sets."""

from __future__ import annotations

import re
from pathlib import Path

from debate.decision.ballots import Ballot
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule
from debate.reply.answers import canonical
from debate.reply.reading import read
from debate.reply.spec import Extractor, ReplySpec
from recorded.corpus import Report, Row, lines, percent

EXTRACTORS: tuple[Extractor, ...] = ("patterns", "last_mention")
MAJORITY = Decision(by=Rule(name="majority"))


def report(folder: Path) -> Report:
    """For each set: how often a majority exists, and how often it is right."""
    rows, differences = [], []
    for path in sorted((folder / "EoT").glob("*.jsonl.gz")):
        name = path.name.split("_")[1]
        right = decided = total = unread = 0
        for record in lines(path):
            total += 1
            spec = _spec(name, str(record["question"]))
            texts = record["response_list"]
            assert isinstance(texts, list)
            answers = [read(text, spec).reply.answer for text in texts]
            unread += sum(answer is None for answer in answers)
            verdict = decide(MAJORITY, Material(ballots=_ballots(answers)))
            decided += verdict.answer is not None
            gold = canonical(str(record["answer"]), spec)
            right += verdict.answer is not None and verdict.answer == gold
            if gold is None:
                differences.append(f"{name}: gold {record['answer']!r} unreadable")
            if None in answers:
                differences += [
                    f"{name}: unread {t[-120:]!r}" for t, a in zip(texts, answers, strict=True) if a is None
                ]
        rows.append(
            Row(
                f"EoT {name}: first-answer majority right",
                total,
                f"{percent(right, total):.1f} % (majority in {decided}, {unread} of {total * 3} unread)",
                "",
                None,
            )
        )
    return Report(rows, differences)


def _spec(name: str, question: str) -> ReplySpec:
    options = re.findall(r"\(([A-J])\)\s*(.*?)\s*(?=\([A-J]\)|$)", question.rpartition("Answer Choices:")[2], re.DOTALL)
    if name == "StrategyQA":
        return ReplySpec(
            fields=("answer",), kind="choice", choices={"yes": "yes", "no": "no"}, extractors=("patterns",)
        )
    if name in {"AQuA", "CSQA"}:
        return ReplySpec(fields=("answer",), kind="choice", choices=dict(options), extractors=EXTRACTORS)
    return ReplySpec(fields=("answer",), kind="number", extractors=EXTRACTORS)


def _ballots(answers: list[str | None]) -> tuple[Ballot, ...]:
    return tuple(
        Ballot(participant=str(index), choice=answer, reason=None if answer is not None else "unreadable")
        for index, answer in enumerate(answers)
    )

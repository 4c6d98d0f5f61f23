"""DyLAN's MATH records: majority votes of the first round and of the last round's speakers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from debate.decision.ballots import Ballot
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule
from debate.reply.expressions import expression_key
from debate.reply.reading import read
from debate.reply.spec import ReplySpec
from recorded.authors import authors_form
from recorded.corpus import Report, Row, lines, percent

AS_RECORDED = ReplySpec(fields=("answer",), kind="expression", extractors=("boxed", "last_number"))
"""As the authors read: the last box, else the last number."""
STATED = ReplySpec(fields=("answer",), kind="expression", extractors=("patterns", "last_mention"))
"""As this package reads running text: what it states as its answer, else the last formula or number."""

PLURALITY = Decision(by=Rule(name="plurality"), tie="lot", abstain="ignored")
WITHIN = 0.7
SETS = {"math_cot": (35.4, 36.5), "math_complex": (54.2, 53.9)}
"""Per cent right by the majority of the first round, and of the last round's speakers."""

Same = Callable[[str], str | None]
"""A form in which equal answers are equal strings."""


def report(folder: Path) -> Report:
    """Votes under the authors' equality and under ours, with every problem on which the two differ."""
    rows: list[Row] = []
    differences: list[str] = []
    for name, expected in SETS.items():
        problems = list(lines(folder / "DyLAN" / f"{name}.jsonl.gz"))
        ours: Same = lru_cache(maxsize=None)(expression_key)
        for reading, spec in (("as recorded", AS_RECORDED), ("as stated", STATED)):
            votes = [_rounds(problem["agents"], spec) for problem in problems]
            golds = [str(problem["gt"]) for problem in problems]
            for column, when in enumerate(("first round", "last round's speakers")):
                theirs = [_right(vote[column], gold, authors_form) for vote, gold in zip(votes, golds, strict=True)]
                own = [_right(vote[column], gold, ours) for vote, gold in zip(votes, golds, strict=True)]
                for equality, flags in (("the authors' equality", theirs), ("our equality", own)):
                    found, compared = percent(sum(flags), len(flags)), name == "math_cot" and equality != "our equality"
                    rows.append(
                        Row(
                            f"{name}, {when}, read {reading}, {equality}",
                            len(flags),
                            f"{found:.1f} %",
                            f"{expected[column]:.1f} %" + (f" ± {WITHIN}" if compared and spec is AS_RECORDED else ""),
                            abs(found - expected[column]) <= WITHIN if compared and spec is AS_RECORDED else None,
                        )
                    )
                if spec is AS_RECORDED and name == "math_cot":
                    for number, (problem, their, mine) in enumerate(zip(problems, theirs, own, strict=True)):
                        if their != mine:
                            flag = "right" if mine else "wrong"
                            answers, gold = votes[number][column], golds[number]
                            differences.append(
                                f"{name} {when}, problem {number} ({problem['file']}): {flag} by our equality only: "
                                f"answers {answers}, gold {gold!r}"
                            )
    return Report(rows, differences)


def _rounds(agents: object, spec: ReplySpec) -> tuple[list[str | None], list[str | None]]:
    assert isinstance(agents, list)
    last = max(len(texts) for texts in agents)
    first_texts = [texts[0] for texts in agents if texts]
    last_texts = [texts[-1] for texts in agents if len(texts) == last]
    return [_answer(text, spec) for text in first_texts], [_answer(text, spec) for text in last_texts]


def _answer(text: str | None, spec: ReplySpec) -> str | None:
    return read(text, spec).reply.answer_written if text is not None else None


def _right(answers: list[str | None], gold: str, same: Same) -> bool:
    """Whether the plurality answer is the gold one; an unreadable reply is an abstention, a tie is drawn by lot.

    A choice is named after the first who made it, so that the same tie gives the same lot under either equality.
    """
    forms = [None if answer is None else same(answer) for answer in answers]
    ballots = tuple(
        Ballot(participant=str(index), choice=None if form is None else str(forms.index(form)), reason="unreadable")
        for index, form in enumerate(forms)
    )
    winner = decide(PLURALITY, Material(ballots=ballots)).answer
    return winner is not None and forms[int(winner)] == same(gold)

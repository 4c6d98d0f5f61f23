"""How heard replies stand in a prompt: which fields, in what order, grouped, and cut to a budget. Pure.

Whatever a participant wrote is fenced here, so that no template can forget it. Each cut is visible to the hearer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, get_args

from debate.briefing.fencing import fence
from debate.briefing.visibility import Utterance
from debate.reply.answers import shared_names
from debate.reply.reply import Reply
from debate.reply.spec import ReplySpec
from debate.scenario.hearing import Query, ShownField, TokenBudget

BYTES_PER_TOKEN: Final = 4
"""UTF-8 bytes taken for one token."""

CUT: Final = "[… cut here: {left} more characters]"


@dataclass(frozen=True, slots=True)
class Shown:
    """One reply as it stands in a prompt."""

    utterance: Utterance
    label: str
    text: str
    """What is shown of it, not yet fenced; empty when the speaker gave no reply."""
    cut: int = 0
    """Characters left out of it."""
    dropped: bool = False
    """Whether it is left out whole."""

    @property
    def quoted(self) -> str:
        """The text behind its fence, with a mark where it was cut."""
        mark = "\n" + CUT.format(left=self.cut) if self.cut and not self.dropped else ""
        return fence(self.text + mark) if self.text else ""

    @property
    def silent(self) -> bool:
        """Whether its speaker said nothing at all, rather than nothing of what is shown."""
        return not self.text and (self.utterance.reply is None or not as_text(self.utterance.reply, None))

    @property
    def tokens(self) -> int:
        """Estimated tokens of the text."""
        return tokens_of(self.text)


def tokens_of(text: str) -> int:
    """Estimated tokens of a text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def show(utterances: Sequence[Utterance], labels: Mapping[str, str], query: Query) -> list[Shown]:
    """The replies as they are shown, within the query's budget, in the order in which they stand in the prompt."""
    shown = [Shown(u, labels[u.speaker], "" if u.reply is None else as_text(u.reply, query.fields)) for u in utterances]
    if query.budget is not None and total(shown) > query.budget.tokens:
        shown = _dropped(shown, query.budget) if query.budget.then == "drop" else _truncated(shown, query.budget)
    if query.names == "shuffled":
        # By letter, Z before AA; what one speaker said stays in its order.
        shown.sort(key=lambda one: (len(one.label), one.label))
    return shown


def total(shown: Sequence[Shown]) -> int:
    """Estimated tokens of everything that is shown."""
    return sum(one.tokens for one in shown if not one.dropped)


def as_text(reply: Reply, fields: Sequence[ShownField] | None) -> str:
    """A reply as others read it: the argument, then what it stands for; only ``fields`` where they are given."""
    wanted = fields if fields is not None else get_args(ShownField)
    lines: dict[ShownField, str | None] = {
        "text": reply.text or None,
        "critique": f"Objection: {reply.critique}" if reply.critique is not None else None,
        "position": f"Position: {reply.position}" if reply.position is not None else None,
        "stance": f"Stance: {reply.stance.value.replace('_', ' ')}" if reply.stance is not None else None,
        "answer": f"Answer: {reply.answer_written or reply.answer}" if reply.answer is not None else None,
        "confidence": f"Confidence: {round(reply.confidence * 100)}" if reply.confidence is not None else None,
        "agreement": f"Agreement: {reply.agreement}" if reply.agreement is not None else None,
        "ballot": f"Ballot: {_points(reply.ballot)}" if reply.ballot is not None else None,
        "ranking": f"Ranking: {' > '.join(reply.ranking)}" if reply.ranking is not None else None,
        "scores": f"Scores: {_points(reply.scores)}" if reply.scores is not None else None,
    }
    return "\n".join(line for name, line in lines.items() if name in wanted and line is not None)


def _points(given: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={points:g}" for name, points in given.items())


def _truncated(shown: list[Shown], budget: TokenBudget) -> list[Shown]:
    """Every reply cut to an equal part; what short ones leave goes to the long ones."""
    left, waiting = budget.tokens, sorted(one.tokens for one in shown if one.text)
    share = left
    for place, size in enumerate(waiting):
        share = left // (len(waiting) - place)
        if size > share:
            break
        left -= size
    return [_cut_to(one, share) for one in shown]


def _cut_to(one: Shown, tokens: int) -> Shown:
    """The first so many tokens of a reply; one of which nothing is left is dropped, and not taken for silent."""
    if one.tokens <= tokens:
        return one
    kept = one.text.encode("utf-8", "replace")[: tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
    if not kept:
        return _left_out(one)
    return replace(one, text=kept, cut=len(one.text) - len(kept))


def _left_out(one: Shown) -> Shown:
    return replace(one, cut=len(one.text), dropped=True)


def _dropped(shown: list[Shown], budget: TokenBudget) -> list[Shown]:
    """The oldest replies left out until the rest fits; the last one is cut if it alone is too long."""
    kept = list(shown)
    said = [place for place, one in enumerate(shown) if one.text]
    for place in said[:-1]:
        if total(kept) <= budget.tokens:
            return kept
        kept[place] = _left_out(kept[place])
    kept[said[-1]] = _cut_to(kept[said[-1]], budget.tokens)
    return kept


def group_key(reply: Reply | None) -> str | None:
    """What replies are grouped by: the answer, else the side of the stance; None for neither."""
    if reply is None:
        return None
    if reply.answer is not None:
        return reply.answer
    return reply.stance.ballot if reply.stance is not None else None


@dataclass(frozen=True, slots=True)
class Group:
    """Replies that answer the same."""

    answer: str | None
    members: tuple[Shown, ...]


def grouped(shown: Sequence[Shown], answers: ReplySpec) -> list[Group]:
    """The replies by what they answer, the largest group first; those without an answer last. No group is left out."""
    keys = [group_key(one.utterance.reply) for one in shown]
    names = shared_names((key for key in keys if key is not None), answers)
    groups: dict[str | None, list[Shown]] = {}
    for one, key in zip(shown, keys, strict=True):
        groups.setdefault(None if key is None else names[key], []).append(one)
    ordered = sorted(groups.items(), key=lambda item: (item[0] is None, -len(item[1])))
    return [Group(answer, tuple(members)) for answer, members in ordered]

"""Whether those a condition listens to are asked for what it listens for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from debate.scenario.cast import Member, speakers
from debate.scenario.conditions import Condition, ConfidenceReached, SaysStop, leaves
from debate.scenario.keypath import KeyPath
from debate.scenario.mistakes import Mistake
from debate.scenario.schema import Round


def check_stated(
    condition: Condition, steps: Sequence[Round], members: Sequence[Member], path: KeyPath
) -> Iterator[Mistake]:
    """Whether who is to say stop, or to claim a confidence, is asked for it in one of ``steps``."""
    for leaf in leaves(condition):
        if isinstance(leaf, SaysStop):
            who, field = leaf.says_stop, "stop"
        elif isinstance(leaf, ConfidenceReached) and leaf.of is not None:
            who, field = leaf.of, "confidence"
        else:
            continue
        if not any(member.id == who for member in members):
            continue
        asking = [step for step in steps if any(member.id == who for member in speakers(step, members))]
        if not any(_asks(step, field) for step in asking):
            message = f"{who} is asked for no {field} up to here; add {field} to the reply of a round of its own"
            yield Mistake(path, message)


def _asks(step: Round, field: str) -> bool:
    return field in step.reply if step.reply is not None else field == "confidence"

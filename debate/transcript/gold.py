"""Whether a verdict is right, where the scenario says what the right answer is. Nobody was shown it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import JsonValue, TypeAdapter, ValidationError

from debate.reply.answers import equivalent
from debate.reply.reply import QuestionKind
from debate.reply.spec import ReplySpec

_KIND: TypeAdapter[QuestionKind] = TypeAdapter(QuestionKind)


def is_correct(scenario: Mapping[str, JsonValue], answer: str | None) -> bool | None:
    """Whether ``answer`` is the right one; without any answer it is not.

    Args:
        scenario: As the transcript's header holds it.
        answer: The verdict's.

    Returns:
        None where the scenario has no right answer.
    """
    question = scenario.get("question")
    gold = question.get("gold") if isinstance(question, dict) else None
    if not isinstance(question, dict) or not isinstance(gold, str):
        return None
    choices = question.get("choices")
    known = {letter: str(text) for letter, text in choices.items()} if isinstance(choices, dict) else {}
    try:
        kind = _KIND.validate_python(question.get("kind", "open"))
    except ValidationError:
        return None  # a forged header; whoever runs it is told so
    spec = ReplySpec(fields=("answer",), kind=kind, choices=MappingProxyType(known))
    return answer is not None and equivalent(answer, gold, spec)

"""What an answer to a scenario's question is."""

from __future__ import annotations

from types import MappingProxyType

from debate.reply.spec import ReplySpec
from debate.scenario.schema import Scenario


def answers_of(scenario: Scenario) -> ReplySpec:
    """The spec by which two answers in a debate are told to be the same, whatever round they were given in."""
    question = scenario.question
    if question is None:
        return ReplySpec(fields=("stance",))
    return ReplySpec(fields=("answer",), kind=question.kind, choices=MappingProxyType(dict(question.choices)))

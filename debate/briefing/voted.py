"""Votes about speakers: from what a voter was told they are called to who they are, and to what a hearer calls them.

Pure. A vote is written on the labels of the voter's own prompt; anybody else is told of it in other words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from debate.graph.turngraph import TurnGraph
from debate.reply.reply import Reply
from debate.transcript.state import TurnState

OWN: Final = "yourself"
"""What a voter is called in its own prompt, where it may vote for itself."""


def by_participant(reply: Reply, known: TurnState, graph: TurnGraph) -> Reply:
    """A reply whose ballot, ranking and scores name participants where its turn was told labels."""
    asked = known.asked[1]
    names = {one.label: graph.turns[one.turn].participant for one in asked.recipe.heard}
    return renamed(reply, {OWN: graph.turns[asked.turn].participant, **names})


def renamed(reply: Reply, names: Mapping[str, str]) -> Reply:
    """A reply whose ballot, ranking and scores use other names; options that have none stay as they are."""
    changes: dict[str, object] = {}
    if reply.ballot is not None:
        changes["ballot"] = {names.get(name, name): points for name, points in reply.ballot.items()}
    if reply.ranking is not None:
        changes["ranking"] = tuple(names.get(name, name) for name in reply.ranking)
    if reply.scores is not None:
        changes["scores"] = {names.get(name, name): score for name, score in reply.scores.items()}
    return reply.model_copy(update=changes) if changes else reply

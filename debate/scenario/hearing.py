"""Queries over what was said: which replies a turn is given to read, and how."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from debate.scenario.base import Part
from debate.scenario.topology import PlainTopology, Topology, TopologyField, TopologyName

Names = Literal["shown", "alias", "shuffled", "hidden"]
"""How a hearer is told who said what.

``shown``: by id. ``alias``: by a letter, the same for a speaker throughout the run. ``shuffled``: by a letter drawn
anew for each turn, the replies in that order. ``hidden``: not at all.
"""

ShownField = Literal[
    "text",
    "position",
    "stance",
    "answer",
    "confidence",
    "critique",
    "agreement",
    "ballot",
    "ranking",
    "scores",
]
"""A part of a reply that can be shown to others."""


class LastRounds(Part):
    """The latest ``last`` replies of each speaker."""

    last: Annotated[int, Field(ge=1)]
    """How many."""


class Summarise(Part):
    """Have a participant sum up what does not fit."""

    summarise: str
    """A participant's id. Its summary is a turn of its own, held only when it is needed."""


class TokenBudget(Part):
    """How much of what is heard may be shown, and what happens to the rest. Each cut is visible to the hearer."""

    tokens: Annotated[int, Field(ge=50)]
    """Estimated at four UTF-8 bytes a token."""
    then: Literal["truncate", "drop"] | Summarise = "truncate"
    """``truncate``: each reply is cut to an equal part; ``drop``: the oldest replies are left out."""


def tuple_from_word(value: object) -> object:
    """A single word as the list it stands for."""
    return (value,) if isinstance(value, str) else value


class Query(Part):
    """Which replies a turn is given to read."""

    from_: Annotated[
        tuple[str, ...], BeforeValidator(tuple_from_word, json_schema_input_type=str | tuple[str, ...])
    ] = Field(default=("neighbours",), alias="from")
    """``neighbours`` (along the graph), ``everyone``, ``self``, roles or ids; nobody when empty."""
    graph: TopologyField | None = None
    """The topology that ``neighbours`` follows here; the scenario's by default."""
    rounds: LastRounds | str = "last"
    """``last`` (the speaker's latest reply), ``all``, the last few, or the name of one round."""
    fields: Annotated[tuple[ShownField, ...], Field(min_length=1)] | None = None
    """Which parts of a reply are shown; all by default."""
    same_round: bool = False
    """With an order in which they speak one by one: hear those who spoke earlier in the same iteration too."""
    names: Names = "shown"
    """Whether the hearer is told who said what."""
    group_by: Literal["answer"] | None = None
    """Show replies by what they answer, with how many hold each; every group, however many there are."""
    budget: TokenBudget | None = None
    """How much may be shown."""

    @property
    def summariser(self) -> str | None:
        """Who sums up what does not fit, when somebody does."""
        then = self.budget.then if self.budget is not None else None
        return then.summarise if isinstance(then, Summarise) else None


def _query_from_short(value: object) -> object:
    """``nobody``, ``everyone``, or a topology's name or mapping, as the query they stand for."""
    if value == "nobody":
        return {"from": []}
    if value == "everyone":
        return {"from": ["everyone"]}
    if isinstance(value, str):
        return {"from": ["neighbours"], "graph": value}
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in get_args(TopologyName):
        return {"from": ["neighbours"], "graph": value}
    return value


HearsField = Annotated[
    Query,
    BeforeValidator(
        _query_from_short, json_schema_input_type=Literal["nobody", "everyone"] | PlainTopology | Topology | Query
    ),
]
"""``nobody``, ``everyone``, a topology, or a query."""

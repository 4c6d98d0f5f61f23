"""Who hears whom: topologies on participants, and queries over what was said."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from debate.scenario.base import Part

TopologyName = Literal["complete", "ring", "star", "edges"]
"""The topologies there are."""

PlainTopology = Literal["complete", "ring", "star"]
"""Those that need no parameters and may be written as a word."""


class Complete(Part):
    """Everyone hears everyone."""


class Ring(Part):
    """Each hears the ``k`` before it in the order of the file; with ``both`` also the ``k`` after."""

    k: Annotated[int, Field(ge=1)] = 1
    both: bool = False


class Star(Part):
    """The hub hears all, and all hear the hub."""

    hub: str | None = None
    """The participant in the middle; the first one by default."""


def _empty_for_null(value: object) -> object:
    return {} if value is None else value


class Topology(Part):
    """A directed graph on participants; an edge ``u → v`` means v hears u. Exactly one key."""

    complete: Annotated[Complete, BeforeValidator(_empty_for_null)] | None = None
    ring: Annotated[Ring, BeforeValidator(_empty_for_null)] | None = None
    star: Annotated[Star, BeforeValidator(_empty_for_null)] | None = None
    edges: tuple[tuple[str, str], ...] | None = None
    """Pairs ``[speaker, hearer]``."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Topology:
        if len(self.model_fields_set) != 1:
            names = ", ".join(get_args(TopologyName))
            raise ValueError(f"expected one topology of {names}, found {len(self.model_fields_set)}")
        return self

    @property
    def name(self) -> TopologyName:
        """Which topology this is."""
        return next(name for name in get_args(TopologyName) if name in self.model_fields_set)


def _topology_from_word(value: object) -> object:
    return {value: {}} if isinstance(value, str) else value


TopologyField = Annotated[
    Topology, BeforeValidator(_topology_from_word, json_schema_input_type=PlainTopology | Topology)
]
"""A topology as a word, or with its parameters."""


class LastRounds(Part):
    """The latest ``last`` replies of each speaker."""

    last: Annotated[int, Field(ge=1)]


def _tuple_from_word(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Query(Part):
    """Which replies a turn is given to read."""

    from_: Annotated[
        tuple[str, ...], BeforeValidator(_tuple_from_word, json_schema_input_type=str | tuple[str, ...])
    ] = Field(default=("neighbours",), alias="from")
    """``neighbours`` (along the graph), ``everyone``, ``self``, roles or ids; nobody when empty."""
    graph: TopologyField | None = None
    """The topology that ``neighbours`` follows here; the scenario's by default."""
    rounds: LastRounds | str = "last"
    """``last`` (the speaker's latest reply), ``all``, the last few, or the name of one round."""
    same_round: bool = False
    """With a sequential order: hear those who spoke earlier in the same iteration too."""
    names: Literal["shown", "hidden"] = "shown"
    """Whether the hearer is told who said what."""


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

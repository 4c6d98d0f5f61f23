"""Topologies: directed graphs on participants, by name and parameters. An edge ``u → v`` means v hears u."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from debate.scenario.base import Part

TopologyName = Literal[
    "complete", "ring", "star", "chain", "tree", "layers", "bipartite", "random", "small_world", "edges"
]
"""The topologies there are."""

PlainTopology = Literal["complete", "ring", "star", "chain", "tree", "bipartite", "small_world"]
"""Those that need no parameters and may be written as a word."""

Probability = Annotated[float, Field(ge=0, le=1)]


class Complete(Part):
    """Everyone hears everyone."""


class Ring(Part):
    """Each hears the ``k`` before it in the order of the file; with ``both`` also the ``k`` after."""

    k: Annotated[int, Field(ge=1)] = 1
    """How many before it."""
    both: bool = False
    """As many after it too."""


class Star(Part):
    """The hub hears all, and all hear the hub."""

    hub: str | None = None
    """The participant in the middle; the first one by default."""


class Chain(Part):
    """Each hears the one before it in the order of the file; the first hears nobody."""

    both: bool = False
    """Each hears the one after it too."""


class Tree(Part):
    """Each hears the ``branching`` below it and the one above it; the first is the root."""

    branching: Annotated[int, Field(ge=1)] = 2
    """Children of each."""
    up_only: bool = False
    """Parents hear children, and not the other way round."""


class Layers(Part):
    """Each hears everyone of the layer before its own."""

    sizes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)]
    """How many participants each layer has, in the order of the file."""


class Bipartite(Part):
    """Two halves, each of which hears the whole other half and nobody of its own."""

    first: Annotated[int, Field(ge=1)] | None = None
    """How many participants, in the order of the file, are the first half; half of them by default."""


class Random(Part):
    """Edges drawn from the run's seed: each with probability ``p``, or ``degree`` speakers for each hearer."""

    p: Probability | None = None
    """The probability of each edge."""
    degree: Annotated[int, Field(ge=0)] | None = None
    """How many each hears."""
    redraw: bool = False
    """Draw anew for each iteration; otherwise one drawing serves the whole run."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Random:
        if (self.p is None) == (self.degree is None):
            raise ValueError("random takes p or degree, one of them, as in {random: {degree: 2}}")
        return self


class SmallWorld(Part):
    """A ring on which each hears the ``k`` nearest on either side, every edge rewired with probability ``p``.

    Drawn from the run's seed by the Watts-Strogatz model (Nature 393, 1998), both directions of an edge together.
    """

    k: Annotated[int, Field(ge=1)] = 1
    """Neighbours on either side."""
    p: Probability = 0.1
    """The probability that an edge is rewired."""
    redraw: bool = False
    """Draw anew for each iteration; otherwise one drawing serves the whole run."""


def _empty_for_null(value: object) -> object:
    return {} if value is None else value


class Topology(Part):
    """A directed graph on participants; an edge ``u → v`` means v hears u. Exactly one key."""

    complete: Annotated[Complete, BeforeValidator(_empty_for_null)] | None = None
    """Everyone hears everyone."""
    ring: Annotated[Ring, BeforeValidator(_empty_for_null)] | None = None
    """Each hears those before it."""
    star: Annotated[Star, BeforeValidator(_empty_for_null)] | None = None
    """One hears all, and all hear it."""
    chain: Annotated[Chain, BeforeValidator(_empty_for_null)] | None = None
    """Each hears the one before it; the first hears nobody."""
    tree: Annotated[Tree, BeforeValidator(_empty_for_null)] | None = None
    """Each hears those below it and the one above it."""
    layers: Layers | None = None
    """Each hears everyone of the layer before its own."""
    bipartite: Annotated[Bipartite, BeforeValidator(_empty_for_null)] | None = None
    """Two halves that hear each other."""
    random: Random | None = None
    """Edges drawn from the run's seed."""
    small_world: Annotated[SmallWorld, BeforeValidator(_empty_for_null)] | None = None
    """A ring with some edges rewired."""
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

    @property
    def redraws(self) -> bool:
        """Whether it is drawn anew for each iteration."""
        drawn = self.random or self.small_world
        return drawn is not None and drawn.redraw


def _topology_from_word(value: object) -> object:
    return {value: {}} if isinstance(value, str) else value


TopologyField = Annotated[
    Topology, BeforeValidator(_topology_from_word, json_schema_input_type=PlainTopology | Topology)
]
"""A topology as a word, or with its parameters."""

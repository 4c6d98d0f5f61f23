"""The turn graph as a picture: mermaid for Markdown, dot for Graphviz. An arrow goes from who speaks to who hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from debate.graph.turngraph import TurnGraph


def mermaid(graph: TurnGraph) -> str:
    """A mermaid flowchart: a box a round, a node a turn, a diamond a gate, dotted where a gate decides."""
    name = _names(graph)
    lines = ["flowchart LR"]
    for index, iteration in enumerate(graph.iterations.values()):
        lines.append(f'  subgraph i{index}["{iteration.id}"]')
        lines += [f'    {name[id_]}["{graph.turns[id_].participant}"]' for id_ in iteration.turns]
        lines.append("  end")
    for gate in graph.gates.values():
        lines.append(f'  {name[gate.id]}{{"{gate.round}: until?"}}')
        lines += [f"  {name[id_]} -.-> {name[gate.id]}" for id_ in graph.iterations[gate.after].turns]
    lines += [f"  {name[gate]} -.-> {name[turn]}" for gate, turn in _gated(graph)]
    lines += [f"  {name[speaker]} --> {name[hearer]}" for speaker, hearer in _heard(graph)]
    return "\n".join(lines) + "\n"


def dot(graph: TurnGraph) -> str:
    """The same for Graphviz."""
    lines = ["digraph debate {", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    for index, iteration in enumerate(graph.iterations.values()):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f'    label="{iteration.id}";')
        lines += [f'    "{id_}" [label="{graph.turns[id_].participant}"];' for id_ in iteration.turns]
        lines.append("  }")
    for gate in graph.gates.values():
        lines.append(f'  "{gate.id}" [label="until?", shape=diamond, style=solid];')
        lines += [f'  "{id_}" -> "{gate.id}" [style=dotted];' for id_ in graph.iterations[gate.after].turns]
    lines += [f'  "{gate}" -> "{turn}" [style=dotted];' for gate, turn in _gated(graph)]
    lines += [f'  "{speaker}" -> "{hearer}";' for speaker, hearer in _heard(graph)]
    return "\n".join([*lines, "}"]) + "\n"


def _names(graph: TurnGraph) -> Mapping[str, str]:
    """Short names, as mermaid takes no slash or question mark in one."""
    turns = {id_: f"t{index}" for index, id_ in enumerate(graph.turns)}
    return turns | {id_: f"g{index}" for index, id_ in enumerate(graph.gates)}


def _gated(graph: TurnGraph) -> Iterator[tuple[str, str]]:
    """Gate and turn, for each turn that waits for it."""
    for turn in graph.turns.values():
        yield from ((node, turn.id) for node in turn.after if node in graph.gates)


def _heard(graph: TurnGraph) -> Iterator[tuple[str, str]]:
    """Speaking turn and hearing turn, for each reply that is heard if every turn gives one."""
    for turn in graph.turns.values():
        for hearing in turn.hears:
            for speaker in hearing.turns[: hearing.latest]:
                yield speaker, turn.id

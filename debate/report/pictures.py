"""The turn graph as a picture: mermaid for Markdown, dot for Graphviz. An arrow goes from who speaks to who hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from debate.graph.turngraph import Gate, Iteration, TurnGraph


def mermaid(graph: TurnGraph) -> str:
    """A mermaid flowchart: a box a round, a node a turn, a diamond a gate, dotted where a gate decides."""
    name = _names(graph)
    lines = ["flowchart LR"]
    for index, iteration in enumerate(graph.iterations.values()):
        lines.append(f'  subgraph i{index}["{iteration.id}"]')
        lines += [f'    {name[id_]}["{_written(graph, id_)}"]' for id_ in _held(graph, iteration)]
        lines.append("  end")
    for gate in graph.gates.values():
        lines.append(f'  {name[gate.id]}{{"{gate.round}: {gate.kind}?"}}')
        lines += [f"  {name[id_]} -.-> {name[gate.id]}" for id_ in _looked_at(graph, gate)]
    lines += [f"  {name[gate]} -.-> {name[turn]}" for gate, turn in _gated(graph)]
    lines += [f"  {name[speaker]} --> {name[hearer]}" for speaker, hearer in _heard(graph)]
    return "\n".join(lines) + "\n"


def dot(graph: TurnGraph) -> str:
    """The same for Graphviz."""
    lines = ["digraph debate {", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    for index, iteration in enumerate(graph.iterations.values()):
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f'    label="{iteration.id}";')
        lines += [f'    "{id_}" [label="{_written(graph, id_)}"];' for id_ in _held(graph, iteration)]
        lines.append("  }")
    for gate in graph.gates.values():
        lines.append(f'  "{gate.id}" [label="{gate.kind}?", shape=diamond, style=solid];')
        lines += [f'  "{id_}" -> "{gate.id}" [style=dotted];' for id_ in _looked_at(graph, gate)]
    lines += [f'  "{gate}" -> "{turn}" [style=dotted];' for gate, turn in _gated(graph)]
    lines += [f'  "{speaker}" -> "{hearer}";' for speaker, hearer in _heard(graph)]
    return "\n".join([*lines, "}"]) + "\n"


def _names(graph: TurnGraph) -> Mapping[str, str]:
    """Short names, as mermaid takes no slash or question mark in one."""
    turns = {id_: f"t{index}" for index, id_ in enumerate(graph.turns)}
    return turns | {id_: f"g{index}" for index, id_ in enumerate(graph.gates)}


def _held(graph: TurnGraph, iteration: Iteration) -> list[str]:
    """The turns of an iteration in speaking order, summaries before the turns they serve."""
    return [id_ for id_, turn in graph.turns.items() if turn.place == iteration.id]


def _written(graph: TurnGraph, id_: str) -> str:
    turn = graph.turns[id_]
    return turn.participant if turn.serves is None else f"{turn.participant}: summary"


def _looked_at(graph: TurnGraph, gate: Gate) -> list[str]:
    """The turns a gate waits for directly, or through the last iterations it looks at."""
    latest = [node for node in gate.after if node in graph.iterations][-1:]
    direct = [node for node in gate.after if node in graph.turns]
    return [*(id_ for node in latest for id_ in graph.iterations[node].turns), *direct]


def _gated(graph: TurnGraph) -> Iterator[tuple[str, str]]:
    """Gate and turn, for each turn that waits for it."""
    for turn in graph.turns.values():
        yield from ((node, turn.id) for node in turn.after if node in graph.gates)


def _heard(graph: TurnGraph) -> Iterator[tuple[str, str]]:
    """Speaking turn and hearing turn, for each reply that is heard if every turn gives one."""
    for turn in graph.turns.values():
        if turn.summary is not None:
            yield turn.summary, turn.id
            continue
        for hearing in turn.hears:
            for speaker in hearing.turns[: hearing.latest]:
                yield speaker, turn.id

"""``--set path=value``: one value of a scenario, changed from outside."""

from __future__ import annotations

from dataclasses import replace

from debate.errors import Location, Problem, ScenarioError
from debate.scenario.document import Entry, Leaf, Listing, Node, Origin, Table, plain
from debate.scenario.keypath import KeyPath, format_path, parse_path
from debate.scenario.shape import Shape, nearest, shown
from debate.scenario.yaml import read_yaml


def with_override(root: Node, path: str, value: str, shape: Shape) -> Node:
    """The document with the value at ``path`` replaced by ``value``, which is YAML.

    Keys on the way that the schema knows are made; participants, tiers and rounds that are not there are not.

    Raises:
        ScenarioError: If the path leads nowhere, or the value is not YAML.
    """
    option = f"--set {path}={value}"
    origin = Origin(None, option)
    try:
        steps = parse_path(path)
    except ValueError as error:
        raise _refused(option, str(error)) from None
    try:
        new, flaws = read_yaml(value, name=option)
    except ScenarioError as error:
        raise _without_places(error.problems, option) from None
    if flaws:
        raise _without_places(flaws, option)
    return _put(root, (), steps, _from_option(new, origin), shape)


def _put(node: Node, done: KeyPath, steps: KeyPath, new: Node, shape: Shape) -> Node:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    option = new.origin.option or ""
    here = format_path(done) or "the scenario"
    if isinstance(step, int):
        if not isinstance(node, Listing):
            raise _refused(option, f"{here} is not a list, so it has no item [{step}]")
        if step >= len(node.items):
            raise _refused(option, f"{here} has {len(node.items)} items, counted from [0]; there is no [{step}]")
        changed = _put(node.items[step], (*done, step), rest, new, shape)
        return Listing(node.origin, (*node.items[:step], changed, *node.items[step + 1 :]))
    if not isinstance(node, Table):
        found = shown(plain(node))
        raise _refused(option, f"{here} is {found} and has no keys; set it whole, as --set '{here}={{{step}: …}}'")
    known = (*node.entries, *shape.keys(done))
    fresh = step not in node.entries
    if fresh and step not in known and not (shape.is_open(done) and not rest):
        raise _refused(option, f"there is no {step!r} in {here}{nearest(step, known) or _listing(known)}")
    below = Table(new.origin, {}) if fresh else node.entries[step].value
    if isinstance(below, Leaf) and below.value is None and rest:
        below = Table(new.origin, {})
    changed = _put(below, (*done, step), rest, new, shape)
    key_origin = new.origin if fresh or not rest else node.entries[step].origin
    return replace(node, entries={**node.entries, step: Entry(key_origin, changed)})


def _from_option(node: Node, origin: Origin) -> Node:
    """The value with the option as the origin of all its parts."""
    if isinstance(node, Leaf):
        return Leaf(origin, node.value)
    if isinstance(node, Listing):
        return Listing(origin, tuple(_from_option(item, origin) for item in node.items))
    entries = {key: Entry(origin, _from_option(entry.value, origin)) for key, entry in node.entries.items()}
    return Table(origin, entries, node.flow)


def _listing(known: tuple[str, ...]) -> str:
    return f"; there are {', '.join(dict.fromkeys(known))}" if known else ""


def _refused(option: str, message: str) -> ScenarioError:
    return ScenarioError((Problem(None, message, option),))


def _without_places(problems: tuple[Problem, ...], option: str) -> ScenarioError:
    """A place within an option is its column alone."""
    return ScenarioError(tuple(Problem(None, f"{_column(p.location)}{p.message}", option) for p in problems))


def _column(location: Location | None) -> str:
    return f"at character {location.column} of the value: " if location is not None else ""

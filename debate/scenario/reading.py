"""From a file, a text or Python to a scenario that can be run, every problem at its place."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from debate.errors import Problem, ScenarioError
from debate.scenario.building import FURTHER, PROBLEMS_LIMIT
from debate.scenario.checks import check
from debate.scenario.document import Leaf, Node, origin_of, plain
from debate.scenario.keypath import format_path
from debate.scenario.mistakes import Mistake, mistakes, wrong_kinds
from debate.scenario.overrides import with_override
from debate.scenario.published import json_schema
from debate.scenario.schema import Scenario
from debate.scenario.shape import Shape
from debate.scenario.yaml import BYTES_LIMIT, decode, read_yaml, too_long


def read_scenario(path: Path | str, *, overrides: Sequence[tuple[str, str]] = ()) -> Scenario:
    """Read a scenario file.

    Args:
        path: The file. Texts and prompts it names lie in the same folder.
        overrides: ``(path, value)`` pairs as of ``--set``; the value is YAML.

    Raises:
        ScenarioError: With every problem, each at its line and column.
        OSError: If the file cannot be read.
    """
    path = Path(path)
    name = str(path)
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size > BYTES_LIMIT:
            raise too_long(name, status.st_size)
        data = file.read(BYTES_LIMIT + 1)
    return _validated(decode(data, name=name), name, overrides, folder=path.resolve().parent)


def parse_scenario(
    text: str,
    *,
    name: str = "<text>",
    overrides: Sequence[tuple[str, str]] = (),
    folder: Path | None = None,
) -> Scenario:
    """Read a scenario from a text.

    Args:
        text: YAML.
        name: What stands for the file in messages.
        overrides: As in `read_scenario`.
        folder: Where files it names lie; without one it can name none.

    Raises:
        ScenarioError: With every problem, each at its line and column.
    """
    return _validated(text, name, overrides, folder=folder)


def check_scenario(scenario: Scenario) -> Scenario:
    """The same scenario, if it can be run; for one built in Python.

    Raises:
        ScenarioError: With every problem, each with its key path.
    """
    problems = [Problem(None, mistake.message, format_path(mistake.path)) for mistake in check(scenario)]
    if problems:
        raise ScenarioError(tuple(problems))
    return scenario


def _validated(text: str, name: str, overrides: Sequence[tuple[str, str]], *, folder: Path | None) -> Scenario:
    root, flaws = read_yaml(text, name=name)
    problems = list(flaws)
    shape = _shape()
    for path, value in overrides:
        try:
            root = with_override(root, path, value, shape)
        except ScenarioError as error:
            problems += error.problems
    if isinstance(root, Leaf) and root.value is None:
        message = "the scenario is empty; it needs debate, name, models, participants and rounds"
        raise ScenarioError((*problems, Problem(root.origin.location, message)))
    scenario, found = _modelled(root, shape)
    if scenario is not None:
        scenario = scenario if folder is None else scenario.in_folder(folder)
        found += check(scenario)
    problems = _ordered([*problems, *_placed(found, root, problems)])
    if scenario is None or problems:
        raise ScenarioError(tuple(problems))
    return scenario


def _modelled(root: Node, shape: Shape) -> tuple[Scenario | None, list[Mistake]]:
    scenario: Scenario | None = None
    found: list[Mistake] = []
    try:
        scenario = Scenario.model_validate(plain(root))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        found += mistakes(errors[:PROBLEMS_LIMIT], root, shape)
        if len(errors) > PROBLEMS_LIMIT:
            found.append(Mistake(found[-1].path, FURTHER))
    named = {mistake.path for mistake in found}
    for mistake in islice(wrong_kinds(root, shape), PROBLEMS_LIMIT):
        if not any(mistake.path[:depth] in named for depth in range(len(mistake.path) + 1)):
            found.append(mistake)
    return scenario, found


def _placed(found: Sequence[Mistake], root: Node, already: Sequence[Problem]) -> list[Problem]:
    """The mistakes with their places; not those that follow from a flaw of the same value."""
    known = {problem.path for problem in already if problem.path}
    placed = []
    for mistake in found:
        path = format_path(mistake.path)
        origin = origin_of(root, mistake.path, key=mistake.at_key)
        if path in known and path:
            continue
        message = mistake.message if origin.location is not None or not path else f"{path}: {mistake.message}"
        placed.append(Problem(origin.location, message, path if origin.option is None else origin.option))
    return placed


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    """In the order of the file, options of the command line behind."""
    unique = dict.fromkeys(problems)
    ordered = sorted(unique, key=lambda problem: (problem.location is None, problem.location or ("", 0, 0)))
    if len(ordered) <= PROBLEMS_LIMIT:
        return ordered
    return [*ordered[:PROBLEMS_LIMIT], ordered[PROBLEMS_LIMIT]._replace(message=FURTHER)]


@cache
def _shape() -> Shape:
    return Shape(json_schema())

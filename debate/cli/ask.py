"""``debate ask``: one question, several models, one blind round."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from debate.cli import options
from debate.cli.ending import ended, width
from debate.cli.given import settings_from, tightened
from debate.cli.holding import Holding, hold
from debate.cli.output import say
from debate.cli.showing import view_for
from debate.errors import Problem, ScenarioError
from debate.models.port import ModelRef
from debate.report.opinions import opinion_lines
from debate.scenario.schema import Scenario

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def ask(
    text: Annotated[str, typer.Argument(metavar="QUESTION", help="What is asked.")],
    *,
    models: Annotated[str, typer.Option("--models", metavar="A,B,C", help="The models, as provider:model-id.")],
    choices: Annotated[
        str | None,
        typer.Option(metavar="ONE|TWO|…", help="What can be answered; answers are then compared as letters."),
    ] = None,
    motion: Annotated[bool, typer.Option("--motion", help="The text is a motion: compare stances on it.")] = False,
    context: options.ContextText = None,
    endpoint: options.Endpoints = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    key_env: options.KeyVariables = [],  # noqa: B006 - likewise
    max_usd: options.MaxUsd = None,
    max_requests: options.MaxRequests = None,
    deadline: options.Deadline = None,
    concurrency: options.Concurrency = None,
    no_cache: options.NoCache = False,
    seed: options.Seed = 0,
    out: options.Out = None,
    embedder: options.EmbedderName = None,
    no_similarity: options.NoSimilarity = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Ask several models one question, none hearing the others: their opinions, camps, and how far they agree."""
    if not text.strip():
        raise typer.BadParameter("the question is empty")
    if motion and choices is not None:
        raise typer.BadParameter("--motion and --choices are both given; keep one of them")
    scenario = tightened(
        asking_all(text, models.split(","), motion=motion, choices=choices.split("|") if choices is not None else ()),
        max_usd=max_usd,
        max_requests=max_requests,
        no_similarity=no_similarity,
    )
    how = Holding(
        settings=settings_from(out=out, endpoints=endpoint, key_variables=key_env, no_cache=no_cache),
        asking={"motion": None, "question": None, "context": context},
        seed=seed,
        deadline=deadline,
        embedder=embedder,
        concurrency=concurrency,
    )
    result = hold(scenario, how, view_for(as_json=as_json, quiet=quiet))
    if not as_json:
        say("", *opinion_lines(result.state, width=width()))
    return ended(result, as_json=as_json)


def asking_all(text: str, models: Sequence[str], *, motion: bool, choices: Sequence[str]) -> Scenario:
    """One blind round: every model is a participant named after it.

    Raises:
        debate.errors.ScenarioError: If a model is not ``provider:model-id``, or there are too many choices.
    """
    named: dict[str, str] = {}
    for model in filter(None, map(str.strip, models)):
        try:
            short = ModelRef.parse(model).id.rpartition("/")[2]
        except ValueError as error:
            raise ScenarioError((Problem(None, str(error), "--models"),)) from None
        named[_free_name(short, named)] = model
    if not named:
        raise ScenarioError((Problem(None, "names no model; expected provider:model-id, with commas", "--models"),))
    if len(choices) > len(_LETTERS):
        raise ScenarioError((Problem(None, f"found {len(choices)} choices; there are letters for 26", "--choices"),))
    question: dict[str, object] = {"text": text}
    if choices:
        question |= {"kind": "choice", "choices": dict(zip(_LETTERS, map(str.strip, choices), strict=False))}
    return Scenario.model_validate(
        {
            "debate": 1,
            "name": "ask",
            **({"motion": text} if motion else {"question": question}),
            "models": {"asked": next(iter(named.values()))},
            "participants": {name: {"role": "model", "models": {"asked": model}} for name, model in named.items()},
            "rounds": [{"name": "opinion", "who": "model", "tier": "asked", "prompt": "opening", "hears": "nobody"}],
        }
    )


def _free_name(model: str, taken: dict[str, str]) -> str:
    """A participant's name for a model, not taken yet."""
    name = _NOT_IN_A_NAME.sub("-", model).strip("-") or "model"
    name = (name if name[0].isalpha() else f"m-{name}")[:56]
    number = 2
    free = name
    while free in taken or free == "model":
        free, number = f"{name}-{number}", number + 1
    return free

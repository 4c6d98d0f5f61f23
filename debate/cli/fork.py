"""``debate fork``: a new run from the prefix of a saved one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from debate.cli import options
from debate.cli.asking import agreed, told
from debate.cli.ending import ended
from debate.cli.given import pair, scenario_from, settings_from, tightened, with_model
from debate.cli.holding import shown
from debate.cli.output import say
from debate.cli.showing import view_for
from debate.engine.changing import Change
from debate.engine.engine import Engine
from debate.engine.recorded import recorded_scenario
from debate.errors import EXIT_CODES
from debate.report.branched import branch_lines
from debate.report.resumed import fork_lines
from debate.transcript.branching import branches
from debate.transcript.reading import Saved, find, load
from debate.transcript.result import Result

Pairs = list[str]


def fork(
    transcript: options.TranscriptName,
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="A round, iteration or turn: opening, rebuttal.2, rebuttal.2/ana."),
    ] = None,
    sets: options.Sets = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    model: options.Models = [],  # noqa: B006 - likewise
    prompt: Annotated[
        Pairs, typer.Option("--prompt", metavar="NAME=FILE", help="Another text for a prompt template of the run.")
    ] = [],  # noqa: B006 - likewise
    plant: Annotated[
        Pairs,
        typer.Option("--plant", metavar="TURN=TEXT", help="A reply in place of what was answered; @FILE reads one."),
    ] = [],  # noqa: B006 - likewise
    scenario: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="Another scenario in place of the recorded one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="In place of the run's seed.")] = None,
    endpoint: options.Endpoints = [],  # noqa: B006 - likewise
    key_env: options.KeyVariables = [],  # noqa: B006 - likewise
    max_usd: options.MaxUsd = None,
    max_requests: options.MaxRequests = None,
    deadline: options.Deadline = None,
    concurrency: options.Concurrency = None,
    no_cache: options.NoCache = False,
    out: options.Out = None,
    embedder: options.EmbedderName = None,
    nli: options.Nli = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Begin a new run from a saved one, with a change. Exactly what descends from the change is asked again.

    What came before is copied and costs nothing. Without a change, what is at PLACE is asked once more. The turns that
    are asked and their cost are shown first; outside a terminal it takes --yes.
    """
    settings = settings_from(out=out, endpoints=endpoint, key_variables=key_env, no_cache=no_cache)
    parent = load(find(transcript, settings.transcripts))
    asked = scenario_from(scenario) if scenario is not None else None
    if model or max_usd is not None or max_requests is not None:
        asked = asked if asked is not None else recorded_scenario(parent)
        for text in model:
            asked = with_model(asked, *pair(text, "--model", "TIER=MODEL"))
        asked = tightened(asked, max_usd=max_usd, max_requests=max_requests)
    change = Change(
        scenario=asked,
        overrides=tuple(pair(text, "--set", "PATH=VALUE") for text in sets),
        prompts={name: _text(Path(file)) for name, file in (pair(p, "--prompt", "NAME=FILE") for p in prompt)},
        planted={turn: _planted(text) for turn, text in (pair(p, "--plant", "TURN=TEXT") for p in plant)},
        folder=Path.cwd(),
    )
    if at is None and not change.asks_otherwise and not change.planted:
        raise typer.BadParameter("there is nothing to change: give --at, a change as --set or --model, or --plant")

    async def hold() -> Result | None:
        async with Engine(settings, embedder=embedder, nli=nli, concurrency=concurrency) as engine:
            plan = await engine.plan_fork(parent, at, change, seed=seed)
            lines = fork_lines(
                parent.header.run,
                plan.left,
                again=plan.again,
                first=plan.first,
                planted=plan.planted,
                calls_saved=plan.calls_saved,
                saved_usd=plan.saved_usd,
            )
            told(*lines, as_json=as_json)
            if not agreed("Ask them?", yes=yes):
                return None
            view = view_for(as_json=as_json, quiet=quiet)
            run = engine.prepare_fork(plan, deadline=deadline, listener=view.told, streams=view.streams)
            return await shown(run, view)

    result = asyncio.run(hold())
    if result is None:
        return EXIT_CODES["interrupted"]
    code = ended(result, as_json=as_json)
    if not as_json:
        _both(parent, result)
    return code


def _both(parent: Saved, result: Result) -> None:
    say("", *branch_lines(branches(parent.state, result.state)))


def _planted(text: str) -> str:
    return _text(Path(text[1:])) if text.startswith("@") else text.replace("\\n", "\n")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8") from None

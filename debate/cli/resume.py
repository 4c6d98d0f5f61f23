"""``debate resume``: go on with a run that stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from debate.cli import options
from debate.cli.asking import agreed, told
from debate.cli.ending import ended, show
from debate.cli.failing import code_of_run
from debate.cli.given import dollars, scenario_from, settings_from
from debate.cli.holding import shown
from debate.cli.output import complain
from debate.cli.showing import view_for
from debate.engine.engine import Engine
from debate.engine.resuming import Resumption
from debate.errors import EXIT_CODES
from debate.report.resumed import resumption_lines
from debate.transcript.reading import find, load
from debate.transcript.result import Result


def resume(
    transcript: options.TranscriptName,
    *,
    scenario: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="Refuse to go on unless it is a run of this.")
    ] = None,
    endpoint: options.Endpoints = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
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
    """Go on with a run that stopped, whatever stopped it. Nothing that was answered is asked again.

    The plan of what is left is shown first. --max-usd and --max-requests take the place of the scenario's budget, and
    what was spent before counts against them. Providers, keys and endpoints are your own; for a transcript from
    elsewhere you are asked before anything is spent.
    """
    settings = settings_from(out=out, endpoints=endpoint, key_variables=key_env, no_cache=no_cache)
    path = find(transcript, settings.transcripts)
    saved = load(path)
    if saved.state.status in ("completed", "failed"):
        complain(f"{saved.header.run} is {saved.state.status}: nothing is left to do; to change it, debate fork {path}")
        show(saved.result, as_json=as_json)
        return code_of_run(saved.result.status, saved.result.stop_reason)
    believed = scenario_from(scenario) if scenario is not None else None
    usd = dollars(max_usd) if max_usd is not None else None

    async def hold() -> Result | None:
        async with Engine(settings, embedder=embedder, nli=nli, concurrency=concurrency) as engine:
            taken = engine.resumption(saved, scenario=believed, max_usd=usd, max_requests=max_requests)
            if not quiet:
                told(*_lines(taken), as_json=as_json)
            if _is_foreign(path, settings.transcripts) and _may_cost(taken) and not agreed("Go on?", yes=yes):
                return None
            view = view_for(as_json=as_json, quiet=quiet)
            run = await engine.prepare_resume(
                path,
                scenario=believed,
                max_usd=usd,
                max_requests=max_requests,
                deadline=deadline,
                listener=view.told,
                streams=view.streams,
            )
            return await shown(run, view)

    result = asyncio.run(hold())
    return ended(result, as_json=as_json) if result is not None else EXIT_CODES["interrupted"]


def _lines(taken: Resumption) -> list[str]:
    return resumption_lines(
        taken.ready.id,
        taken.left,
        possibly_billed=taken.possibly_billed,
        reopened=taken.reopened,
        notes=taken.notes,
    )


def _may_cost(taken: Resumption) -> bool:
    return taken.left.cost_usd.most != 0


def _is_foreign(path: Path, folder: Path) -> bool:
    """Whether the transcript does not lie where this user's runs are written."""
    return not path.resolve().is_relative_to(folder.resolve())

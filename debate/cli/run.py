"""``debate run``: hold a debate."""

from __future__ import annotations

from debate.cli import options
from debate.cli.ending import ended
from debate.cli.given import asked_instead, scenario_from, settings_from
from debate.cli.holding import Holding, hold
from debate.cli.showing import view_for


def run(
    scenario: options.ScenarioName,
    *,
    question: options.QuestionText = None,
    motion: options.MotionText = None,
    context: options.ContextText = None,
    sets: options.Sets = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    model: options.Models = [],  # noqa: B006 - likewise
    endpoint: options.Endpoints = [],  # noqa: B006 - likewise
    key_env: options.KeyVariables = [],  # noqa: B006 - likewise
    max_usd: options.MaxUsd = None,
    max_requests: options.MaxRequests = None,
    deadline: options.Deadline = None,
    concurrency: options.Concurrency = None,
    no_cache: options.NoCache = False,
    seed: options.Seed = 0,
    out: options.Out = None,
    embedder: options.EmbedderName = None,
    nli: options.Nli = None,
    no_similarity: options.NoSimilarity = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Hold a debate: live on a terminal, plain lines in a pipe, one object with --json.

    It does not ask before it spends: the scenario's budget, --max-usd and --max-requests bound it, and debate plan
    shows beforehand what it can cost.
    """
    asked = scenario_from(
        scenario,
        sets=sets,
        models=model,
        max_usd=max_usd,
        max_requests=max_requests,
        no_similarity=no_similarity,
    )
    settings = settings_from(out=out, endpoints=endpoint, key_variables=key_env, no_cache=no_cache)
    how = Holding(
        settings=settings if nli is None else settings.model_copy(update={"nli": nli}),
        asking=asked_instead(motion, question, context),
        seed=seed,
        deadline=deadline,
        embedder=embedder,
        concurrency=concurrency,
    )
    result = hold(asked, how, view_for(as_json=as_json, quiet=quiet))
    return ended(result, as_json=as_json)

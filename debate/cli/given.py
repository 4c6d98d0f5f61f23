"""From what a command line says to a scenario and settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict, TypeVar

import typer
from pydantic import ValidationError

from debate import assets
from debate.errors import Problem, ScenarioError
from debate.scenario.reading import read_scenario
from debate.scenario.sampling import ModelSpec
from debate.scenario.schema import Scenario
from debate.settings.load import user_settings
from debate.settings.nearest import did_you_mean
from debate.settings.schema import Settings

N = TypeVar("N", int, Decimal)


class Asking(TypedDict):
    """What a run asks in place of its scenario; None keeps the scenario's own."""

    motion: str | None
    question: str | None
    context: str | None


def scenario_from(
    name: str,
    *,
    sets: Sequence[str] = (),
    models: Sequence[str] = (),
    max_usd: str | None = None,
    max_requests: int | None = None,
    no_similarity: bool = False,
) -> Scenario:
    """The scenario called ``name``, changed as the flags say.

    Raises:
        debate.errors.ScenarioError: With every problem of the file and of the flags.
        typer.BadParameter: If a flag has not the form it must have.
    """
    overrides = [pair(text, "--set", "PATH=VALUE") for text in sets]
    try:
        scenario = read_scenario(scenario_file(name), overrides=overrides)
    except OSError as error:
        raise ScenarioError((Problem(None, f"{name}: cannot be read: {error.strerror}"),)) from None
    for text in models:
        scenario = with_model(scenario, *pair(text, "--model", "TIER=MODEL"))
    return tightened(scenario, max_usd=max_usd, max_requests=max_requests, no_similarity=no_similarity)


def tightened(
    scenario: Scenario, *, max_usd: str | None, max_requests: int | None, no_similarity: bool = False
) -> Scenario:
    """``scenario`` with a budget that is no looser than its own or than the flags'.

    Raises:
        typer.BadParameter: If ``max_usd`` is no amount.
    """
    budget = scenario.budget.model_copy(
        update={
            "usd": _least(scenario.budget.usd, None if max_usd is None else dollars(max_usd)),
            "requests": _least(scenario.budget.requests, max_requests),
        }
    )
    changes: dict[str, object] = {"budget": budget} if budget != scenario.budget else {}
    if no_similarity:
        changes["consensus"] = scenario.consensus.model_copy(update={"similarity": "off"})
    return scenario.model_copy(update=changes)


def scenario_file(name: str) -> Path:
    """The file that ``name`` means: a path, or a scenario that comes with the package.

    Raises:
        debate.errors.ScenarioError: If it means none.
    """
    path = Path(name)
    if path.is_dir():
        raise ScenarioError((Problem(None, f"{name} is a folder; name a scenario file in it"),))
    if path.exists():
        return path
    known = assets.list_scenarios()
    if name in known:
        return assets.scenario(name)
    there = f"there is no file {name!r}, and no scenario of that name comes along{did_you_mean(name, known)}"
    raise ScenarioError((Problem(None, f"{there}; debate scenarios lists them"),))


def with_model(scenario: Scenario, pattern: str, model: str) -> Scenario:
    """``scenario`` with ``model`` on every tier that ``pattern`` means; sampling stays as it is.

    A plain pattern means tiers, those of participants' own ladders included. ``ID.TIER`` means the tier of one
    participant. Both may have the wildcards ``*``, ``?`` and ``[…]``.

    Raises:
        debate.errors.ScenarioError: If the pattern means no tier, or the model is not ``provider:model-id``.
    """
    option = f"--model {pattern}={model}"
    try:
        spec = ModelSpec.model_validate({"use": model})
    except ValidationError:
        wanted = f"expected provider:model-id, as ollama:qwen3:4b, found {model!r}"
        raise ScenarioError((Problem(None, wanted, option),)) from None
    of_one = "." in pattern
    ladders = {id_: participant.models for id_, participant in scenario.participants.items()}
    tiers = dict.fromkeys([*scenario.models, *(tier for own in ladders.values() for tier in own)])
    names = {f"{id_}.{tier}": (id_, tier) for id_ in ladders for tier in tiers}
    hit = [name for name in (names if of_one else tiers) if fnmatchcase(name, pattern)]
    if not hit:
        what = f"no tier is called {pattern!r}{did_you_mean(pattern, (*tiers, *names))}; tiers: {', '.join(tiers)}"
        raise ScenarioError((Problem(None, what, option),))
    changed = {id_: dict(own) for id_, own in ladders.items()}
    common = dict(scenario.models)
    for name in hit:
        if of_one:
            id_, tier = names[name]
            changed[id_][tier] = _spoken_with(changed[id_].get(tier) or common.get(tier), spec)
            continue
        common |= {name: _spoken_with(common[name], spec)} if name in common else {}
        for own in changed.values():
            own.update({name: _spoken_with(own[name], spec)} if name in own else {})
    participants = {
        id_: participant.model_copy(update={"models": changed[id_]})
        for id_, participant in scenario.participants.items()
    }
    return scenario.model_copy(update={"models": common, "participants": participants})


def _spoken_with(before: ModelSpec | None, spec: ModelSpec) -> ModelSpec:
    return spec if before is None else before.model_copy(update={"use": spec.use, "auto": None})


def asked_instead(motion: str | None, question: str | None, context: str | None) -> Asking:
    """What is to be debated in place of what the scenario says.

    Raises:
        typer.BadParameter: If both a motion and a question are given.
    """
    if motion is not None and question is not None:
        raise typer.BadParameter("--motion and --question are both given; keep one of them")
    for option, text in (("--motion", motion), ("--question", question)):
        if text is not None and not text.strip():
            raise typer.BadParameter(f"{option} is empty; say what is to be debated")
    return {"motion": motion, "question": question, "context": context}


def settings_from(
    *, out: Path | None, endpoints: Sequence[str] = (), key_variables: Sequence[str] = (), no_cache: bool = False
) -> Settings:
    """The user's settings, changed as the flags say; answers are kept unless they or a flag say otherwise.

    Raises:
        debate.errors.SettingsError: If the settings are wrong, or an endpoint is.
        typer.BadParameter: If a flag has not the form it must have.
    """
    settings = user_settings()
    urls = dict(pair(text, "--endpoint", "PROVIDER=URL") for text in endpoints)
    variables = _key_variables(key_variables, urls)
    for provider, url in urls.items():
        settings = settings.with_endpoint(provider, url, variables.get(provider))
    kept = settings.cache.model_copy(update={"enabled": not no_cache and settings.cache.enabled is not False})
    changes: dict[str, object] = {"cache": kept} if out is None else {"cache": kept, "transcripts": out}
    return _with_listed(settings.model_copy(update=changes))


def _with_listed(settings: Settings) -> Settings:
    """``settings`` with what servers list of their models, where they say that it counts."""
    if not any(row.list_models for row in settings.providers.values()):
        return settings
    from debate.models.listing import with_listed  # noqa: PLC0415 - loaded only where a server is asked

    return asyncio.run(with_listed(settings, today=datetime.now(UTC).date()))


def _key_variables(given: Sequence[str], urls: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        provider, equals, variable = text.rpartition("=")
        if not equals and len(urls) == 1:
            provider = next(iter(urls))
        if provider not in urls or not variable:
            wanted = "PROVIDER=VARIABLE" if len(urls) > 1 else "VARIABLE"
            what = f"--key-env {text} belongs to an --endpoint PROVIDER=URL; give both, this one as {wanted}"
            raise typer.BadParameter(what)
        found[provider] = variable
    return found


def pair(text: str, option: str, form: str) -> tuple[str, str]:
    """Both sides of ``left=right``.

    Raises:
        typer.BadParameter: If one of them is missing.
    """
    left, equals, right = text.partition("=")
    if not (equals and left.strip() and right.strip()):
        raise typer.BadParameter(f"{option} takes {form}, found {text!r}")
    return left.strip(), right.strip()


def dollars(text: str) -> Decimal:
    """The amount behind ``--max-usd``.

    Raises:
        typer.BadParameter: If it is none.
    """
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount > 0):
        raise typer.BadParameter(f"--max-usd takes US dollars above 0, as 0.50, found {text!r}")
    return amount


def _least(one: N | None, other: N | None) -> N | None:
    return min(one, other) if one is not None and other is not None else one if one is not None else other

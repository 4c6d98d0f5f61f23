"""Starting a run: what is checked before anything is spent, and the header that makes the run explain itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from debate.briefing.rendering import text_hash
from debate.engine.casting import Casting
from debate.engine.choosing import with_choices
from debate.engine.embedding import Scale
from debate.errors import SettingsError
from debate.models.port import ModelRef
from debate.scenario.limits import within
from debate.scenario.reading import check_scenario
from debate.scenario.schema import Question, Scenario
from debate.scenario.texts import with_texts
from debate.settings.prices import FREE_PROVIDERS, Price
from debate.settings.schema import Settings
from debate.transcript.events import Event, Parent, RunStarted, TextStored


@cache
def engine_version() -> str:
    """The installed version of this package."""
    try:
        return version("debate-engine")
    except PackageNotFoundError:
        return "unknown"


def run_id(name: str, now: datetime) -> str:
    """A new run's id: when, what, and four characters that tell runs of one second apart."""
    return f"{now:%Y%m%d-%H%M%S}-{name}-{secrets.token_hex(2)}"


def asking(
    scenario: Scenario,
    *,
    motion: str | None = None,
    question: str | Question | None = None,
    context: str | None = None,
    settings: Settings | None = None,
) -> Scenario:
    """``scenario`` with what it is to debate, checked, its files read in, its ``auto`` models chosen.

    Args:
        scenario: What is asked.
        motion: In place of its motion or question.
        question: Likewise; text keeps its kind and choices.
        context: In place of its context.
        settings: Whose catalogue models are chosen from, and how long texts may be; by default the bundled one, and as
            long as they are.

    Raises:
        debate.errors.ScenarioError: If it cannot be run.
        debate.errors.SettingsError: If no model will do for an ``auto``.
    """
    changes: dict[str, object] = {}
    if motion is not None:
        changes |= {"motion": motion, "question": None}
    if question is not None:
        kept = scenario.question
        if isinstance(question, str):
            question = kept.model_copy(update={"text": question}) if kept is not None else Question(text=question)
        changes |= {"question": question, "motion": None}
    if context is not None:
        changes["context"] = context
    if changes:
        folder = scenario.folder
        scenario = Scenario.model_validate({**_fields(scenario), **changes})
        scenario = scenario if folder is None else scenario.in_folder(folder)
    read = with_texts(check_scenario(scenario))
    return with_choices(within(read, settings.input if settings is not None else None), settings)


def _fields(scenario: Scenario) -> dict[str, object]:
    return {name: getattr(scenario, name) for name in scenario.model_fields_set}


def prices_for(models: Sequence[ModelRef], settings: Settings, custom: Mapping[str, object]) -> dict[str, Price | None]:
    """What each model costs; a callable of the caller's own has no price unless the settings give it one."""
    return {
        str(model): settings.prices.get(str(model))
        if model.provider in custom
        else settings.price_of(model.provider, model.id)
        for model in models
    }


def check_money(casting: Casting, prices: Mapping[str, Price | None]) -> None:
    """Refuse a budget in money for models whose price nobody knows.

    Raises:
        debate.errors.SettingsError: Naming them, and what to do.
    """
    check_prices(prices, casting.scenario.budget.usd, "budget.usd")


def check_prices(prices: Mapping[str, Price | None], usd: Decimal | None, name: str) -> None:
    """Refuse models whose price nobody knows where money is bounded: by ``usd``, which is called ``name``.

    Raises:
        debate.errors.SettingsError: Naming them, and what to do.
    """
    if usd is None:
        return
    unknown = [model for model, price in prices.items() if price is None]
    if unknown:
        example = f'[prices."{unknown[0]}"] input = "0.10" output = "0.40"'
        raise SettingsError(
            f"{name} is {usd}, but no price is known for {', '.join(unknown)}: "
            f"set it in the settings ({example}), or bound requests instead"
        )


def header(
    casting: Casting,
    *,
    run: str,
    seed: int,
    prices: Mapping[str, Price | None],
    settings: Settings,
    custom: Mapping[str, object],
    scale: Scale,
    parent: Parent | None = None,
) -> list[Event]:
    """The first events of a run: the header, and each text it names by hash."""
    sources = casting.templates.sources
    providers = {model.provider for model in casting.models} - set(FREE_PROVIDERS) - set(custom)
    started = RunStarted(
        run=run,
        engine=engine_version(),
        seed=seed,
        scenario=casting.resolved,
        scenario_hash=casting.hash,
        templates={name: text_hash(source) for name, source in sources.items()},
        prices=prices,
        endpoints={name: settings.provider(name).base_url for name in sorted(providers)},
        simulated=any(model.provider == "simulated" for model in casting.models),
        method=casting.method.value,
        embedder=scale.embedder,
        judge=scale.judge,
        curve=scale.curve,
        parent=parent,
    )
    stored = {text_hash(source): source for source in sources.values()}
    return [started, *(TextStored(hash=hash_, what="template", text=text) for hash_, text in stored.items())]

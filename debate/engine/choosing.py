"""Models that a scenario leaves to be chosen, and those that cannot be asked as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from debate.engine.casting import Casting
from debate.errors import SettingsError
from debate.models.catalogue import Catalogue, catalogue
from debate.models.selection import refuse_retired, select
from debate.scenario.keypath import KeyPath, format_path
from debate.scenario.sampling import ModelSpec
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings


def catalogue_now(settings: Settings | None = None) -> Catalogue:
    """The catalogue as it stands today; the bundled one alone without settings."""
    return catalogue(settings if settings is not None else Settings(), today=datetime.now(UTC).date())


def with_choices(scenario: Scenario, settings: Settings | None = None) -> Scenario:
    """``scenario`` with a model for each ``auto`` that has none yet, from the catalogue of ``settings``.

    Raises:
        debate.errors.SettingsError: If none will do, naming the tier.
    """
    if all(spec.use is not None for _, spec in _specs(scenario)):
        return scenario
    known = catalogue_now(settings)
    return _mapped(scenario, lambda path, spec: _chosen(path, spec, known))


def as_before(scenario: Scenario, recorded: Scenario) -> Scenario:
    """``scenario`` with the models that were chosen for the same ``auto`` when ``recorded`` was made."""
    then = dict(_specs(recorded))

    def kept(path: KeyPath, spec: ModelSpec) -> ModelSpec:
        before = then.get(path)
        same = spec.use is None and before is not None and before.auto == spec.auto
        return spec.model_copy(update={"use": before.use}) if same and before is not None else spec

    return _mapped(scenario, kept)


def choices(scenario: Scenario, settings: Settings) -> tuple[str, ...]:
    """Why each model was chosen, one line each: ``models.picked: together:…, the cheapest of 9 that reason (…)``."""
    automatic = [(path, spec) for path, spec in _specs(scenario) if spec.auto is not None]
    if not automatic:
        return ()
    known, found = catalogue_now(settings), []
    for path, spec in automatic:
        if spec.auto is not None and spec.use is not None:
            choice = select(spec.auto, known)
            # One that was chosen on another day keeps its place, and its reason is in the transcript of that day.
            why = choice.why if choice.model == spec.use else "as it was chosen before"
            found.append(f"{format_path(path)}: {spec.use}, {why}")
    return tuple(found)


def check_models(cast: Casting, settings: Settings) -> None:
    """Refuse models that are served no more, and caps that no prompt fits beside.

    Raises:
        debate.errors.SettingsError: Naming the model, and what to do.
    """
    known = catalogue_now(settings)
    refuse_retired((str(model) for model in cast.models), known)
    for turn in cast.graph.turns.values():
        part = cast.part(turn)
        entry = known.models.get(str(part.model))
        if entry is None:
            continue
        for limit, what in ((entry.facts.max_output, "writes"), (entry.facts.context, "holds")):
            if limit is not None and part.max_tokens > limit:
                raise SettingsError(
                    f"{turn.round}: max_tokens is {part.max_tokens}, and {part.model} {what} {limit} at most; lower it"
                )


def _chosen(path: KeyPath, spec: ModelSpec, known: Catalogue) -> ModelSpec:
    if spec.use is not None or spec.auto is None:
        return spec
    try:
        return spec.model_copy(update={"use": select(spec.auto, known).model})
    except SettingsError as error:
        raise SettingsError(f"{format_path(path)}: {error}") from None


def _specs(scenario: Scenario) -> Iterator[tuple[KeyPath, ModelSpec]]:
    """Every model of the scenario with its key path."""
    for tier, spec in scenario.models.items():
        yield ("models", tier), spec
    for id_, participant in scenario.participants.items():
        for tier, spec in participant.models.items():
            yield ("participants", id_, "models", tier), spec


def _mapped(scenario: Scenario, change: Callable[[KeyPath, ModelSpec], ModelSpec]) -> Scenario:
    participants = {
        id_: participant.model_copy(
            update={
                "models": {
                    tier: change(("participants", id_, "models", tier), s) for tier, s in participant.models.items()
                }
            }
        )
        if participant.models
        else participant
        for id_, participant in scenario.participants.items()
    }
    models = {tier: change(("models", tier), spec) for tier, spec in scenario.models.items()}
    return scenario.model_copy(update={"models": models, "participants": participants})

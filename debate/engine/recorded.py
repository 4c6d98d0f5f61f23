"""The casting a transcript describes, from nothing but its own texts. A transcript may be somebody else's file."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from debate.briefing.rendering import referenced, text_hash
from debate.briefing.templates import SIZE_LIMIT, SYSTEM, Templates, prompt_of
from debate.consensus.method import Method
from debate.engine.casting import Casting, casting
from debate.errors import DebateError, PromptError, ScenarioError, TranscriptDamaged, TranscriptError
from debate.scenario.reading import check_scenario
from debate.scenario.schema import Scenario, with_steps
from debate.transcript.reading import Saved


def recorded_scenario(saved: Saved) -> Scenario:
    """The scenario in the header, checked like one that was read from a file.

    Raises:
        debate.errors.TranscriptError: If this version of the engine cannot run it.
    """
    try:
        scenario = Scenario.model_validate(dict(saved.header.scenario))
        # Prompts are taken from the transcript, so nobody minds whether their files are still there.
        check_scenario(with_steps(scenario, lambda step: step.model_copy(update={"prompt": None})))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _unusable(saved, f"{where}: {first['msg']}") from None
    except ScenarioError as error:
        raise _unusable(saved, str(error.problems[0])) from None
    return scenario


def recorded_casting(saved: Saved) -> Casting:
    """The recorded scenario with the prompts it was run with.

    Raises:
        debate.errors.TranscriptDamaged: If a template it names is not in it, or is not what its hash says.
        debate.errors.TranscriptError: If this version of the engine cannot run the scenario.
    """
    header = saved.header
    scenario = recorded_scenario(saved)
    sources = {name: _source(saved, name, hash_) for name, hash_ in header.templates.items()}
    by_round = {round_.name: prompt_of(scenario, round_) for round_ in scenario.steps}
    for name in (SYSTEM, *by_round.values()):
        if name not in sources:
            raise TranscriptDamaged(f"the template {name!r} is not stored", path=str(saved.path), line=1)
    _check_templates(saved, sources)
    try:
        cast = casting(scenario, Templates(sources, by_round), seed=header.seed)
    except DebateError as error:
        raise _unusable(saved, str(error)) from error
    if header.method == Method.LEXICAL and cast.method is not Method.LEXICAL:
        return replace(cast, wording_only=True)
    return cast


def _source(saved: Saved, name: str, hash_: str) -> str:
    source = saved.state.texts.get(hash_)
    if source is None:
        raise TranscriptDamaged(f"the text of template {name!r} is not stored", path=str(saved.path), line=1)
    if text_hash(source) != hash_ or len(source.encode()) > SIZE_LIMIT:
        raise TranscriptDamaged(f"template {name!r} is not the text its hash names", path=str(saved.path), line=1)
    return source


def _check_templates(saved: Saved, sources: dict[str, str]) -> None:
    """Hold templates of a foreign file to what is allowed in a scenario's own."""
    for name, source in sources.items():
        try:
            missing = [other for other in referenced(name, source) if other not in sources]
        except PromptError as error:
            raise _unusable(saved, str(error)) from error
        if missing:
            raise TranscriptDamaged(f"the template {missing[0]!r} is not stored", path=str(saved.path), line=1)


def _unusable(saved: Saved, reason: str) -> TranscriptError:
    recorded = saved.header.engine
    return TranscriptError(f"{saved.path}: recorded by {recorded}, it cannot be run by this engine: {reason}")

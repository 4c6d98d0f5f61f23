"""``debate init``: a first scenario for what is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from debate.cli.given import settings_from
from debate.cli.output import complain, say
from debate.errors import EXIT_CODES, DebateError, MissingKey
from debate.models.client import OpenAICompatible
from debate.settings.prices import bundled_prices
from debate.settings.schema import Endpoint, Settings

PATIENCE: Final = 1.0
"""Seconds a local server has to list its models, and five times that one behind a key."""

PREFERRED: Final = {"together": ("together:openai/gpt-oss-120b", "together:zai-org/GLM-5.3")}
"""Cheap and premium model of providers whose catalogue is known."""

TEXT: Final = """\
# {why}
#   debate plan {file}        what it will hold and what it can cost
#   debate run {file}
debate: 1
name: first
motion: Companies should let every employee work remotely.   # or  question: …

models:                                     # tier → model, as provider:model-id
  cheap: "{cheap}"
  premium: "{premium}"

participants:
  ana: {{role: debater, persona: "Leads a distributed team."}}
  ben: {{role: debater, persona: "Runs a plant."}}
  cleo: {{role: debater}}
  referee: {{role: judge}}

graph: complete                             # each hears all others; or ring, star, edges

rounds:
  - {{name: opening, who: debater, tier: cheap, hears: nobody}}
  - {{name: rebuttal, who: debater, tier: cheap, repeat: {{up_to: 2, until: unanimous}}}}
  - {{name: verdict, who: referee, tier: premium, prompt: verdict, hears: {{from: debater, rounds: all}}}}

decision: {{by: referee, else: plurality}}
budget: {budget}                  # never overrun: what does not fit is not sent
"""


class Found(NamedTuple):
    """What a scenario can be written for."""

    why: str
    cheap: str
    premium: str
    priced: bool


def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to write it.")] = Path("debate.yaml"),
) -> int:
    """Write a first scenario for the key or local server that is there. It overwrites nothing.

    Keys are looked for in the environment, then local servers at their usual addresses; without either the scenario
    is for simulated participants.
    """
    settings = settings_from(out=None)
    found = asyncio.run(look(settings))
    budget = "{usd: 0.25}" if found.priced else "{requests: 40}"
    text = TEXT.format(file=file, budget=budget, **found._asdict())
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        complain(f"{file} is there already, and stays as it is; give another name: debate init FILE")
        return EXIT_CODES["usage"]
    except OSError as error:
        complain(f"{file}: cannot be written: {error.strerror}")
        return EXIT_CODES["usage"]
    say(f"{file}: {found.why}", f"next: debate plan {file}, then debate run {file}")
    return EXIT_CODES["done"]


async def look(settings: Settings) -> Found:
    """The first of: a key that is set, a local server that answers, the simulated participants."""
    endpoints = list(_endpoints(settings))
    for endpoint in sorted(endpoints, key=lambda e: e.key is None):
        local = settings.provider(endpoint.provider).is_local
        if endpoint.key is None and not local:
            continue
        models = PREFERRED.get(endpoint.provider) or await _listed(endpoint, PATIENCE if local else 5 * PATIENCE)
        if models:
            cheap, premium = models[0], models[-1]
            known = all(settings.price_of(*model.split(":", 1)) is not None for model in (cheap, premium))
            return Found(_why(endpoint), cheap, premium, known)
    return Found(
        "For simulated participants, as no key and no local server was found. Tests the machinery, not the argument.",
        "simulated:debater",
        "simulated:judge",
        priced=False,
    )


def _endpoints(settings: Settings) -> Sequence[Endpoint]:
    found = []
    for name in settings.providers:
        try:
            found.append(settings.endpoint(name))
        except MissingKey:
            continue
    return found


async def _listed(endpoint: Endpoint, patience: float) -> tuple[str, ...]:
    """The first chat model that the server lists and, if there is one, the cheapest of known price before it."""
    client = OpenAICompatible(endpoint)
    try:
        async with asyncio.timeout(patience):
            rows = await client.list_models()
    except (DebateError, TimeoutError):
        return ()
    finally:
        await client.aclose()
    names = [f"{endpoint.provider}:{row.id}" for row in rows if row.type in (None, "chat")]
    priced = sorted((name for name in names if name in bundled_prices()), key=lambda n: bundled_prices()[n].output)
    return tuple(priced[:1] or names[:1])


def _why(endpoint: Endpoint) -> str:
    if endpoint.key is not None:
        return f"For {endpoint.provider}, as {' or '.join(endpoint.key_variables)} is set."
    return f"For the server at {endpoint.base_url} ({endpoint.provider})."

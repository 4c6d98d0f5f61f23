"""Beginning a run: its header, and everything it needs to be opened."""

from __future__ import annotations

from debate.engine.casting import Casting
from debate.engine.choosing import choices
from debate.engine.embedding import Embedding, with_embedder
from debate.engine.providers import Providers
from debate.engine.run import Ready
from debate.engine.starting import check_money, header, run_id
from debate.transcript.events import Parent, Warned
from debate.transcript.log import utc_now
from debate.transcript.state import fold


async def begun(
    cast: Casting, providers: Providers, embedding: Embedding, *, seed: int, parent: Parent | None = None
) -> Ready:
    """A new run of ``cast`` with its header, and nothing else yet.

    Raises:
        debate.errors.SettingsError: If a budget in money meets a model without a price, or the method ``nli`` no
            cross-encoder.
        debate.errors.EmbedderError: If an embedder that was asked for explicitly cannot be had.
    """
    prices = providers.prices(cast.models)
    check_money(cast, prices)
    if cast.all_premium is not None:
        prices = {**providers.prices(cast.all_premium.models), **prices}
    cast, scale = await with_embedder(cast, embedding)
    id_ = run_id(cast.scenario.name, utc_now())
    events = header(
        cast,
        run=id_,
        seed=seed,
        prices=prices,
        settings=providers.settings,
        custom=providers.custom,
        scale=scale,
        parent=parent,
    )
    events += [Warned(code="model_chosen", message=why) for why in choices(cast.scenario, providers.settings)]
    return Ready(id_, cast, seed, prices, cast.scenario.budget, fold(events), tuple(events))

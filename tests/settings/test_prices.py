"""What models cost, and what is said when nobody knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from debate.settings import Price, Settings, cost
from debate.settings.prices import bundled_prices
from debate.transcript.usage import Usage

ROOT = Path(__file__).parent.parent.parent
PRICE = Price(input=Decimal("1.40"), output=Decimal("4.40"), cached_input=Decimal("0.26"))


def test_live_models_have_dated_prices() -> None:
    """A bundled price is exact, with its source and date."""
    price = Settings().price_of("together", "zai-org/GLM-5.3")
    assert price is not None
    assert (price.input, price.output, price.cached_input) == (Decimal("1.4"), Decimal("4.4"), Decimal("0.26"))
    assert not price.local
    assert price.as_of is not None
    assert date.fromisoformat(price.as_of).year == 2026
    assert "litellm" in price.source


def test_what_is_unknown_is_unknown() -> None:
    """A retired model, another provider's and a made-up one have no price, which is not 0."""
    for provider, model in (("together", "deepseek-ai/DeepSeek-V3"), ("openai", "gpt-5"), ("nobody", "x")):
        assert Settings().price_of(provider, model) is None


def test_what_runs_here_is_free_and_marked_so() -> None:
    """Simulated, recorded and local models cost 0; the same server elsewhere does not."""
    settings = Settings()
    for provider in ("simulated", "recorded", "ollama", "vllm", "llamacpp", "lmstudio"):
        price = settings.price_of(provider, "m")
        assert price is not None
        assert price.local
        assert price.input == price.output == 0
    assert settings.with_endpoint("ollama", "https://ollama.example/v1").price_of("ollama", "m") is None
    assert settings.with_endpoint("vllm", "http://10.0.0.7:8000/v1").price_of("vllm", "m") is not None
    said = Settings.model_validate({"providers": {"vllm": {"local": False}}})
    assert said.price_of("vllm", "m") is None


def test_the_user_s_price_wins() -> None:
    """Settings override the bundled price, for a live model and for a local one."""
    own = {"input": "9", "output": "9"}
    settings = Settings.model_validate({"prices": {"together:openai/gpt-oss-120b": own, "ollama:m": own}})
    for provider, model in (("together", "openai/gpt-oss-120b"), ("ollama", "m")):
        price = settings.price_of(provider, model)
        assert price is not None
        assert (price.input, price.source, price.local) == (Decimal(9), "settings", False)


def test_cost_counts_cached_tokens_at_their_price() -> None:
    """A thousand tokens of which 400 were cached, and 200 written, by hand; without a cached price all cost alike."""
    usage = Usage(prompt_tokens=1000, completion_tokens=200, cached_tokens=400)
    assert cost(usage, PRICE) == Decimal("0.001824")
    assert cost(usage, Price(input=Decimal("1.40"), output=Decimal("4.40"))) == Decimal("0.00228")


def test_an_unknown_cost_is_none() -> None:
    """Without a price, a usage or a token count there is no cost; what is local costs 0 all the same."""
    usage = Usage(prompt_tokens=1, completion_tokens=1)
    for arguments in (
        (usage, None),
        (None, PRICE),
        (Usage(prompt_tokens=1), PRICE),
        (Usage(completion_tokens=1), PRICE),
    ):
        assert cost(*arguments) is None
    assert cost(None, Settings().price_of("ollama", "m")) == 0
    assert cost(None, None) is None


@hypothesis_settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 2 * 10**9))
def test_cost_is_exact_and_never_negative(prompt: int, completion: int, cached: int) -> None:
    """More cached tokens than prompt tokens, as some servers report, never make the cost negative."""
    found = cost(Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached), PRICE)
    assert found is not None
    assert completion * PRICE.output <= found * 1_000_000 <= completion * PRICE.output + prompt * PRICE.input


def test_the_price_file_and_the_catalogue_are_what_the_script_makes(tmp_path: Path) -> None:
    """Running the script on the same table gives the same files."""
    data = os.environ.get("DEBATE_TEST_DATA")
    shared = Path(data).parent if data else ROOT / ".." / "shared"
    table = shared / "research" / "together-prices-2026-11.json"
    if not table.is_file():
        pytest.skip(f"the table of prices is not at {table}")
    script = tmp_path / "scripts" / "make_prices.py"
    script.parent.mkdir()
    script.write_text((ROOT / "scripts" / "make_prices.py").read_text())
    made = tmp_path / "debate" / "settings" / "prices.json"
    made.parent.mkdir(parents=True)
    catalogue = tmp_path / "debate" / "models" / "catalogue.json"
    catalogue.parent.mkdir()
    subprocess.run([sys.executable, str(script), str(table)], check=True, capture_output=True)
    assert made.read_text() == (ROOT / "debate" / "settings" / "prices.json").read_text()
    assert catalogue.read_text() == (ROOT / "debate" / "models" / "catalogue.json").read_text()


def test_every_bundled_price_is_of_a_known_provider() -> None:
    """The file holds names as they are looked up, and money as text."""
    assert all(name.startswith("together:") for name in bundled_prices())
    rows = json.loads((ROOT / "debate" / "settings" / "prices.json").read_text())["prices"].values()
    assert all(isinstance(value, str) for row in rows for value in row.values())

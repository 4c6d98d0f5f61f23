"""Write debate/settings/prices.json and debate/models/catalogue.json from a table of public price rows.

Usage: make_prices.py PRICES.json [--as-of YYYY-MM-DD]

The table holds the rows of two public price lists (litellm's and genai-prices', both MIT), in USD per million tokens.
Which models are live is not in it: LIVE is the vendor's catalogue of serverless chat models of 2026-10-07, with the
models that the price lists have gained since. A model that is past its retirement date is listed as retired.
"""

from __future__ import annotations

import argparse
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

LIVE = (
    "MiniMaxAI/MiniMax-M3",
    "MiniMaxAI/MiniMax-M3.1-Flash",
    "Qwen/Qwen3.5-9B",
    "Qwen/Qwen3.6-Plus",
    "Qwen/Qwen3.7-Max",
    "Qwen/Qwen3.7-Plus",
    "Qwen/Qwen3.8-2.4T-A95B",
    "Qwen/Qwen3.8-Flash",
    "deepseek-ai/DeepSeek-V4-Flash-0731",
    "deepseek-ai/DeepSeek-V4-Pro-0813",
    "deepseek-ai/DeepSeek-V4.1-Flash",
    "deepseek-ai/DeepSeek-V4.1-Flash-1017",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "meta-models/Muse-Glimmer-30B",
    "meta-models/Muse-Spark-Open-816B-A42B",
    "moonshotai/Kimi-K3",
    "nvidia/NVIDIA-Nemotron-3.5-Super-VL",
    "openai/gpt-oss-120b",
    "reflection/Beam-1.0-501B-A23B",
    "thinkingmachines/Inkling",
    "zai-org/GLM-5.2",
    "zai-org/GLM-5.3",
    "zai-org/GLM-5.3-Flash",
)
PACKAGE = Path(__file__).parent.parent / "debate"
OUT = PACKAGE / "settings" / "prices.json"
CATALOGUE = PACKAGE / "models" / "catalogue.json"

CAPABILITIES = {
    "supports_reasoning": "reasoning",
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_response_schema": "json_schema",
}

REASON_TOO = ("deepseek-ai/DeepSeek-V4-Pro-0813",)
"""Hybrid models by the vendor's guide to reasoning of 2026-10-07, for which the price list has no such flag."""

ON_CONDITION = dict.fromkeys(
    ("Qwen/Qwen3.6-Plus", "Qwen/Qwen3.7-Max", "Qwen/Qwen3.7-Plus", "Qwen/Qwen3.8-Flash"),
    "the organisation must allow sharing its data with third parties",
)
"""By the vendor's catalogue of 2026-10-07: other accounts get a 403."""

DEDICATED = "no longer served but on dedicated endpoints"

GONE = {
    "deepseek-ai/DeepSeek-R1": DEDICATED,
    "deepseek-ai/DeepSeek-V3": "retired",
    "meta-llama/Llama-3.2-1B-Instruct": DEDICATED,
    "meta-llama/Llama-3.2-90B-Vision-Instruct-Turbo": "retired",
    "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo": DEDICATED,
    "Qwen/Qwen2.5-72B-Instruct": DEDICATED,
}
"""Models without a date in the price list that the vendor's catalogue of 2026-10-07 does not serve any more."""

SHORT_NAMES = {
    "llama-3.3-70b-turbo": ("meta-llama/Llama-3.3-70B-Instruct-Turbo", {}),
    "llama-3.1-405b": ("meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo", {"highest_quality": True}),
    "llama-3.1-8b": ("meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", {"cost_critical": True}),
    "llama-3.2-1b": ("meta-llama/Llama-3.2-1B-Instruct", {"cost_critical": True, "simple": True}),
    "llama-3.2-90b-vision": ("meta-llama/Llama-3.2-90B-Vision-Instruct-Turbo", {"requires": ["vision"]}),
    "mixtral-8x7b": ("mistralai/Mixtral-8x7B-Instruct-v0.1", {"requires": ["tools"]}),
    "deepseek-r1": ("deepseek-ai/DeepSeek-R1", {"requires": ["reasoning"]}),
    "deepseek-v3": ("deepseek-ai/DeepSeek-V3", {}),
    "qwen-2.5-72b": ("Qwen/Qwen2.5-72B-Instruct", {}),
}
"""The source document's names, which were never ids of the API: what they stood for, and what it chose them for."""


Row = dict[str, Any]
"""A row of the table as it is."""


def decimal_text(value: float) -> str:
    """The shortest decimal that is this float, without an exponent."""
    return format(Decimal(str(value)), "f")


def main() -> None:
    """Read the table, keep what is live, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--as-of", default="2026-11-22")
    options = parser.parse_args()
    rows = json.loads(options.table.read_text("utf-8"))["litellm"]
    missing = [name for name in LIVE if name not in rows]
    if missing:
        raise SystemExit(f"no price row for {', '.join(missing)}")
    served, prices = {}, {}
    for name in LIVE:
        row = rows[name]
        if is_over(row, options.as_of):
            continue
        served[f"together:{name}"] = facts(name, row)
        prices[f"together:{name}"] = price(row)
    source = "litellm 1.109.1 price table (MIT)"
    write(OUT, {"as_of": options.as_of, "source": source, "unit": "USD per million tokens", "prices": prices})
    over = {name: f"retired {row['deprecation_date']}" for name, row in rows.items() if is_over(row, options.as_of)}
    catalogue = {
        "as_of": options.as_of,
        "source": f"{source}; Together's catalogue of 2026-10-07",
        "served": served,
        "retired": {f"together:{name}": why for name, why in sorted({**GONE, **over}.items())},
        "short_names": {
            f"together:{short}": {"stood_for": f"together:{name}", "chosen_for": needs}
            for short, (name, needs) in SHORT_NAMES.items()
        },
    }
    write(CATALOGUE, catalogue)


def is_over(row: Row, as_of: str) -> bool:
    """Whether the model of ``row`` is past its retirement date."""
    date = row["deprecation_date"]
    return date is not None and str(date) <= as_of


def price(row: Row) -> dict[str, str]:
    """A row of prices.json."""
    made = {"input": decimal_text(row["in"]), "output": decimal_text(row["out"])}
    if row["cache_read"] is not None:
        made["cached_input"] = decimal_text(row["cache_read"])
    return made


def facts(name: str, row: Row) -> dict[str, object]:
    """A row of the catalogue's served models."""
    able = {CAPABILITIES[flag] for flag in row["flags"] if flag in CAPABILITIES}
    if name in REASON_TOO:
        able.add("reasoning")
    made: dict[str, object] = {
        "context": row["context"],
        "max_output": row["max_output"],
        "capabilities": [capability for capability in CAPABILITIES.values() if capability in able],
    }
    if row["deprecation_date"] is not None:
        made["retires"] = row["deprecation_date"]
    if name in ON_CONDITION:
        made["on_condition"] = ON_CONDITION[name]
    return made


def write(path: Path, data: dict[str, object]) -> None:
    """Write a data file of the package."""
    path.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    print(f"{path.name} written")


if __name__ == "__main__":
    main()

"""Write debate/settings/prices.json from a table of public price rows.

Usage: make_prices.py PRICES.json [--as-of YYYY-MM-DD]

The table holds the rows of two public price lists (litellm's and genai-prices', both MIT), in USD per million tokens.
Which models are live is not in it: LIVE is the vendor's catalogue of serverless chat models of 2026-10-07, with the
models that the price lists have gained since. A model that is past its retirement date is left out.
"""

from __future__ import annotations

import argparse
import json
from decimal import Decimal
from pathlib import Path

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
OUT = Path(__file__).parent.parent / "debate" / "settings" / "prices.json"


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
    prices = {}
    for name in LIVE:
        row = rows[name]
        if row["deprecation_date"] is not None and row["deprecation_date"] <= options.as_of:
            print(f"left out, retired {row['deprecation_date']}: {name}")
            continue
        price = {"input": decimal_text(row["in"]), "output": decimal_text(row["out"])}
        if row["cache_read"] is not None:
            price["cached_input"] = decimal_text(row["cache_read"])
        prices[f"together:{name}"] = price
    data = {
        "as_of": options.as_of,
        "source": "litellm 1.109.1 price table (MIT)",
        "unit": "USD per million tokens",
        "prices": prices,
    }
    OUT.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    print(f"{len(prices)} prices in {OUT.name}")


if __name__ == "__main__":
    main()

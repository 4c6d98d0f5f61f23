"""Write docs/reference/scenario.md from the published JSON Schema: every key, its values and its meaning.

Run as ``python scripts/scenario_reference.py``; a test holds that the page is what this writes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from debate.scenario.published import json_schema

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "scenario.md"

HEAD = """# The keys of a scenario

Every key, what it may be, what it is when it is left out, and what it means. `debate schema scenario` prints the same
as a JSON Schema for editors; `debate validate FILE` says what else is wrong with a file, at its line and column.
Written by `scripts/scenario_reference.py`.
"""


def reference() -> str:
    """The page."""
    schema = _schema()
    parts = {"Scenario": schema, **dict(sorted(schema["$defs"].items()))}
    return HEAD + "".join(_part(name, part) for name, part in parts.items() if part.get("properties"))


@cache
def _schema() -> dict[str, Any]:
    return dict(json_schema())


def _part(name: str, part: dict[str, Any]) -> str:
    rows = [f"\n## {name}\n"]
    if name != "Scenario" and part.get("description"):
        rows.append(f"{part['description']}\n")
    rows += ["| key | values | default | meaning |", "|---|---|---|---|"]
    required = part.get("required", [])
    for key, value in part["properties"].items():
        default = "required" if key in required else _default(value)
        cells = (f"`{key}`", _values(value), default, value.get("description", ""))
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    return (
        ""
        if default is None or isinstance(default, (dict, list))
        else f"`{default}`".replace("True", "true").replace("False", "false")
    )


def _values(value: dict[str, Any]) -> str:
    if "const" in value or "enum" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name in _sections() else f"{name.lower()}"
    if "anyOf" in value or "oneOf" in value:
        several = [_values(one) for one in value.get("anyOf", value.get("oneOf")) if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(several))
    return _plain_values(value)


def _plain_values(value: dict[str, Any]) -> str:
    kind = value.get("type", "anything")
    if kind == "array":
        items = value.get("items", {})
        return f"list of {_values(items)}" if items else "list"
    if kind == "object":
        inner = value.get("additionalProperties")
        return f"mapping to {_values(inner)}" if isinstance(inner, dict) else "mapping"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}
    low = value.get("minimum", value.get("exclusiveMinimum"))
    high = value.get("maximum")
    span = f" from {low}" if low is not None else ""
    return words.get(str(kind), str(kind)) + (f"{span} to {high}" if high is not None else span)


def _sections() -> set[str]:
    schema = _schema()
    return {name for name, part in schema["$defs"].items() if part.get("properties")}


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")

"""The environment is read in one place, so that whoever embeds the library decides what it sees."""

from __future__ import annotations

import ast
from pathlib import Path

import debate

PACKAGE = Path(debate.__file__).parent
READERS = {"settings/process.py", "cli/output.py"}
"""Where it is read: in settings, and to see whether a terminal is dumb."""


def reads_the_environment(path: Path) -> bool:
    """Whether a module looks at ``os.environ`` or calls ``os.getenv``."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "getenvb")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id != "os")
    )


def test_only_settings_read_the_environment() -> None:
    """No other module of the library does; keys, addresses and folders of weights come from settings."""
    found = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if reads_the_environment(path)}
    assert "settings/process.py" in found
    assert found <= READERS

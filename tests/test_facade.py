"""The facade: what it promises is there, and its stub says the same."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import debate

HEAVY = ("httpx", "torch", "sentence_transformers", "pandas", "numpy", "networkx", "aiohttp", "starlette", "typer")


def test_every_promised_name_can_be_imported():
    """Each name of ``__all__`` is an attribute, taken from the module the table names."""
    for name, module in debate._MODULES.items():
        assert getattr(debate, name) is getattr(import_module(module), name)


def test_stub_and_facade_agree():
    """The stub imports each name from the same module, and lists the same ``__all__``."""
    tree = ast.parse(Path(debate.__file__).with_suffix(".pyi").read_text())
    imported = {
        alias.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported == debate._MODULES
    listed = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(listed) == debate.__all__


def test_an_unknown_name_is_an_attribute_error():
    """A misspelt name is reported like on any module."""
    assert not hasattr(debate, "Enigne")


def test_importing_the_package_loads_nothing_heavy():
    """``import debate`` and listing its names load no client, no framework and no array library."""
    code = f"import debate, sys; dir(debate); print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

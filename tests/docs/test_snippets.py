"""Every command and snippet of the README and the docs does what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from commands import ROOT, environment

from debate.scenario.reading import parse_scenario

PAGES = ["README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*/*.md"))]
_BLOCK = re.compile(r"^(?:<!-- (?P<mark>.+?) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "@@@@"


class Block(NamedTuple):
    """A fenced block, with the remark before it."""

    mark: str
    language: str
    body: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = (ROOT / page).read_text()
    found = [Block(m["mark"] or "", m["language"], m["body"]) for m in _BLOCK.finditer(text)]
    assert text.count("\n```") == 2 * len(found), "a fence is not closed, or is indented"
    return found


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with ``debate`` and ``python``, an empty home, no key, and no weights to load."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "debate").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from debate.cli.main import main; main()" "$@"\n'
    )
    (commands / "debate").chmod(0o755)
    (commands / "python").symlink_to(sys.executable)
    settings = tmp_path / "settings.toml"
    settings.write_text('embedder = "lexical"\n')
    (tmp_path / "work").mkdir()
    yield environment(
        PATH=f"{commands}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path), DEBATE_SETTINGS=str(settings)
    )
    shutil.rmtree(tmp_path / "work")


def session(body: str, cwd: Path, env: dict[str, str]) -> None:
    """Run the commands of a ``console`` block one after the other, and look for what the page shows of each."""
    steps: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    script = "".join(f"{command}\n__status=$?; echo '{_MARK}' $__status; (exit $__status)\n" for command, _ in steps)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outputs = re.split(rf"^{_MARK} (\d+)\n", done.stdout, flags=re.MULTILINE)
    for number, (command, expected) in enumerate(steps):
        output, status = outputs[2 * number], int(outputs[2 * number + 1])
        failure_is_shown = number + 1 < len(steps) and steps[number + 1][0] == "echo $?"
        assert status == 0 or failure_is_shown, f"{command}: {output}"
        for line in filter(None, map(str.strip, expected)):
            written = ".*".join(re.escape(part) for part in line.split("…"))
            # Columns are as wide as what stands in them, which need not be the same on every page.
            pattern = re.sub(r"(\\ ){2,}", r"\\s{2,}", written)
            assert re.search(pattern, output), f"{command}: no {line!r} in\n{output}"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_tells_the_truth(page: str, tmp_path: Path, shell: dict[str, str]) -> None:
    """Commands give what is shown below them, Python runs, scenarios are valid; what is not run says why."""
    work = tmp_path / "work"
    for block in blocks(page):
        if block.mark.startswith("file: "):
            (work / block.mark.removeprefix("file: ")).write_text(block.body)
        match block.language:
            case "console":
                session(block.body, work, shell)
            case "python":
                subprocess.run([sys.executable, "-c", block.body], cwd=work, env=shell, check=True, capture_output=True)
            case "yaml":
                parse_scenario(block.body, name=page)
            case "sh" | "bash":
                assert block.mark.startswith("not run: "), f"say why this is not run: {block.body}"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link of a page is a file of the project."""
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target

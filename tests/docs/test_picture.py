"""The picture in the README is what the program draws."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

from commands import ROOT, environment


def words(svg: str) -> list[str]:
    """What can be read in a picture, line by line."""
    return [unescape(text) for text in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]


def test_the_picture_is_drawn_by_the_program(tmp_path: Path) -> None:
    """Drawing it again gives the same words and nothing that is loaded from elsewhere."""
    fresh = tmp_path / "live.svg"
    draw = [sys.executable, ROOT / "scripts" / "live_picture.py", fresh]
    subprocess.run(draw, check=True, capture_output=True, cwd=ROOT, env=environment())
    committed = (ROOT / "docs" / "live.svg").read_text()
    assert words(fresh.read_text()) == words(committed)
    assert "simulated:\xa0tests\xa0the\xa0machinery" in "".join(words(committed))
    assert "@font-face" not in committed
    assert ET.fromstring(committed).tag.endswith("svg")

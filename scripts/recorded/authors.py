r"""The equality of answers that DyLAN's figures were computed with: string rewriting after the MATH benchmark.

Written anew from the rules of Hendrycks et al. 2021 (arXiv 2103.03874, appendix): two answers are the same when, after
taking away what LaTeX does not need, they are the same characters. Kept beside our equality only to list differences.
"""

from __future__ import annotations

import re

_TAKEN_AWAY = ("\n", r"\!", r"\left", r"\right", r"^{\circ}", r"^\circ", r"\$", r"\%", "%")


def authors_form(answer: str) -> str:
    """The characters that are compared."""
    text = answer.rstrip("./").replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    for piece in _TAKEN_AWAY:
        text = text.replace(piece, "")
    if text.count(r"\text{ ") == 1:
        text = text.split(r"\text{ ")[0]
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    text = f"0{text}" if text.startswith(".") else text
    left, equals, right = text.partition("=")
    if equals and "=" not in right and len(left) <= 2:
        text = right
    text = re.sub(r"\\sqrt(?!\{)(.)", r"\\sqrt{\1}", text).replace(" ", "")
    text = re.sub(r"\\frac(?!\{)(.)(?!\{)(.)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac(?!\{)(.)\{", r"\\frac{\1}{", text)
    text = r"\frac{1}{2}" if text == "0.5" else text
    whole = re.fullmatch(r"(-?\d+)/(-?\d+)", text)
    return rf"\frac{{{int(whole[1])}}}{{{int(whole[2])}}}" if whole else text

"""A calibration for people: as text, and as a picture of the reliability curve. Pure."""

from __future__ import annotations

from typing import Final

from debate.consensus.calibration import Calibration

_SIDE: Final = 360
_EDGE: Final = 48
_BAR: Final = 20


def as_text(found: Calibration) -> str:
    """What was fitted, how well it predicts, and the reliability curve as bars."""
    low, high = found.auroc_interval
    brier_low, brier_high = found.brier_interval
    lines = [
        f"embedder  {found.embedder}",
        f"pairs     {found.pairs} on {found.topics} topic{'s' * (found.topics != 1)}",
        f"map       agreement = 1 / (1 + exp(-(similarity - {found.centre:.3f}) / {found.width:.3f}))",
        f"AUROC     {found.auroc:.3f} [{low:.3f}, {high:.3f}]",
        f"Brier     {found.brier:.3f} [{brier_low:.3f}, {brier_high:.3f}]  (always saying one half: 0.250)",
        f"ECE       {found.ece:.3f}",
        "",
        "predicted   agree  pairs",
    ]
    for one in found.bins:
        bar = "#" * round(one.agreeing * _BAR)
        lines.append(f"{one.low:.1f} to {one.high:.1f}  {one.agreeing:6.2f}  {one.pairs:5d}  {bar}")
    lines += ["", "Intervals: 95 %, bootstrap over topics. Brier, ECE and the curve: topics left out of the fit."]
    return "\n".join(lines)


def as_svg(found: Calibration) -> str:
    """The reliability curve as an SVG document: predicted agreement across, the part that agrees up; area is pairs."""
    size = _SIDE + 2 * _EDGE
    most = max(one.pairs for one in found.bins)

    def x(value: float) -> float:
        return round(_EDGE + value * _SIDE, 1)

    def y(value: float) -> float:
        return round(_EDGE + (1 - value) * _SIDE, 1)

    ticks = "".join(
        f'<text x="{x(v / 4)}" y="{y(0) + 16}" text-anchor="middle">{v / 4:g}</text>'
        f'<text x="{x(0) - 6}" y="{y(v / 4) + 4}" text-anchor="end">{v / 4:g}</text>'
        for v in range(5)
    )
    line = " ".join(f"{x(one.predicted)},{y(one.agreeing)}" for one in found.bins)
    dots = "".join(
        f'<circle cx="{x(one.predicted)}" cy="{y(one.agreeing)}" r="{2 + 7 * (one.pairs / most) ** 0.5:.1f}">'
        f"<title>{one.pairs} pairs: predicted {one.predicted:.2f}, agree {one.agreeing:.2f}</title></circle>"
        for one in found.bins
    )
    title = f"AUROC {found.auroc:.3f}, Brier {found.brier:.3f}, ECE {found.ece:.3f}, {found.pairs} pairs"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif" font-size="12">'
        f'<rect width="{size}" height="{size}" fill="white"/>'
        f'<text x="{size / 2}" y="24" text-anchor="middle">{_escaped(title)}</text>'
        f'<rect x="{x(0)}" y="{y(1)}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>'
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#999" stroke-dasharray="4 4"/>{ticks}'
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="1.5"/>'
        f'<g fill="#1f5fa8">{dots}</g>'
        f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle">'
        f"predicted agreement ({_escaped(found.embedder)})</text>"
        f'<text transform="translate(14 {size / 2}) rotate(-90)" text-anchor="middle">part that agrees</text></svg>\n'
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

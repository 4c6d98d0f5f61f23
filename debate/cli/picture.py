"""The moving part of the live view: one picture of a run at one moment, to fit a terminal of any size."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from debate.cli.watching import Seat, Watch
from debate.report.words import columns, cut, listed, money, padded, plural, seconds, share, wrapped

WIDE: Final = 120
"""Columns from which on there is room for who hears whom, and for the model."""

_SIGNS: Final = {"idle": " ", "asked": "·", "speaking": "▸", "waiting": "…"}
_STYLES: Final = {"idle": "", "asked": "dim", "speaking": "bold green", "waiting": "yellow"}
_NAME: Final = 16
_STAND: Final = 30
_HEARD: Final = 3
"""Names of those a participant hears that are shown before the rest is counted."""


def picture(watch: Watch, *, now: float, elapsed: float, width: int, height: int) -> Text:
    """One picture.

    Args:
        watch: The run as it stands.
        now: The clock's seconds, by which waits run down.
        elapsed: Seconds since the run began.
        width: Columns there are.
        height: Rows there are; who does not fit is counted.
    """
    text = Text(no_wrap=True, overflow="ellipsis")
    for line in _status(watch, elapsed, width - 1):
        text.append(line + "\n", style="bold")
    rows = max(3, height - 9)
    seats = _seats(watch, rows)
    for seat in seats:
        doing = seat.doing_at(now)
        text.append(f" {_SIGNS[doing]} {cut(_row(seat, watch, now, width), width - 4)}\n", style=_STYLES[doing])
    left = len(watch.seats) - len(seats)
    if left:
        text.append(f"   and {plural(left, 'more participant')}\n", style="dim")
    for id_ in list(watch.speaking)[:2]:
        _excerpt(text, watch.seats[id_], width)
    return text


def _status(watch: Watch, elapsed: float, width: int) -> list[str]:
    """How far the run is, and what it took; in two lines where one is too narrow."""
    graph = watch.casting.graph
    far = [watch.doing, f"{watch.over} of {len(graph.turns)} turns over"]
    if watch.agreement:
        far.append(f"agreement {' → '.join(share(value) for _, value in watch.agreement[-3:])}")
    cost = money(watch.cost) + (" + unknown" if watch.unpriced else "")
    took = [f"{watch.tokens:,} tokens", cost, seconds(elapsed)]
    whole = " · ".join([*far, *took])
    if columns(whole) <= width:
        return [whole]
    return [cut(" · ".join(far), width), cut(" · ".join(took), width)]


def _seats(watch: Watch, rows: int) -> list[Seat]:
    """Those that are shown, in the order of the file: all, or those that do something before those that do not."""
    seats = list(watch.seats.values())
    if len(seats) <= rows:
        return seats
    busy = sorted(seats, key=lambda seat: seat.doing == "idle")[:rows]
    return [seat for seat in seats if seat in busy]


def _row(seat: Seat, watch: Watch, now: float, width: int) -> str:
    name = padded(cut(seat.id, _NAME), min(_NAME, max(columns(id_) for id_ in watch.seats)))
    what = _doing(seat, now)
    heard = _hears(seat, watch)
    if width < WIDE:
        shown = [what, heard if what else "", seat.stand]
        return f"{name}  {' · '.join(filter(None, shown))}"
    row = f"{name}  {' · '.join(filter(None, (what, seat.stand)))}"
    return f"{padded(cut(row, WIDE // 2), WIDE // 2)}  {padded(cut(heard, _STAND), _STAND)}  {seat.model}"


def _doing(seat: Seat, now: float) -> str:
    match seat.doing_at(now):
        case "waiting":
            return f"waits: {seat.wait}, {seconds(seat.until - now)}"
        case "speaking":
            return "thinks" if seat.thinks else "speaks"
        case "asked":
            return "is asked"
        case _:
            return ""


def _hears(seat: Seat, watch: Watch) -> str:
    """Whom the participant hears in its present or latest turn."""
    turn = watch.casting.graph.turns.get(seat.turn)
    if turn is None:
        return ""
    heard = [hearing.speaker for hearing in turn.hears]
    return f"hears {listed(heard, _HEARD)}" if heard else "hears nobody"


def _excerpt(text: Text, seat: Seat, width: int) -> None:
    """The end of what a participant is saying, in two lines."""
    lines = wrapped(seat.text, width - 6)[-2:]
    if not lines:
        return
    text.append(f" ▸ {seat.id}\n", style="green")
    for line in lines:
        text.append(f"   {cut(line, width - 4)}\n", style="dim" if seat.thinks else "")

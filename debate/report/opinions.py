"""What everyone said, side by side: the replies of a round in which nobody heard anybody."""

from __future__ import annotations

from debate.report.spoken import stand_of
from debate.report.words import one_line, wrapped
from debate.transcript.state import State


def opinion_lines(state: State, *, width: int = 100) -> list[str]:
    """Every turn's reply: where it stands, then what it says."""
    lines: list[str] = []
    for id_, turn in state.turns.items():
        ended = turn.ended
        if ended is None:
            continue
        speaker = id_.rpartition("/")[2]
        if ended.outcome != "completed" or ended.reply is None:
            lines += [f"{speaker}: {ended.outcome}{': ' + one_line(ended.reason) if ended.reason else ''}", ""]
            continue
        lines.append(f"{speaker}: {stand_of(ended.reply)}")
        lines += [f"  {line}".rstrip() for line in wrapped(ended.reply.text, width - 2)]
        if ended.reply.position is not None:
            lines += [f"  {line}" for line in wrapped(f"→ {ended.reply.position}", width - 2)]
        lines.append("")
    return lines[:-1]

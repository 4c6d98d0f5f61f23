"""Reasoning that stands in the text itself, between think tags.

Seen: ``<think>…</think>answer``; the same without the opening tag, which some chat templates put in the prompt; and
no closing tag, when the reasoning ran into the token limit.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from debate.models.port import Delta

OPEN: Final = "<think>"
CLOSE: Final = "</think>"


class Split(NamedTuple):
    """Text with the reasoning taken out of it."""

    text: str
    reasoning: str | None


def split_thinking(content: str) -> Split:
    """The reasoning at the beginning of ``content``, and the rest."""
    if CLOSE not in content and OPEN not in content:
        return Split(content, None)
    opened = content.lstrip().startswith(OPEN)
    before, closed, after = content.partition(CLOSE)
    if opened:
        return Split(after.lstrip(), before.lstrip().removeprefix(OPEN).strip() or None)
    if closed and OPEN not in before:
        return Split(after.lstrip(), before.strip() or None)
    return Split(content, None)


class ThinkingStream:
    """The same for text that comes in pieces: each piece becomes deltas of text and of reasoning."""

    __slots__ = ("_held", "_shown", "_state")

    def __init__(self) -> None:
        self._state: Literal["start", "thinking", "unopened", "text"] = "start"
        self._held = ""
        self._shown = ""
        """Text given out before it is known that no opening tag was missing."""

    def feed(self, piece: str) -> list[Delta]:
        """The deltas that ``piece`` allows; a beginning of a tag is held back until it is whole or is none."""
        if self._state == "text":
            return [Delta(piece)]
        self._held += piece
        deltas: list[Delta] = []
        if self._state == "start" and not self._begin():
            return deltas
        before, closed, after = self._held.partition(CLOSE)
        if closed:
            deltas.extend(self._close(before, after))
        else:
            keep = _partial(self._held)
            ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
            if ready:
                deltas.append(Delta(ready, reasoning=self._state == "thinking"))
                if self._state == "unopened":
                    self._shown += ready
        return deltas

    def finish(self) -> list[Delta]:
        """What was held back."""
        held, self._held = self._held, ""
        return [Delta(held, reasoning=self._state == "thinking")] if held else []

    def _begin(self) -> bool:
        start = self._held.lstrip()
        if len(start) < len(OPEN) and OPEN.startswith(start):
            return False
        if start.startswith(OPEN):
            self._state, self._held = "thinking", start.removeprefix(OPEN)
        else:
            self._state = "unopened"
        return True

    def _close(self, before: str, after: str) -> list[Delta]:
        state, self._state, self._held = self._state, "text", ""
        text = [Delta(after)] if after else []
        if state == "thinking":
            return [Delta(before, reasoning=True), *text] if before else text
        whole = self._shown + before
        if OPEN in whole:
            return [Delta(before + CLOSE + after)]
        return [Delta("", reset=True), Delta(whole, reasoning=True), *text]


def _partial(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of a closing tag."""
    for length in range(min(len(CLOSE) - 1, len(text)), 0, -1):
        if CLOSE.startswith(text[-length:]):
            return length
    return 0

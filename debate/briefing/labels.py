"""What speakers are called in a prompt: by name, by alias, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from debate.graph.chance import Dice
from debate.scenario.hearing import Names

NAMELESS: Final = "A participant"
"""What a speaker is called where names are hidden."""


def labels(
    speakers: Sequence[str], names: Names, *, everyone: Sequence[str], turn: str, dice: Dice
) -> Mapping[str, str]:
    """Speaker to what the hearer is told it is called.

    Args:
        speakers: Who is heard, each once.
        names: How they are named.
        everyone: All participants; an alias is the same for a speaker in every turn of the run.
        turn: The hearer's turn; shuffled letters are drawn for it alone.
        dice: The run's.
    """
    match names:
        case "shown":
            return {speaker: speaker for speaker in speakers}
        case "hidden":
            return dict.fromkeys(speakers, NAMELESS)
        case "alias":
            drawn = dice.of("alias").shuffled(sorted(everyone))
            return {speaker: f"Speaker {letters(drawn.index(speaker))}" for speaker in speakers}
        case "shuffled":
            drawn = dice.of("alias", turn).shuffled(sorted(speakers))
            return {speaker: f"Speaker {letters(place)}" for place, speaker in enumerate(drawn)}


def voted_names(
    known: Mapping[str, str], names: Names, *, everyone: Sequence[str], me: str, turn: str, dice: Dice
) -> Mapping[str, str]:
    """What a hearer is told that participants are called in the votes of others, whether it hears them or not.

    Args:
        known: What those it hears are called.
        names: How they are named.
        everyone: All participants.
        me: The hearer.
        turn: The hearer's turn.
        dice: The run's.
    """
    if names in ("shown", "alias"):
        known = labels(everyone, names, everyone=everyone, turn=turn, dice=dice)
    return {**dict.fromkeys(everyone, "somebody else"), **known, me: "you"}


def letters(number: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("A") + digit) + text
    return text

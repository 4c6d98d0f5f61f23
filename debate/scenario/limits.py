"""Texts as they can be sent and written, and no longer than the user allows.

A longer one is an error at its place, or cut so that everyone sees it.
"""

from __future__ import annotations

import logging
from typing import Final

from debate.errors import Problem, ScenarioError
from debate.scenario.keypath import KeyPath, format_path
from debate.scenario.schema import Scenario
from debate.settings.inputs import InputSettings

LOG: Final = logging.getLogger("debate")

_LOOK_BACK: Final = 200
"""Characters before the end in which a blank to cut at is looked for, so that no word is split."""


def within(scenario: Scenario, allowed: InputSettings | None) -> Scenario:
    """``scenario`` with no text longer than is allowed, nor with half a character. Nothing else of a text is touched.

    Raises:
        debate.errors.ScenarioError: If one is longer and may not be cut; every such text at its place.
    """
    problems: list[Problem] = []

    def kept(path: KeyPath, text: str) -> str:
        text = whole(text)
        if allowed is None or len(text) <= allowed.longest:
            return text
        place = format_path(path)
        if allowed.over_long == "error":
            mend = 'shorten it, or set input.longest or input.over_long = "cut" in the settings'
            problems.append(
                Problem(None, f"{len(text):,} characters, and {allowed.longest:,} are allowed; {mend}", place)
            )
            return text
        short = cut(text, allowed.longest)
        LOG.warning("%s: cut to %d of %d characters", place, len(short), len(text))
        return short

    changes: dict[str, object] = {}
    if scenario.motion is not None:
        changes["motion"] = kept(("motion",), scenario.motion)
    if scenario.question is not None:
        text = kept(("question", "text"), scenario.question.text)
        choices = {
            letter: kept(("question", "choices", letter), choice)
            for letter, choice in scenario.question.choices.items()
        }
        changes["question"] = scenario.question.model_copy(update={"text": text, "choices": choices})
    if isinstance(scenario.context, str):
        changes["context"] = kept(("context",), scenario.context)
    changes["participants"] = {
        id_: one.model_copy(
            update={
                name: kept(("participants", id_, name), value)
                for name in ("persona", "private")
                if isinstance(value := getattr(one, name), str)
            }
        )
        for id_, one in scenario.participants.items()
    }
    if problems:
        raise ScenarioError(tuple(problems))
    return scenario.model_copy(update=changes)


def whole(text: str) -> str:
    """``text`` with its halves of a surrogate pair joined, and those left over replaced: no UTF-8 can hold one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def cut(text: str, longest: int) -> str:
    """The beginning of ``text``, to its last blank if one is near, and a mark that says how much is missing."""
    mark = "\n[… {left:,} more characters, cut here]"
    room = max(0, longest - len(mark.format(left=len(text))))
    end = max(text.rfind(blank, max(0, room - _LOOK_BACK), room) for blank in (" ", "\n"))
    kept = text[: end if end > 0 else room]
    return kept + mark.format(left=len(text) - len(kept))

"""Rules: the closed set of ways to decide, as they stand under ``decision.by`` and ``decision.else``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

RuleName = Literal[
    "plurality",
    "majority",
    "supermajority",
    "unanimity",
    "weighted",
    "approval",
    "cumulative",
    "borda",
    "irv",
    "condorcet",
    "score",
    "trajectory",
    "medoid",
    "participant",
    "veto",
]
"""Every rule there is; ``participant`` stands for a participant's id."""

Parameter = Literal["confidence", "weight", "mean", "median"]

PARAMETERS: Final[Mapping[str, tuple[Parameter, ...]]] = {
    "weighted": ("confidence", "weight"),
    "score": ("mean", "median"),
}
WORDS: Final = tuple(
    name for name in get_args(RuleName) if name not in ("supermajority", "participant", "veto", *PARAMETERS)
)
"""Rules that are written as one word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way to decide, with its parameters."""

    name: RuleName
    quota: float | None = None
    """For ``supermajority``: the part of the denominator that an answer needs at least."""
    parameter: Parameter | None = None
    """For ``weighted`` and ``score``."""
    participant: str | None = None
    """Who decides, or who may veto."""
    over: Rule | None = None
    """For ``veto``: the rule whose answer may be vetoed."""

    def __str__(self) -> str:
        match self.name:
            case "participant":
                return str(self.participant)
            case "supermajority":
                return f"supermajority {self.quota:g}"
            case "veto":
                return f"{self.over} with {self.participant}'s veto"
            case _:
                return f"{self.name} {self.parameter}" if self.parameter else self.name


def parse_rule(written: str | Mapping[str, object]) -> Rule:
    """A rule as a scenario writes it; a word that is no rule's name is a participant's id.

    Raises:
        ValueError: If a mapping is no rule, or a parameter is not one of its rule's.
    """
    if isinstance(written, str):
        name = next((word for word in WORDS if word == written), None)
        if name is not None:
            return Rule(name=name)
        if written in get_args(RuleName):
            raise ValueError(f"{written} needs a parameter, as in {_EXAMPLES[written]}")
        return Rule(name="participant", participant=written)
    keys = set(written)
    if keys == {"supermajority"}:
        return Rule(name="supermajority", quota=_quota(written["supermajority"]))
    if keys == {"veto", "over"}:
        over = written["over"]
        if not isinstance(over, str | Mapping) or not isinstance(written["veto"], str):
            raise ValueError(f"expected {_EXAMPLES['veto']}, found {dict(written)!r}")
        return Rule(name="veto", participant=written["veto"], over=parse_rule(over))
    for name in ("weighted", "score"):
        if keys == {name}:
            parameter = next((one for one in PARAMETERS[name] if one == written[name]), None)
            if parameter is None:
                raise ValueError(f"{name} takes {' or '.join(PARAMETERS[name])}, found {written[name]!r}")
            return Rule(name="weighted" if name == "weighted" else "score", parameter=parameter)
    raise ValueError(f"no rule has the keys {sorted(keys)}; expected one of {', '.join(_EXAMPLES.values())}")


_EXAMPLES: Final[Mapping[str, str]] = {
    "supermajority": "{supermajority: 0.66}",
    "weighted": "{weighted: confidence}",
    "score": "{score: mean}",
    "veto": "{veto: participant, over: plurality}",
    "participant": "a participant's id",
}


def _quota(value: object) -> float:
    """``0.66`` or ``2/3``."""
    if isinstance(value, str) and value.count("/") == 1:
        over, under = (part.strip() for part in value.split("/"))
        value = int(over) / int(under) if over.isdecimal() and under.isdecimal() and int(under) else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"supermajority takes a part above 0 and up to 1, found {value!r}")
    return float(value)

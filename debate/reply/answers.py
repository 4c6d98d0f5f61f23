"""Answers: one written form for answers that are the same, by the kind of question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from debate.reply.choices import parse_choice
from debate.reply.expressions import canonical_expression, expression_key
from debate.reply.numbers import parse_number, write_number
from debate.reply.phrases import phrase, plain
from debate.reply.spec import ReplySpec

LONGEST: Final = 2000
"""Characters an answer may have; what is longer is an argument, not an answer."""


def canonical(answer: str, spec: ReplySpec) -> str | None:
    """The answer in the form in which equal answers are equal strings; None if it is no answer of the spec's kind.

    Idempotent. For ``expression`` two equal formulas can keep different forms; :func:`equivalent` tells.
    """
    form: str | None = answer
    for _ in range(_PASSES):
        if form is None or len(form) > LONGEST or not form.strip():
            return None
        before, form = form, _form(form, spec)
        if form == before:
            return form
    return form


_PASSES: Final = 6
"""How often a form is brought into form again until it stays as it is; two passes do for nearly all."""


def _form(answer: str, spec: ReplySpec) -> str | None:
    match spec.kind:
        case "choice":
            return parse_choice(answer, spec.choices)
        case "number":
            value = parse_number(plain(answer))
            return canonical_constant(answer) if value is None else write_number(value)
        case "set":
            return _canonical_set(answer, spec)
        case "expression":
            return canonical_expression(answer)
        case _:
            value = parse_number(plain(answer)) if _is_bare_number(answer) else None
            return (phrase(answer) or None) if value is None else write_number(value)


def canonical_constant(answer: str) -> str | None:
    r"""A number written as a formula, as ``\frac{1}{2}`` or ``2^{10}``; None if it is not a number."""
    value = parse_number(canonical_expression(answer) or "")
    return None if value is None else write_number(value)


def _is_bare_number(answer: str) -> bool:
    """Whether a phrase is nothing but a number, so that ``70,000`` and ``70000`` are one answer to an open question."""
    return re.fullmatch(r"[-+\u2212$€£]*[\d.,]+%?", plain(answer).rstrip(".")) is not None


def _canonical_set(answer: str, spec: ReplySpec) -> str | None:
    text = plain(answer).rstrip(".").strip()
    for opening, closing in (("\\{", "\\}"), ("{", "}"), ("[", "]"), ("(", ")")):
        if text.startswith(opening) and text.endswith(closing):
            text = text[len(opening) : -len(closing)]
            break
    if not text.strip() or text.strip() in {"\\", "∅", "\\emptyset", "\\varnothing"}:
        return "{}"
    if spec.choices and re.fullmatch(r"[A-Z]{2,26}", text) and all(letter in spec.choices for letter in text):
        parts = list(text)
    else:
        parts = [part for part in re.split(r"\s*[,;]\s*(?:and\s+|or\s+)?|\s+and\s+", text) if part.strip()]
    members = [parse_choice(part, spec.choices) if spec.choices else canonical_expression(part) for part in parts]
    if not members or any(member is None for member in members):
        return None
    return "{" + ", ".join(sorted({member for member in members if member is not None})) + "}"


def _key(answer: str, spec: ReplySpec) -> str | None:
    if spec.kind == "expression":
        form = canonical(answer, spec)
        return expression_key(answer if form is None else form)
    return canonical(answer, spec)


def equivalent(first: str, second: str, spec: ReplySpec) -> bool:
    """Whether two answers are the same answer. An equivalence: reflexive, symmetric and transitive."""
    if first == second:
        return True
    key = _key(first, spec)
    return key is not None and key == _key(second, spec)


def answer_classes(answers: Iterable[str], spec: ReplySpec) -> tuple[tuple[int, ...], ...]:
    """Which of ``answers`` are the same: their indices, class by class, in order of first appearance."""
    classes: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        key = _key(answer, spec)
        classes.setdefault(f"as written: {answer}" if key is None else f"read: {key}", []).append(index)
    return tuple(tuple(indices) for indices in classes.values())


def shared_names(answers: Iterable[str], spec: ReplySpec) -> dict[str, str]:
    """Each of ``answers`` to the one name under which it is counted with those that are the same.

    A class is named after its shortest member, whoever wrote it, so the order of ``answers`` changes nothing. Only
    formulas need it: of other kinds equal answers are equal strings already.
    """
    written = sorted(set(answers))
    if spec.kind != "expression":
        return {answer: answer for answer in written}
    names: dict[str, str] = {}
    for indices in answer_classes(written, spec):
        shortest = min((written[index] for index in indices), key=lambda answer: (len(answer), answer))
        names.update(dict.fromkeys((written[index] for index in indices), shortest))
    return names


def representatives(answers: Sequence[str], spec: ReplySpec) -> tuple[str, ...]:
    """Each answer, replaced by the first one of ``answers`` it is the same as, so that votes can be counted by it."""
    first_of = {index: indices[0] for indices in answer_classes(answers, spec) for index in indices}
    return tuple(answers[first_of[index]] for index in range(len(answers)))

r"""Formulas: a reader and evaluator for the arithmetic that answers are written in, LaTeX or plain.

A closed grammar over numbers, single-letter variables, ``+ - * / ^ !``, brackets, ``\frac``, ``\binom``, ``\sqrt``,
``|x|``, ``\pi`` and the elementary functions. Model text is never evaluated as code, nothing outside the grammar is
read, and both the length of a text and the size of a number are bounded, so the time is too. Two formulas are compared
by their values at fixed points (polynomial identity testing, after Schwartz 1980 and Zippel 1979).
"""

from __future__ import annotations

import cmath
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

LONGEST: Final = 400
"""Characters of a formula."""

_DEPTH: Final = 40
_BITS: Final = 4096
_FACTORIAL: Final = 150
_TOKEN: Final = re.compile(r"\d+(?:\.\d+)?|\.\d+|\\[A-Za-z]+|[A-Za-z](?:_(?:\w|\{\w{1,8}\}))?|[-+*/^!()\[\]{}|_]")

Value = Fraction | complex
Node = Fraction | str | tuple["Operation", tuple["Node", ...]]
"""A number, a variable's name, or an operation on nodes."""

Operation = Callable[..., Value]


class NotAFormula(ValueError):
    """The text is not in the grammar, or leaves its bounds."""


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Fraction) and isinstance(base, Fraction):
        if exponent.denominator == 1:
            size = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent.numerator)
            if size > _BITS:
                raise NotAFormula("a power too large to be meant")
            return base ** int(exponent)
        if exponent == Fraction(1, 2) and base >= 0:
            over, under = math.isqrt(base.numerator), math.isqrt(base.denominator)
            if over * over == base.numerator and under * under == base.denominator:
                return Fraction(over, under)
    return complex(base) ** complex(exponent)


def _factorial(value: Value) -> Value:
    if isinstance(value, Fraction) and value.denominator == 1 and 0 <= value <= _FACTORIAL:
        return Fraction(math.factorial(value.numerator))
    raise NotAFormula("a factorial of no small whole number")


def _binomial(over: Value, under: Value) -> Value:
    return _factorial(over) / (_factorial(under) * _factorial(over - under))


def _root(value: Value, degree: Value) -> Value:
    if isinstance(value, Fraction) and isinstance(degree, Fraction) and value < 0 and degree == 3:  # noqa: PLR2004 - cubes
        return -_power(-value, 1 / degree)
    return _power(value, 1 / degree)


def _add(first: Value, second: Value) -> Value:
    return first + second


def _multiply(first: Value, second: Value) -> Value:
    return first * second


def _divide(first: Value, second: Value) -> Value:
    return first / second


def _minus(value: Value) -> Value:
    return -value


def _pi() -> Value:
    return complex(math.pi)


def _magnitude(value: Value) -> Value:
    return abs(value) if isinstance(value, Fraction) else complex(abs(value))


def _logarithm(value: Value, base: Value) -> Value:
    return cmath.log(complex(value)) / cmath.log(complex(base))


def _plain(function: Callable[[complex], complex]) -> Operation:
    return lambda value: function(complex(value))


_FUNCTIONS: Final[Mapping[str, Operation]] = {
    **{rf"\{name}": _plain(getattr(cmath, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp")},
    **{rf"\arc{name}": _plain(getattr(cmath, f"a{name}")) for name in ("sin", "cos", "tan")},
    r"\ln": _plain(cmath.log),
    r"\log": _plain(cmath.log10),
    r"\cot": lambda value: 1 / cmath.tan(complex(value)),
    r"\sec": lambda value: 1 / cmath.cos(complex(value)),
    r"\csc": lambda value: 1 / cmath.sin(complex(value)),
}
_FRACTIONS: Final[Mapping[str, Operation]] = {r"\frac": _divide, r"\binom": _binomial}
_GREEK: Final = frozenset({r"\theta", r"\alpha", r"\beta", r"\lambda", r"\phi", r"\omega"})
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "|": "|"}
_STARTS_NO_FACTOR: Final = frozenset({"+", "-", "*", "/", "^", "!", ")", "]", "}", "_"})


class _Reader:
    """A recursive-descent reader over the tokens of one formula."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NotAFormula("too long")
        if _TOKEN.sub("", text).strip():
            raise NotAFormula("characters outside the grammar")
        self.tokens = _TOKEN.findall(text)
        self.at = 0
        self.depth = 0
        self.bars = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def whole(self) -> Node:
        node = self.sum()
        if self.next:
            raise NotAFormula(f"unexpected {self.next!r}")
        return node

    def sum(self) -> Node:
        self.depth += 1
        if self.depth > _DEPTH:
            raise NotAFormula("nested too deep")
        node = self.product()
        while self.next in ("+", "-"):
            sign = self.take()
            right = self.product()
            node = (_add, (node, right if sign == "+" else (_minus, (right,))))
        self.depth -= 1
        return node

    def product(self) -> Node:
        if self.next in ("+", "-"):
            sign = self.take()
            self.depth += 1
            if self.depth > _DEPTH:
                raise NotAFormula("nested too deep")
            node = self.product()
            self.depth -= 1
            return (_minus, (node,)) if sign == "-" else node
        node = self.power()
        while self.next in ("*", "/") or (self.next and self.next not in _STARTS_NO_FACTOR and not self.closes_bar()):
            operation: Operation = _divide if self.next == "/" else _multiply
            if self.next in ("*", "/"):
                self.take()
            negative = self.next == "-"
            if negative:
                self.take()
            right = self.power()
            node = (operation, (node, (_minus, (right,)) if negative else right))
        return node

    def closes_bar(self) -> bool:
        return self.next == "|" and self.bars > 0

    def power(self) -> Node:
        whole = self.next.isdigit()
        node = self.atom()
        if whole and self.next == r"\frac" and self.small_fraction():
            node = (_add, (node, self.atom()))
        while self.next == "!":
            self.take()
            node = (_factorial, (node,))
        if self.next == "^":
            self.take()
            node = (_power, (node, self.exponent()))
        return node

    def exponent(self) -> Node:
        if self.next == "-":
            self.take()
            return (_minus, (self.atom(),))
        return self.atom()

    def small_fraction(self) -> bool:
        r"""Whether a ``\frac`` of two whole numbers follows, which behind a whole number makes a mixed one."""
        ahead = self.tokens[self.at + 1 : self.at + 7]
        return len(ahead) == 6 and ahead[1].isdigit() and ahead[4].isdigit() and ahead[::3] == ["{", "{"]  # noqa: PLR2004

    def atom(self) -> Node:
        piece = self.take()
        if piece[:1].isdigit() or piece[:1] == ".":
            return Fraction(piece)
        if piece in _CLOSING:
            return self.bracketed(piece)
        if piece[:1].isalpha() or piece in _GREEK:
            return piece
        return self.command(piece)

    def command(self, name: str) -> Node:
        if name == r"\pi":
            return (_pi, ())
        if name in _FRACTIONS:
            return (_FRACTIONS[name], (self.atom(), self.atom()))
        if name == r"\sqrt":
            degree = self.bracketed(self.take()) if self.next == "[" else Fraction(2)
            return (_root, (self.atom(), degree))
        if name in _FUNCTIONS:
            return self.function(name)
        raise NotAFormula(f"unexpected {name!r}")

    def bracketed(self, opening: str) -> Node:
        self.bars += opening == "|"
        node = self.sum()
        self.bars -= opening == "|"
        if self.take() != _CLOSING[opening]:
            raise NotAFormula("a bracket that is not closed")
        return (_magnitude, (node,)) if opening == "|" else node

    def function(self, name: str) -> Node:
        exponent: Node | None = None
        base: Node | None = None
        if self.next == "_" and name == r"\log":
            self.take()
            base = self.atom()
        if self.next == "^":
            self.take()
            exponent = self.exponent()
        argument = self.power()
        node: Node = (_FUNCTIONS[name], (argument,)) if base is None else (_logarithm, (argument, base))
        return node if exponent is None else (_power, (node, exponent))


def _point(name: str, index: int) -> Fraction:
    """Where a variable stands at the index-th point: between 1/2 and 5/2, from a hash of its name."""
    digest = hashlib.sha256(f"{index}:{name}".encode()).digest()
    return Fraction(1, 2) + Fraction(int.from_bytes(digest[:3], "big"), 1 << 23)


def _value(node: Node, index: int) -> Value:
    if isinstance(node, Fraction):
        return node
    if isinstance(node, str):
        return _point(node, index)
    operation, arguments = node
    value = operation(*(_value(argument, index) for argument in arguments))
    if isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _BITS:
            raise NotAFormula("a number too large to be meant")
        return value
    return _snapped(complex(value))


def _snapped(value: complex) -> Value:
    """A value that is a small ratio but for rounding, as that ratio: ``sqrt(2) sqrt(2)`` is 2."""
    if not cmath.isfinite(value):
        raise NotAFormula("no finite value")
    if abs(value.imag) > 1e-12 * max(1.0, abs(value)):
        return value
    nearby = Fraction(value.real).limit_denominator(1000)
    return nearby if abs(value.real - nearby) <= 1e-12 * max(1.0, abs(value.real)) else value


def values(text: str, points: int = 3) -> tuple[Value, ...]:
    """The values of a formula at fixed points; all the same for a constant.

    Raises:
        NotAFormula: If the text is outside the grammar or its bounds, or has no finite value.
    """
    node = _Reader(text).whole()
    try:
        return tuple(_value(node, index) for index in range(points))
    except (ArithmeticError, ValueError, RecursionError) as error:
        raise NotAFormula(str(error)) from error

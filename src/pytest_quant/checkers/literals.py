"""Reads a number written by a model as an exact number, without ever evaluating its text.

A recursive-descent parser over tokens builds sympy numbers from literals: integers, decimals,
fractions, mixed numbers, powers, roots, pi, and sums and products of those. Hard limits on
length, nesting, operations, digits and exponents bound its work, so that a tower of powers or a
wall of brackets costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy

from pytest_quant.checkers.bounded import (
    MAX_LENGTH,
    PLUS_OR_MINUS,
    NotANumberError,
    Number,
    UnreadableError,
    compound,
    decimal,
    negative,
    power,
    quotient,
    root,
    scaled,
    small_integer,
    times,
    vulgar,
)
from pytest_quant.checkers.tokens import Token

MAX_DEPTH = 16
MAX_OPERATIONS = 64

MATHEMATICAL = frozenset({"number", "fraction", "power", "operator", "open", "close", "command"})
TIMES_WORDS = frozenset({"x", "X", "times"})
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_PRICE_SCALES = {"k": 3, "K": 3, "m": 6, "M": 6, "bn": 9, "B": 9}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DASH = "\u2013"
_PLUS_MINUS = "\u00b1"


def read_number(
    tokens: Sequence[Token], start: int, *, listing: bool = False
) -> tuple[Number, int]:
    """The longest number that starts at token ``start``, and the index of the token behind it.

    ``listing``: the tokens are a list of numbers, in which ``1 -1`` is two of them.
    Raises ``NotANumberError`` or ``UnreadableError``; never takes more than the limits allow.
    """
    reader = NumberReader(tokens, start, listing)
    return reader.sum(), reader.index


class NumberReader:
    """A cursor over tokens; what reads more than numbers builds on it."""

    def __init__(self, tokens: Sequence[Token], start: int, listing: bool) -> None:
        self.index = start
        self._tokens = tokens
        self._listing = listing
        self._begin = tokens[start].start
        self._depth = 0
        self._operations = 0

    def sum(self) -> Number:
        left = self._product()
        while (token := self._peek()) and token.kind == "operator":
            if token.text == _PLUS_MINUS:
                raise UnreadableError(PLUS_OR_MINUS)
            if token.text not in f"+-{_DASH}" or self._separates(token):
                break
            right = self._attempt(1, self._product)
            if right is None:
                break
            left = compound(
                left.value + right.value if token.text == "+" else left.value - right.value
            )
        return left

    def _separates(self, sign: Token) -> bool:
        """Whether a sign belongs to the next number (1 -1 in a list) or marks a range."""
        if self._spaced(1):
            return False
        return sign.text == _DASH or (self._listing and sign.spaced)

    def _product(self) -> Number:
        left = self._signed()
        while token := self._peek():
            if token.kind == "operator" and token.text in "*/":
                right = self._attempt(1, self._signed)
                divides = token.text == "/"
            elif token.text in TIMES_WORDS:
                right, divides = self._attempt(1, self._signed), False
            elif token.kind == "command" or (
                token.text == "(" and not token.spaced and not self._listing
            ):
                right, divides = self._attempt(0, self._power), False
            else:
                break
            if right is None:
                break
            left = quotient(left, right) if divides else times(left, right)
        return left

    def _signed(self) -> Number:
        minus = False
        while (token := self._peek()) and token.kind == "operator" and token.text in f"+-{_DASH}":
            if token.text == _DASH and self._spaced(1):
                raise NotANumberError
            self._count()
            minus ^= token.text != "+"
            self.index += 1
        number = self._power()
        return negative(number) if minus else number

    def _power(self) -> Number:
        base = self._atom()
        token = self._peek()
        if token is None:
            return base
        if token.kind == "power" and not token.spaced and token.text.lstrip("+-").isdigit():
            self._count()
            self.index += 1
            return power(base, small_integer(token.text))
        if token.kind == "operator" and token.text == "^":
            exponent = self._attempt(1, self._exponent)
            if exponent is not None:
                return power(base, exponent.value)
        return base

    def _exponent(self) -> Number:
        return self._nested(self._signed)

    def _atom(self) -> Number:
        token = self._peek()
        if token is None:
            raise NotANumberError
        self.index += 1
        match token.kind:
            case "number":
                return self._mixed(self._scaled(decimal(token.text)))
            case "fraction":
                return vulgar(token.text)
            case "open":
                return self._bracketed(_CLOSING[token.text])
            case "currency" if (after := self._peek()) and after.kind == "number":
                return self._atom()
            case "command" if token.text == "pi":
                return compound(sympy.pi)
            case "command" if token.text == "frac":
                top = self._nested(self._atom)
                return quotient(top, self._nested(self._atom))
            case "command" if token.text in ("sqrt", "cbrt"):
                return self._root(2 if token.text == "sqrt" else 3)
            case "operator" if token.text == _PLUS_MINUS:
                raise UnreadableError(PLUS_OR_MINUS)
            case _:
                raise NotANumberError

    def _bracketed(self, closing: str) -> Number:
        inner = self._nested(self.sum)
        token = self._peek()
        if token is None or token.text != closing:
            raise NotANumberError
        self.index += 1
        return inner

    def _root(self, degree: object) -> Number:
        token = self._peek()
        if token and token.text == "[":
            self.index += 1
            degree = self._bracketed("]").value
        self._count()
        return root(self._nested(self._atom), degree)

    def _scaled(self, number: Number) -> Number:
        """``number`` with the scale behind it: 1.2 million, and in prices $3k."""
        token = self._peek()
        if token is None or token.kind != "word":
            return number
        scale = _SCALES.get(token.text.casefold())
        before = self._tokens[self.index - 2] if self.index >= 2 else None
        if scale is None and not token.spaced and before and before.kind == "currency":
            scale = _PRICE_SCALES.get(token.text)
        if scale is None:
            return number
        self.index += 1
        return scaled(number, scale)

    def _mixed(self, whole: Number) -> Number:
        """``whole`` and the proper fraction behind it, if one stands there: 1 1/2."""
        if not whole.value.is_Integer or whole.decimals != 0:
            return whole
        saved = self.index
        token = self._peek()
        try:
            if token and token.kind == "word" and token.text == "and" and not self._listing:
                self.index += 1
                token = self._peek()
            if token and token.kind == "fraction":
                self.index += 1
                part = vulgar(token.text)
            elif token and token.kind == "command" and token.text == "frac":
                part = self._atom()
            elif token and token.kind == "number" and token.spaced and not self._listing:
                part = self._slashed()
            else:
                raise NotANumberError
            if part.form == "fraction" and 0 < part.value < 1:
                return Number(whole.value + part.value, "fraction")
        except NotANumberError:
            pass
        self.index = saved
        return whole

    def _slashed(self) -> Number:
        """A fraction written without spaces, as in the mixed number 1 3/10."""
        window = self._tokens[self.index : self.index + 3]
        if (
            [token.kind for token in window] != ["number", "operator", "number"]
            or window[1].text != "/"
            or window[1].spaced
            or window[2].spaced
        ):
            raise NotANumberError
        self.index += 3
        return quotient(decimal(window[0].text), decimal(window[2].text))

    def _attempt(self, skip: int, read: Callable[[], Number]) -> Number | None:
        """What ``read`` finds ``skip`` tokens ahead; ``None``, and no step made, if nothing."""
        saved = self.index
        self._count()
        self.index += skip
        try:
            return read()
        except NotANumberError:
            self.index = saved
            return None

    def _nested(self, read: Callable[[], Number]) -> Number:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableError(f"nested deeper than {MAX_DEPTH} levels")
        try:
            return read()
        finally:
            self._depth -= 1

    def _count(self) -> None:
        self._operations += 1
        if self._operations > MAX_OPERATIONS:
            raise UnreadableError(f"more than {MAX_OPERATIONS} operations")

    def _peek(self) -> Token | None:
        if self.index >= len(self._tokens):
            return None
        token = self._tokens[self.index]
        if token.end - self._begin > MAX_LENGTH and token.kind in MATHEMATICAL:
            raise UnreadableError(f"longer than {MAX_LENGTH} characters")
        return token

    def _spaced(self, ahead: int) -> bool:
        index = self.index + ahead
        return index >= len(self._tokens) or self._tokens[index].spaced

"""Finds algebraic expressions in a text and reads them at values of their variables.

An expression is never built as a symbolic object: the parser of numbers reads its tokens once for
each point, with a number in place of every variable, under the same hard limits. What a point
makes too large to write, divides by zero or leaves the real numbers has no value there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, factorial
from typing import Any

import sympy

from pytest_quant.checkers.bounded import (
    MAX_DIGITS,
    NotANumberError,
    Number,
    UnreadableError,
    compound,
    decimal,
    quotient,
    times,
    vulgar,
)
from pytest_quant.checkers.literals import MATHEMATICAL, TIMES_WORDS, NumberReader
from pytest_quant.checkers.tokens import Token, tokenize
from pytest_quant.checkers.unit_tokens import at

Point = Mapping[str, Any]  # a variable's name -> a sympy number

_MAX_FACTORIAL = 200
FUNCTIONS = frozenset({"log", "ln", "lg", "log2", "log10", "exp", "binom"})
_BASES: dict[str, Any] = {"lg": 2, "log2": 2, "log10": 10}

# Python's power sign has a space on both sides or on none, bold type on one.
_POWER = re.compile(r"(?<=[0-9A-Za-z)\]}])(?: \*\* |\*\*)(?=-?[0-9({\[A-Za-z])|\*\*")
_LOG_BASE = re.compile(r"\\?\blog ?_? ?\{?(2|10|\u2082)\}?(?![0-9])")
_COMMAND = re.compile(r"\\(log|ln|lg|exp)(?![A-Za-z])")
_BINOMIAL = re.compile(r"\\[dt]?binom(?![A-Za-z])|\bC(?=\()")
_FACTORIAL = "!"


@dataclass(frozen=True, slots=True)
class Written:
    """An expression in a text, from character ``start`` to ``end``.

    ``bare``: it is one variable, or one in brackets, such as the n of "the first n numbers".
    """

    tokens: tuple[Token, ...]
    start: int
    end: int
    bare: bool

    def at(self, point: Point) -> Any | None:
        """Its exact value where each variable is a number; ``None`` if that has no value."""
        try:
            reader = _FormulaReader(self.tokens, 0, point)
            number = reader.sum()
        except (NotANumberError, UnreadableError):
            return None
        value = number.value
        whole = reader.index == len(self.tokens)
        return value if whole and value.is_real and value.is_finite else None


def plain_formulas(text: str) -> str:
    """``text`` with powers, logarithms and binomials in the one spelling that is read."""
    text = "\n".join(_without_power_stars(line) for line in text.split("\n"))
    text = _LOG_BASE.sub(lambda match: f" log{'10' if match[1] == '10' else '2'} ", text)
    text = _COMMAND.sub(r" \1 ", text)
    return _BINOMIAL.sub(" binom", text).replace("&", " ")


def _without_power_stars(line: str) -> str:
    bold = False
    pieces: list[str] = []
    begin = 0
    for match in _POWER.finditer(line):
        before, after = line[max(0, match.start() - 1) : match.start()], line[match.end() :]
        power = not bold and before.isalnum() | (before in ")]}") and after[:1].strip() != ""
        bold ^= not power
        pieces += [line[begin : match.start()], "^" if power else "**"]
        begin = match.end()
    return "".join([*pieces, line[begin:]])


def find_expressions(text: str, variables: Sequence[str], points: Sequence[Point]) -> list[Written]:
    """The expressions in a text that ``plain_formulas`` gave, in order.

    ``points`` are tried until one shows where an expression ends; what has no value at any of
    them is passed over.
    """
    tokens = _split(tokenize(text), variables)
    names = frozenset(variables)
    found: list[Written] = []
    index = 0
    while index < len(tokens):
        if not _may_start(tokens, index, names):
            index += 1
            continue
        behind = _behind(tokens, index, points)
        if behind is None:
            index += 1
            continue
        if behind and not _touches_word(tokens, behind):
            inside = tuple(tokens[index:behind])
            said = [token.text for token in inside if token.kind not in ("open", "close")]
            bare = len(said) == 1 and said[0] in names
            found.append(Written(inside, inside[0].start, inside[-1].end, bare))
        index = behind or _end_of_formula(tokens, index, names)
    return found


def _behind(tokens: Sequence[Token], index: int, points: Sequence[Point]) -> int | None:
    """Behind the expression at ``index``; 0 if none can be read, ``None`` if there is none."""
    for point in points:
        reader = _FormulaReader(tokens, index, point)
        try:
            reader.sum()
        except NotANumberError:
            return None
        except UnreadableError:
            continue
        return reader.index
    return 0


def _may_start(tokens: Sequence[Token], index: int, names: frozenset[str]) -> bool:
    token, before = tokens[index], at(tokens, index - 1)
    if token.kind in ("number", "fraction", "open", "command"):
        return True
    if token.kind == "word":
        return token.text in names or token.text in FUNCTIONS
    if token.kind != "operator" or token.text not in "+-":
        return False
    return token.spaced or before is None or before.kind not in ("word", "number", "close")


def _touches_word(tokens: Sequence[Token], behind: int) -> bool:
    """Whether the expression is part of a word: the n of "n-th", the 2 of "2nd"."""
    after, following = at(tokens, behind), at(tokens, behind + 1)
    if after is None or after.spaced:
        return False
    if after.kind == "word":
        return True
    hyphen = after.text == "-" and following is not None
    return hyphen and following is not None and following.kind == "word" and not following.spaced


def _end_of_formula(tokens: Sequence[Token], index: int, names: frozenset[str]) -> int:
    words = names | FUNCTIONS | TIMES_WORDS | {_FACTORIAL}
    end = index + 1
    while end < len(tokens) and (tokens[end].kind in MATHEMATICAL or tokens[end].text in words):
        end += 1
    return end


def _split(tokens: Sequence[Token], variables: Sequence[str]) -> list[Token]:
    """Words that run variables and functions together, such as nlogn or ab, taken apart."""
    known = sorted({*variables, "log", "ln", "lg"}, key=len, reverse=True)
    run = re.compile("|".join(map(re.escape, known)))
    whole = re.compile(f"(?:{run.pattern}){{2,8}}")
    return [
        part
        for token in tokens
        for part in (
            _parts(token, run)
            if token.kind == "word"
            and token.text not in known
            and token.text not in FUNCTIONS
            and whole.fullmatch(token.text)
            else (token,)
        )
    ]


def _parts(token: Token, run: re.Pattern[str]) -> Iterator[Token]:
    for match in run.finditer(token.text):
        start, end = token.start + match.start(), token.start + match.end()
        spaced = token.spaced and match.start() == 0
        yield replace(token, text=match[0], start=start, end=end, spaced=spaced)


class _FormulaReader(NumberReader):
    """Reads an expression in which some words stand for numbers."""

    def __init__(self, tokens: Sequence[Token], start: int, point: Point) -> None:
        super().__init__(tokens, start, listing=False)
        self._point = point

    def _product(self) -> Number:
        left = self._signed()
        while token := self._peek():
            divides = token.kind == "operator" and token.text == "/"
            if divides or self._is_times(token):
                right = self._attempt(1, self._signed)
            elif self._begins_factor(token):
                right = self._attempt(0, self._power)
            else:
                break
            if right is None:
                break
            left = quotient(left, right) if divides else times(left, right)
        return left

    def _is_times(self, token: Token) -> bool:
        word = token.text in TIMES_WORDS and token.text not in self._point
        return word or (token.kind == "operator" and token.text == "*")

    def _begins_factor(self, token: Token) -> bool:
        """Whether what follows multiplies without a sign: 2n, n(n + 1), n log n, n 2^n."""
        if token.kind == "word":
            return token.text in self._point or token.text in FUNCTIONS
        if token.kind == "number":
            after = at(self._tokens, self.index + 1)
            before = self._tokens[self.index - 1]
            return before.text in self._point and after is not None and after.text == "^"
        return token.kind == "command" or token.text == "("

    def _atom(self) -> Number:
        atom = self._operand()
        while (token := self._peek()) and token.text == _FACTORIAL and not token.spaced:
            self._count()
            self.index += 1
            atom = _factorial(atom)
        return atom

    def _operand(self) -> Number:
        token = self._peek()
        if token is None:
            raise NotANumberError
        if token.kind in ("number", "fraction"):
            self.index += 1
            return decimal(token.text) if token.kind == "number" else vulgar(token.text)
        if token.kind == "word" and token.text in self._point:
            self.index += 1
            return compound(self._point[token.text])
        if token.kind == "word" and token.text in FUNCTIONS:
            self.index += 1
            return self._applied(token.text)
        if token.kind in ("open", "command"):
            return super()._atom()
        raise NotANumberError

    def _applied(self, name: str) -> Number:
        """The function ``name`` of what follows: log n, log(n), log^2 n, binom{n}{2}, C(n, 2)."""
        self._count()
        if name == "binom":
            return self._binomial()
        raised = None
        token = self._peek()
        if token and token.text == "^":
            self.index += 1
            raised = self._nested(self._operand)
        argument = self._nested(self._argument)
        value = sympy.exp(argument.value) if name == "exp" else _logarithm(name, argument)
        if name == "exp" and abs(argument.value) > MAX_DIGITS:
            raise UnreadableError("a power beyond the limits")
        return compound(value**raised.value if raised and raised.value in range(1, 9) else value)

    def _argument(self) -> Number:
        """What a function without brackets takes: n of "log n * m", but 2n of "log 2n"."""
        argument = self._power()
        while (token := self._peek()) and not token.spaced and token.text in self._point:
            argument = times(argument, self._power())
        return argument

    def _binomial(self) -> Number:
        self._expect("{", "(")
        top = self._nested(self.sum)
        between = self._peek()
        self.index += 1
        if between is not None and between.text == "}":
            self._expect("{")
        elif between is None or between.text != ",":
            raise NotANumberError
        bottom = self._nested(self.sum)
        self._expect("}", ")")
        whole = all(n.value.is_Integer and 0 <= n.value <= _MAX_FACTORIAL for n in (top, bottom))
        if not whole:
            raise UnreadableError("a binomial of other than small whole numbers")
        return compound(sympy.Integer(comb(int(top.value), int(bottom.value))))

    def _expect(self, *texts: str) -> None:
        token = self._peek()
        if token is None or token.text not in texts:
            raise NotANumberError
        self.index += 1


def _factorial(number: Number) -> Number:
    if not (number.value.is_Integer and 0 <= number.value <= _MAX_FACTORIAL):
        raise UnreadableError("a factorial of other than small whole numbers")
    return compound(sympy.Integer(factorial(int(number.value))))


def _logarithm(name: str, argument: Number) -> Any:
    if not argument.value.is_positive:
        raise UnreadableError("the logarithm of a number that is not positive")
    base = _BASES.get(name)
    value = sympy.log(argument.value)
    return value / sympy.log(base) if base else value

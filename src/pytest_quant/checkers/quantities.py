"""The checker of several numbers that one question asks for, in the order asked.

Unlike the terms of a sequence, quantities stand on lines or in clauses of their own, with labels,
units and working: "21,000 to break even, and 36,000 for the profit".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_quant.checkers import conclusion, final_answer, patterns
from pytest_quant.checkers.exact import approximate
from pytest_quant.checkers.final_answer import Span
from pytest_quant.checkers.free_text import Phrases
from pytest_quant.checkers.numbers import find_numbers
from pytest_quant.checkers.numeric import Target, accepted_units, has_wrong_unit, meant, target
from pytest_quant.checkers.numeric_answer import select
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.slips import slip

_LONGEST = 1200  # characters behind an announcement in which the numbers are looked for
_MOST_ANNOUNCEMENTS = 4
_MOST_CLAUSES = 40
# What separates quantities on a line; a comma or point inside a number has no space behind it.
_BETWEEN = re.compile(r"[;|&]|[,.](?=\s)|\b(?:and|to|while|whereas)\b")
# The same where nothing is worked out: a dash or a comparison.
_RANGE = re.compile(rf"{_BETWEEN.pattern}|\u2264|\\leq?\b|<=?|\u2013|\s-\s")
# The numbers inside of P(X > 10.5) say what is worked out, not what it comes to.
_NOTATION = re.compile(r"\b(?:[A-Z]|Phi)\([^()\n]{0,60}\)")
_BULLET = re.compile(r"[ \t*]*(?:[-+\u2022]|\(?[0-9]{1,2}[.)])(?=[ \t])")
_EQUATION = re.compile(r".*(?:=|\u2248|\\approx|\\pm|\u00b1)", re.DOTALL)
_PAIR = re.compile(r"[(\[]\s*[$]?[-+]?[.\d][^()\[\]]{0,200}[)\]]")


def check(
    text: str,
    expected: str | Sequence[Any],
    *,
    places: int | None = None,
    significant: int | None = None,
    tolerance: Any = None,
    unit: str | Iterable[str] = (),
    formulas: Mapping[str, Sequence[Any]] | None = None,
    also: Mapping[str, Sequence[Any]] | None = None,
    required: Sequence[Phrases] = (),
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide several numbers; ``expected`` is a list, or one string with commas between numbers.

    ``places``, ``significant``, ``tolerance`` and ``unit`` hold for each of them, as in the
    checker of one number. ``also`` names other conventions whose numbers are as right;
    ``formulas`` known wrong ones: an answer is told by one if all of its numbers are either right
    or what that formula gives.
    Raises ``ValueError`` unless there are two or more numbers, as many in every list.
    """

    def targets(numbers: str | Sequence[Any]) -> list[Target]:
        listed = numbers.split(",") if isinstance(numbers, str) else numbers
        return [
            target(number, places=places, significant=significant, tolerance=tolerance)
            for number in listed
        ]

    wanted = _Wanted(targets(expected), accepted_units(unit))
    right = {name: targets(numbers) for name, numbers in (also or {}).items()}
    wrong = {name: targets(numbers) for name, numbers in (formulas or {}).items()}
    counts = {len(wanted.targets), *map(len, right.values()), *map(len, wrong.values())}
    if len(counts) > 1 or min(counts) < 2:
        raise ValueError("expected two or more numbers, and as many in every other list")
    words = conclusion.demands(required)
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    body = _NOTATION.sub(lambda match: " " * len(match[0]), opened.text)
    given, explicit = _final(body, wanted)
    problem = _no_answer(body, given, explicit, truncated)
    if problem:
        return Outcome("unparsable", "", *problem)
    outcome = _judge(given, wanted, right, wrong)
    return conclusion.with_words(outcome, opened.text, words, truncated)


@dataclass(frozen=True, slots=True)
class _Wanted:
    targets: list[Target]
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Given:
    """One number of a response: exact, with the decimals that it shows."""

    text: str
    value: Any
    decimals: int | None
    wrong_unit: bool
    exact: Any = None
    unfinished: bool = False

    def meets(self, wanted: Target) -> bool:
        if self.unfinished:
            return False
        return wanted.meets(self.value, self.decimals) or (
            self.exact is not None and wanted.has_no_decimal and wanted.meets(self.exact, None)
        )


def _no_answer(
    text: str, given: Sequence[_Given], explicit: bool, truncated: bool
) -> tuple[str, str] | None:
    if not given:
        announced = bool(final_answer.announcements(text) or final_answer.boxed(text))
        return patterns.missing_pattern(text, truncated=truncated, announced=announced)
    if explicit:
        return None
    return patterns.given_up(text, refused=patterns.is_refusal(text), truncated=truncated)


def _judge(
    given: Sequence[_Given],
    wanted: _Wanted,
    right: Mapping[str, list[Target]],
    wrong: Mapping[str, list[Target]],
) -> Outcome:
    answer = ", ".join(item.text for item in given)
    expected = ", ".join(map(str, wanted.targets))
    count = len(wanted.targets)
    if len(given) != count:
        pattern = "missing quantity" if len(given) < count else patterns.SEVERAL
        reason = f"expected {count} numbers, {expected}; got {len(given)}"
        return Outcome("incorrect", answer, pattern, reason)
    for index, item in enumerate(given, start=1):
        if item.wrong_unit:
            reason = f"number {index} is {item.text}; expected {' or '.join(sorted(wanted.units))}"
            return Outcome("incorrect", answer, "wrong unit", reason)
    if _all_met(given, wanted.targets):
        return Outcome("correct", answer, "", f"all {count} numbers are right")
    for name, targets in right.items():
        if _all_met(given, targets):
            return Outcome("correct", answer, "", f"all {count} numbers are right, by {name}")
    for name, targets in wrong.items():
        either = zip(given, wanted.targets, targets, strict=True)
        if all(item.meets(one) or item.meets(other) for item, one, other in either):
            reason = f"{answer} is what {name} gives; expected {expected}"
            return Outcome("incorrect", answer, "wrong formula", reason)
    for index, (item, one) in enumerate(zip(given, wanted.targets, strict=True), start=1):
        if not item.meets(one):
            pattern = slip(
                approximate(item.value), item.decimals, one.value, one.decimals, one.accepts
            )
            reason = f"number {index}: expected {one}, got {item.text}"
            return Outcome("incorrect", answer, pattern, reason)
    raise AssertionError("unreachable: some number is wrong")


def _all_met(given: Sequence[_Given], targets: Sequence[Target]) -> bool:
    return all(item.meets(one) for item, one in zip(given, targets, strict=True))


def _final(text: str, wanted: _Wanted) -> tuple[list[_Given], bool]:
    """The numbers that a response gives, and whether they are boxed or announced."""
    count = len(wanted.targets)
    boxes = final_answer.boxes(text)
    if len(boxes) >= count > 1 and (found := _one_each(text, boxes[-count:], wanted)):
        return found, True
    if boxes and (found := _within(text, boxes[-1], wanted)):
        return found, True
    for begin in reversed(final_answer.announcements(text)[-_MOST_ANNOUNCEMENTS:]):
        end = begin + len(final_answer.before_verification(text[begin : begin + _LONGEST]))
        correction = final_answer.last_correction(text, begin)
        if correction is not None and (found := _within(text, Span(correction, len(text)), wanted)):
            return found, True
        if found := _within(text, Span(begin, end), wanted):
            return found, True
    begin = max(0, len(text) - _LONGEST)
    return _concluded(text, begin, wanted), False


def _within(text: str, span: Span, wanted: _Wanted) -> list[_Given]:
    """The numbers of a span: on its first line, or one on each of its lines."""
    lines = [line for line in _lines(text, span) if _one(text, line, wanted)]
    if not lines:
        return []
    first = _on_a_line(text, lines[0], wanted)
    count = len(wanted.targets)
    if len(first) >= count or len(lines) < count:
        return first
    return _one_each(text, lines[:count], wanted)


def _concluded(text: str, begin: int, wanted: _Wanted) -> list[_Given]:
    """The last line that has as many numbers as are asked for, else the last lines."""
    count = len(wanted.targets)
    lines = [line for line in _lines(text, Span(begin, len(text))) if _one(text, line, wanted)]
    for line in reversed(lines[-2:]):
        found = _on_a_line(text, line, wanted)
        if len(found) == count:
            return found
    return _one_each(text, lines[-count:], wanted)


def _lines(text: str, span: Span) -> Iterator[Span]:
    """The lines of a span, without the bullets or numbers that list them."""
    begin = span.start
    for line in text[span.start : span.end].split("\n"):
        bullet = _BULLET.match(line)
        yield Span(begin + (bullet.end() if bullet else 0), begin + len(line))
        begin += len(line) + 1


def _on_a_line(text: str, line: Span, wanted: _Wanted) -> list[_Given]:
    """The numbers of one line: in bold, in brackets at its end, or each in a clause."""
    written = text[line.start : line.end]
    count = len(wanted.targets)
    bold = [span for span in final_answer.bold_spans(text) if line.start <= span.start < line.end]
    pairs = [
        Span(line.start + m.start() + 1, line.start + m.end() - 1) for m in _PAIR.finditer(written)
    ]
    ways = [_one_each(text, bold, wanted)]
    ways += [_clauses(text, pair, _BETWEEN, wanted) for pair in reversed(pairs)]
    ways.append(clauses := _clauses(text, line, _BETWEEN, wanted))
    ways.append([item for item in clauses if not item.wrong_unit])
    sentences = [*final_answer.Sentences(text).between(line.start, line.end)]
    ways += [_clauses(text, span, _BETWEEN, wanted) for span in (*sentences[:1], *sentences[-1:])]
    if equation := _EQUATION.match(written):
        behind = Span(line.start + equation.end(), line.end)
        ways.append(_clauses(text, behind, _BETWEEN, wanted))
    else:
        ways.append(_clauses(text, line, _RANGE, wanted))
    return next((found for found in ways if len(found) == count), clauses)


def _clauses(text: str, span: Span, separator: re.Pattern[str], wanted: _Wanted) -> list[_Given]:
    bounds = [span.start]
    for match in separator.finditer(text, span.start, span.end):
        bounds += [match.start(), match.end()]
    bounds.append(span.end)
    if len(bounds) > 2 * _MOST_CLAUSES:
        return []
    clauses = zip(bounds[::2], bounds[1::2], strict=True)
    return _one_each(text, [Span(begin, end) for begin, end in clauses], wanted)


def _one_each(text: str, spans: Sequence[Span], wanted: _Wanted) -> list[_Given]:
    return [item for span in spans if (item := _one(text, span, wanted)) is not None]


def _one(text: str, span: Span, wanted: _Wanted) -> _Given | None:
    """The number that a line or a clause comes to."""
    clause = text[span.start : span.end]
    if not any(character.isdigit() for character in clause) and not find_numbers(clause):
        return None
    chosen = select(
        clause, lambda item: bool(wanted.units & {"%" if item.percent else item.unit, item.noun})
    )
    if chosen is None or chosen.final.value is None or chosen.final.aside:
        return None
    value, decimals = meant(chosen.final, wanted.units)
    exact = None if chosen.exact_form is None else meant(chosen.exact_form, wanted.units)[0]
    written = " ".join(clause[chosen.final.start : chosen.final.end].split())
    wrong_unit = has_wrong_unit(chosen.final, wanted.units)
    return _Given(written, value, decimals, wrong_unit, exact, chosen.final.unfinished)

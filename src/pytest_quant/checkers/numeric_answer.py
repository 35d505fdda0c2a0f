"""Chooses, among the numbers of a response, the one that it gives as its final answer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pytest_quant.checkers import final_answer, wording
from pytest_quant.checkers.bounded import PLUS_OR_MINUS
from pytest_quant.checkers.exact import approximate
from pytest_quant.checkers.numbers import Found, find_numbers

_WINDOW = 60  # characters before a number that tell how it is introduced


@dataclass(frozen=True, slots=True)
class Selected:
    """The final answer of a response.

    ``exact_form``: the exact number that ``final`` is a rounding of, if the response joins the two
    (1/3 = 0.333). ``explicit``: boxed or announced. ``several``: the response offers different
    answers side by side.
    """

    final: Found
    exact_form: Found | None
    explicit: bool
    several: bool


def exact_value(found: Found) -> Any:
    """The number that was meant: a percentage divided by 100."""
    return found.value / 100 if found.percent else found.value


def select(text: str, wanted: Callable[[Found], bool]) -> Selected | None:
    """The final numeric answer of a cleaned response, or ``None`` if it has no number.

    ``wanted`` tells numbers in the unit that was asked for; they are preferred where the text
    itself does not say which of its numbers is the answer.
    """
    return _Chooser(text, wanted).choose()


class _Chooser:
    def __init__(self, text: str, wanted: Callable[[Found], bool]) -> None:
        self._text = text
        self._wanted = wanted
        self._sentences = final_answer.Sentences(text)
        self._numbers = [item for item in find_numbers(text) if not self._discarded(item)]
        self._starts = [item.start for item in self._numbers]
        self._bold = {
            item.start
            for span in final_answer.bold_spans(text)
            for item in self._within(span.start, span.end)
        }

    def choose(self) -> Selected | None:
        box = final_answer.boxed(self._text)
        # The number may begin with the brace of the box itself.
        if box and (inside := self._within(box.start - 1, box.end)):
            return self._selected(inside[0], explicit=True, listed=True)
        announced = self._announced()
        chosen = announced or self._concluded(0, len(self._text))
        if chosen is None:
            return None
        explicit = announced is not None
        corrected = self._corrected(chosen.end)
        return self._selected(corrected or chosen, explicit=explicit, listed=explicit)

    def _announced(self) -> Found | None:
        """The number behind the last announcement that has one."""
        begins = final_answer.announcements(self._text)
        for begin in reversed(begins):
            first = self._first(begin)
            if first is None or not self._bridges(wording.AFTER_ANNOUNCEMENT, begin, first.start):
                continue
            end = self._sentences.end(first.start)
            header = self._text[begin - 1] == ":"
            unsettled = first.aside or self._is_left_open(first)
            if unsettled or wording.OPERATOR_BEHIND.match(self._text, first.end):
                return (
                    self._concluded(begin, len(self._text)) if header else self._picked(begin, end)
                )
            last = self._chain(first)[-1]
            worked_out = first.form == "compound" and last is not first
            if header and worked_out and self._within(end, len(self._text)):
                return self._concluded(begin, len(self._text))
            return first
        for begin in reversed(begins):
            header = self._text[begin - 1] == ":"
            end = len(self._text) if header else self._sentences.end(begin)
            if self._within(begin, end):
                return self._concluded(begin, end) if header else self._picked(begin, end)
        return None

    def _corrected(self, start: int) -> Found | None:
        """The number of the last self-correction behind ``start``."""
        cue = final_answer.last_correction(self._text, start)
        if cue is None:
            return None
        first = self._first(cue)
        bridged = first and self._bridges(wording.AFTER_CORRECTION, cue, first.start)
        if first and bridged and not self._is_left_open(first):
            return first
        return self._concluded(cue, len(self._text))

    def _concluded(self, start: int, end: int) -> Found | None:
        """The number of the last sentence that concludes, else of the last that has any."""
        end = min(end, start + len(final_answer.before_verification(self._text[start:end])))
        chosen: Found | None = None
        conclusive = was_worked_out = False
        for sentence in self._sentences.between(start, end):
            numbers = self._within(sentence.start, sentence.end)
            if all(item.aside or self._is_left_open(item) for item in numbers):
                continue
            said = self._says_so(sentence.start, sentence.end, numbers)
            worked_out = any(self._introduced(wording.EQUAL_BEFORE, item) for item in numbers)
            # The words behind an equation say what it comes to: "3 * 12 = 36. He paid $36."
            states = was_worked_out and any(map(self._is_stated, numbers))
            if said or worked_out or states or not conclusive:
                chosen = self._picked(sentence.start, sentence.end)
                conclusive = said or worked_out or states
                was_worked_out = worked_out or (chosen is not None and self._is_left_open(chosen))
        if chosen is None:
            return next(reversed(self._within(start, end)), None)
        return chosen

    def _says_so(self, start: int, end: int, numbers: Sequence[Found]) -> bool:
        """Whether a sentence is said to conclude, or its number stands out."""
        return wording.CONCLUDES.search(self._text, start, end) is not None or any(
            map(self._is_bold, numbers)
        )

    def _is_stated(self, item: Found) -> bool:
        """Whether a number is the subject or an object, and only tells of neither."""
        return not (item.aside or self._introduced(wording.MODIFIER_BEFORE, item))

    def _is_left_open(self, item: Found) -> bool:
        """Whether a sum is not worked out."""
        return item.unfinished and self._chain(item)[-1] is item

    def _picked(self, start: int, end: int) -> Found | None:
        """The number of one sentence that is most likely meant as its answer."""
        numbers = self._within(start, end)
        if not numbers:
            return None
        for match in wording.EXPLAINS.finditer(self._text, numbers[0].end, end):
            point = wording.THEREFORE.search(self._text, match.end(), end)
            if match[0] == "(" or not point or numbers[-1].start < point.end():
                before = [item for item in numbers if item.start < match.start()]
                # "12 + 6, which is 18"
                if not all(map(self._is_left_open, before)):
                    numbers = before
                    break
        for match in wording.CONCLUDES.finditer(self._text, start, end):
            numbers = [item for item in numbers if item.start >= match.end()] or numbers
        for preferred in (
            lambda item: not self._is_left_open(item),
            lambda item: not item.aside,
            self._wanted,
            self._is_bold,
            lambda item: self._introduced(wording.EQUAL_BEFORE, item),
            lambda item: not self._introduced(wording.MODIFIER_BEFORE, item),
            lambda item: self._introduced(wording.VERB_BEFORE, item),
        ):
            if len(numbers) == 1:
                break
            numbers = [item for item in numbers if preferred(item)] or numbers
        return numbers[-1]

    def _selected(self, chosen: Found, *, explicit: bool, listed: bool) -> Selected:
        final = self._chain(chosen)[-1]
        index = bisect_left(self._starts, final.start)
        several = final.problem == PLUS_OR_MINUS or any(
            not (_consistent(first, second) or _consistent(second, first))
            for first, second in self._alternatives(index, listed)
        )
        return Selected(final, self._exact_form(index), explicit, several)

    def _chain(self, first: Found) -> list[Found]:
        """``first`` and the numbers that equals signs join to it: 16 - 3 - 4 = 9."""
        index = bisect_left(self._starts, first.start)
        chain = [first]
        for item in self._numbers[index + 1 :]:
            if not any(
                self._bridges(link, chain[-1].end, item.start)
                for link in (wording.EQUALS_LINK, wording.ROUNDS_LINK)
            ):
                break
            chain.append(item)
        return chain

    def _exact_form(self, index: int) -> Found | None:
        """The number before the one at ``index`` that this one rounds, if they are joined."""
        for earlier, final in self._pair(index - 1):
            joined = any(
                self._bridges(link, earlier.end, final.start)
                for link in (wording.EQUALS_LINK, wording.SAME_LINK)
            )
            if joined and earlier.decimals is None and _consistent(final, earlier):
                return earlier
        return None

    def _alternatives(self, index: int, listed: bool) -> Iterator[tuple[Found, Found]]:
        """The number at ``index``, paired with each neighbour that is offered beside it."""
        links = [wording.OR_LINK, *([wording.COMMA_LINK] if listed else [])]
        for first, second in self._pair(index):
            if first.unit and (second.unit or second.noun) not in ("", first.unit):
                continue  # "36 cups to 5 customers"
            if any(self._bridges(link, first.end, second.start) for link in links):
                yield first, second
        for first, second in self._pair(index - 1):
            if self._bridges(wording.OR_LINK, first.end, second.start):
                yield first, second

    def _pair(self, index: int) -> list[tuple[Found, Found]]:
        """The numbers at ``index`` and behind it, in a list; empty at the ends of the text."""
        window = self._numbers[index : index + 2] if index >= 0 else []
        return [(window[0], window[1])] if len(window) == 2 else []

    def _within(self, start: int, end: int) -> list[Found]:
        return self._numbers[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def _first(self, start: int) -> Found | None:
        index = bisect_left(self._starts, start)
        return self._numbers[index] if index < len(self._numbers) else None

    def _is_bold(self, item: Found) -> bool:
        return item.start in self._bold

    def _introduced(self, pattern: Any, item: Found) -> bool:
        before = self._text[max(0, item.start - _WINDOW) : item.start]
        return pattern.search(before) is not None

    def _bridges(self, pattern: Any, start: int, end: int) -> bool:
        return end - start <= 2 * _WINDOW and pattern.fullmatch(self._text, start, end) is not None

    def _discarded(self, item: Found) -> bool:
        asks = item.form == "compound" and wording.UNFINISHED_BEHIND.match(self._text, item.end)
        return bool(asks) or self._introduced(wording.NEGATED, item)


def _consistent(rounded: Found, other: Found) -> bool:
    """Whether the first equals the second, or is it rounded or cut to the decimals it shows."""
    if rounded.value is None or other.value is None:
        return False
    difference = abs(approximate(exact_value(rounded)) - approximate(exact_value(other)))
    decimals = (rounded.decimals or 0) + (2 if rounded.percent else 0)
    return difference == 0 or (
        rounded.decimals is not None and decimals > 0 and difference < Fraction(10) ** -decimals
    )

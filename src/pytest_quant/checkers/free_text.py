"""The rules for long answers: facts found, none contradicted, steps in order, all sides heard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_quant.checkers import patterns, sides
from pytest_quant.checkers.assertions import Pattern, Reading, Token, pattern
from pytest_quant.checkers.outcome import Outcome

_SHOWN = 160  # characters of a response that an outcome quotes

_POSTPONED = re.compile(
    r"\b(?:before|prior to|until|avoid\w*|unless|rather than|instead of)\b[^,.;:]*$", re.IGNORECASE
)

Phrases = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to be stated, by the first of its wordings, in any of them."""

    name: str
    wordings: tuple[Pattern, ...]

    def first(self, reading: Reading) -> Token | None:
        """Where the text first asserts it."""
        places = (next(reading.asserted(wording), None) for wording in self.wordings)
        return min(filter(None, places), key=lambda token: token.start, default=None)

    def step(self, reading: Reading) -> Token | None:
        """Where the text first takes it as a step; "before you reinstall" is none yet."""
        places = (
            token
            for wording in self.wordings
            for token in reading.asserted(wording)
            if not _POSTPONED.search(reading.ahead_of(token))
        )
        return min(places, key=lambda token: token.start, default=None)


def facts(listed: Phrases | Sequence[Phrases]) -> tuple[Fact, ...]:
    """Facts, each a phrase or a list of phrases that say the same."""
    entries = [listed] if isinstance(listed, str) else listed
    wordings = [[entry] if isinstance(entry, str) else [*entry] for entry in entries]
    if not all(wordings):
        raise ValueError("every fact needs a wording")
    return tuple(Fact(many[0], tuple(map(pattern, many))) for many in wordings)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a long answer must hold; see ``text.check`` for the meaning of each."""

    required: tuple[Fact, ...]
    at_least: int
    ordered: tuple[Fact, ...]
    sides: tuple[Fact, ...]
    share: float
    forbidden: tuple[Fact, ...]


def demands(
    required: Sequence[Phrases],
    at_least: int | None,
    ordered: Sequence[Phrases],
    named_sides: Sequence[Phrases],
    share: float | None,
    forbidden: Iterable[str],
) -> Demands:
    """Check the options and read their phrases; ``ValueError`` if they make no sense."""
    needed = facts(required)
    least = len(needed) if at_least is None else at_least
    if not 1 <= least <= len(needed):
        raise ValueError(f"at_least must be between 1 and {len(needed)}, got {at_least}")
    heard = facts(named_sides)
    part = (0.5 / len(heard) if heard else 0.0) if share is None else float(share)
    if len(heard) == 1 or not 0 <= part * len(heard) <= 1:
        raise ValueError("sides are two or more, and their shares cannot exceed the whole")
    return Demands(needed, least, facts(ordered), heard, part, facts(tuple(forbidden)))


def decide(text: str, wanted: Demands, truncated: bool) -> Outcome:
    """Judge the cleaned text of a long answer."""
    reading = Reading(text)
    if not reading.tokens:
        return Outcome("unparsable", "", "empty", "the response holds no word")
    for myth in wanted.forbidden:
        if place := myth.first(reading):
            quoted = _shown(reading.sentence(place.sentence))
            return Outcome("incorrect", quoted, "hallucinated fact", f"asserts {myth.name!r}")
    found = {fact.name: fact.first(reading) for fact in wanted.required}
    stated = [name for name, place in found.items() if place]
    if len(stated) < wanted.at_least:
        return _missing(text, found, wanted.at_least, truncated)
    answer = _shown("; ".join(stated))
    if patterns.is_loop(text):
        return Outcome("incorrect", answer, "loop", "the response ends by repeating itself")
    if swapped := _out_of_order(reading, wanted.ordered):
        return Outcome(
            "incorrect", answer, "wrong order", f"states {swapped[1]!r} before {swapped[0]!r}"
        )
    if unheard := _unheard(reading, wanted):
        return Outcome("incorrect", answer, "one-sided", unheard)
    return Outcome("correct", answer, "", f"states {len(stated)} of {len(wanted.required)} facts")


def _missing(
    text: str, found: Mapping[str, Token | None], at_least: int, truncated: bool
) -> Outcome:
    stated = [name for name, place in found.items() if place]
    missing = next(name for name, place in found.items() if not place)
    reason = f"states {len(stated)} of {at_least} facts needed; the first missing is {missing!r}"
    if not stated and patterns.is_refusal(text):
        return Outcome("unparsable", "", "refused", "the response declines to answer")
    if patterns.is_loop(text):
        pattern_name = "loop"
    else:
        pattern_name = "truncated" if truncated else "missing fact"
    return Outcome("incorrect", _shown("; ".join(stated) or text), pattern_name, reason)


def _out_of_order(reading: Reading, ordered: Sequence[Fact]) -> tuple[str, str] | None:
    """Two facts of which the later one is stated first, if there are any."""
    behind: list[tuple[int, str]] = []
    for fact in ordered:
        if place := fact.step(reading):
            if behind and place.start < behind[-1][0]:
                return behind[-1][1], fact.name
            behind.append((place.start, fact.name))
    return None


def _unheard(reading: Reading, wanted: Demands) -> str:
    """What is wrong with the balance, or nothing."""
    if not wanted.sides:
        return ""
    measured = sides.shares(reading, [side.wordings for side in wanted.sides])
    for side, share in zip(wanted.sides, measured, strict=True):
        if share < wanted.share or share == 0:
            return (
                f"gives {share:.0%} of its words to {side.name!r}, at least "
                f"{wanted.share:.0%} were asked for"
            )
    return ""


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 3]}..."

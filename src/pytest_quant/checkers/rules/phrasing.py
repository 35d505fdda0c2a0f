"""Rules on which words stand in a composition, and where."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_quant.checkers.cleaning import clean
from pytest_quant.checkers.rules.composition import Composition, terms_of, words_of
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.ranges import bounds, items
from pytest_quant.checkers.words import is_negated, occurrences, phrase, words

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_FREE = re.compile(r"[ -]free\b", re.IGNORECASE)


def _contains(argument: str) -> Verify:
    """Every item is there, or one of its alternatives: "lantern; cold | icy"."""
    wanted = [_alternatives(item) for item in items(argument)]

    def verify(composition: Composition) -> str:
        there = terms_of(composition.text)
        missing = [names[0] for names in wanted if not any(_places(n, there) for n in names)]
        return f"does not say {', '.join(map(repr, missing))}" if missing else ""

    return verify


def _contains_some(argument: str) -> Verify:
    """So many of the items are there: "2 of lantern; rope; map"."""
    number, _, listed = argument.partition(" of ")
    least, wanted = bounds(number), [_alternatives(item) for item in items(listed)]

    def verify(composition: Composition) -> str:
        there = terms_of(composition.text)
        found = [names[0] for names in wanted if any(_places(n, there) for n in names)]
        said = ", ".join(map(repr, found)) or "none"
        return "" if least.hold(len(found)) else f"says {said} of the listed, not {least}"

    return verify


def _avoids(argument: str) -> Verify:
    """None of the words and phrases is there, denied or not."""
    unwanted = items(argument)

    def verify(composition: Composition) -> str:
        there = terms_of(composition.text)
        found = [name for name in unwanted if _places(name, there)]
        return f"says {', '.join(map(repr, found))}" if found else ""

    return verify


def _leaves_out(argument: str) -> Verify:
    """None of the items is there, unless denied: "no peanuts" and "peanut-free" are fine."""
    unwanted = items(argument)

    def verify(composition: Composition) -> str:
        text = composition.text
        among = words(text)
        for name in unwanted:
            for form in {name, f"{name}s", f"{name}es"}:
                wanted = phrase(form)
                for index in occurrences(wanted, among):
                    end = among[index + len(wanted) - 1].end
                    if not is_negated(index, among, text) and not _FREE.match(text, end):
                        return f"has {name!r}"
        return ""

    return verify


def _starts_with(argument: str) -> Verify:
    """Its first words; whether a short first line is a title does not matter."""
    wanted = words_of(argument)

    def verify(composition: Composition) -> str:
        found = composition.words[: len(wanted)]
        if wanted in (found, words_of(composition.text)[: len(wanted)]):
            return ""
        return f"starts with {' '.join(found)!r}"

    return _needs_words(wanted, verify)


def _ends_with(argument: str) -> Verify:
    wanted = words_of(argument)

    def verify(composition: Composition) -> str:
        found = composition.words[-len(wanted) :]
        return "" if found == wanted else f"ends with {' '.join(found)!r}"

    return _needs_words(wanted, verify)


def _verbatim(argument: str) -> Verify:
    """Exactly this text stands there, letter by letter, with nothing grown onto its ends."""
    wanted = argument.strip()
    if not wanted:
        raise ValueError("found nothing, expected the text that must stand there")
    # Markup may be what is asked for; a response has been cleaned before it is looked at.
    plain, marked = (
        re.compile(rf"(?<![\w/+-]){re.escape(text)}(?![\w/+-])")
        for text in (wanted, clean(wanted).text or wanted)
    )

    def verify(composition: Composition) -> str:
        if plain.search(composition.text) or marked.search(composition.source):
            return ""
        return f"does not write {wanted!r}"

    return verify


def _endings(argument: str) -> Verify:
    """So many words end like this: "at most 2 of ly"."""
    number, _, listed = argument.partition(" of ")
    wanted, endings = bounds(number), tuple(ending.casefold() for ending in items(listed))

    def verify(composition: Composition) -> str:
        found = [word for word in composition.words if word.endswith(endings)]
        if wanted.hold(len(found)):
            return ""
        return f"{len(found)} words end so, not {wanted}: {', '.join(found[:5])}"

    return verify


def _no_other_numbers(argument: str) -> Verify:
    """Every number in digits is one of the assignment or of the argument's items."""
    allowed = {_value(item) for item in items(argument)} if argument.strip() else set()

    def verify(composition: Composition) -> str:
        known = allowed | set(map(_value, _NUMBER.findall(composition.prompt)))
        for number in _NUMBER.findall(composition.body):
            if _value(number) not in known:
                return f"states the number {number}"
        return ""

    return verify


# Those that ask for words which the assignment names.
NAMES_WORDS = frozenset({"contains", "contains some", "starts with", "ends with", "verbatim"})
PHRASING: dict[str, Factory] = {
    "contains": _contains,
    "contains some": _contains_some,
    "avoids": _avoids,
    "leaves out": _leaves_out,
    "starts with": _starts_with,
    "ends with": _ends_with,
    "verbatim": _verbatim,
    "endings": _endings,
    "no other numbers": _no_other_numbers,
}


def _alternatives(item: str) -> list[str]:
    names = [name.strip() for name in item.split("|")]
    if not all(words_of(name) for name in names):
        raise ValueError(f"found {item!r}, expected words with | between alternatives")
    return names


def _places(name: str, among: Sequence[str]) -> bool:
    """Whether the phrase stands there; a plural or possessive s behind it does not matter."""
    wanted = terms_of(name)
    last = wanted[-1]
    forms = {last, f"{last}s", f"{last}es", f"{last}'s", f"{last}'"}
    size = len(wanted)
    return any(
        among[i + size - 1] in forms and list(among[i : i + size - 1]) == wanted[:-1]
        for i in range(len(among) - size + 1)
    )


def _needs_words(wanted: Sequence[str], verify: Verify) -> Verify:
    if not wanted:
        raise ValueError("found no word, expected the words that must stand there")
    return verify


def _value(number: str) -> float:
    return float(number.replace(",", ""))

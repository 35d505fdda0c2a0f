"""Rules on how much there is: words, sentences, lines, stanzas, and how long each is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pytest_quant.checkers.rules.composition import Composition, words_of
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.ranges import bounds

_DASH = re.compile(r"\u2014|\u2013|--|(?<=\s)-(?=\s)|(?<=\w)-(?=\s|$)")


def _total(count: Callable[[Composition], int], unit: str) -> Factory:
    """The whole has so many of something."""

    def read(argument: str) -> Verify:
        wanted = bounds(argument)

        def verify(composition: Composition) -> str:
            found = count(composition)
            return "" if wanted.hold(found) else f"{found} {unit}, not {wanted}"

        return verify

    return read


def _each(
    parts: Callable[[Composition], Sequence[str]], size: Callable[[str], int], what: str
) -> Factory:
    """Every part has so many of something."""

    def read(argument: str) -> Verify:
        wanted = bounds(argument)

        def verify(composition: Composition) -> str:
            found = parts(composition)
            if not found:
                return f"nothing that has {what}"
            for number, part in enumerate(found, 1):
                if not wanted.hold(size(part)):
                    return f"number {number} has {size(part)} {what}, not {wanted}"
            return ""

        return verify

    return read


def _length(text: str) -> int:
    return len(words_of(text))


def _stanzas(composition: Composition) -> list[str]:
    return ["\n".join(paragraph) for paragraph in composition.paragraphs]


def _mean_sentence(argument: str) -> Verify:
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        mean = len(composition.words) / max(1, len(composition.sentences))
        return "" if wanted.hold(mean) else f"{mean:.1f} words a sentence, not {wanted}"

    return verify


COUNTING: dict[str, Factory] = {
    "words": _total(lambda c: len(c.words), "words"),
    "sentences": _total(lambda c: len(c.sentences), "sentences"),
    "lines": _total(lambda c: len(c.lines), "lines"),
    "paragraphs": _total(lambda c: len(c.paragraphs), "paragraphs"),
    "stanzas": _total(lambda c: len(c.paragraphs), "stanzas"),
    "bullets": _total(lambda c: len(c.bullets), "bullets"),
    "questions": _total(lambda c: sum("?" in s for s in c.sentences), "questions"),
    "exclamations": _total(lambda c: c.body.count("!"), "exclamation marks"),
    "dashes": _total(lambda c: len(_DASH.findall(c.body)), "dashes"),
    "lines per stanza": _each(_stanzas, lambda stanza: stanza.count("\n") + 1, "lines"),
    "words per line": _each(lambda c: c.lines, _length, "words"),
    "words per sentence": _each(lambda c: c.sentences, _length, "words"),
    "mean sentence": _mean_sentence,
}

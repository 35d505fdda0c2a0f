"""Rules on traits of style that function words and lengths give away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_quant.checkers.degeneration import copied_share, distinct_share
from pytest_quant.checkers.rules.composition import Composition, words_of
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.ranges import bounds

_QUOTED = re.compile(r"\"[^\"\n]{1,600}\"|(?<!\w)'(?:[^'\n]|(?<=\w)'(?=\w)){1,600}'(?!\w)")
_PERSONS: dict[str, frozenset[str]] = {
    "first": frozenset(words_of("i me my mine myself i'm i'd i've i'll we us our ours")),
    "second": frozenset(words_of("you your yours yourself you're you'd you've you'll")),
    "third": frozenset(
        words_of("he him his himself she her hers herself they them their theirs it its")
    ),
}
_TENSES: dict[str, frozenset[str]] = {
    "past": frozenset(words_of("was were had did wasn't weren't hadn't didn't")),
    "present": frozenset(words_of("is am are has does isn't aren't hasn't doesn't")),
}
_CLEARLY = 3  # times as many signs of one tense as of the other
_COPY_LENGTH = 5  # words in a row
_LETTERS = re.compile(r"[^\W_]")


def _person(argument: str) -> Verify:
    """The narration, without what is quoted, is in this person.

    First: it says "I" or "we" at least twice. Second: "you" at least twice. Third: it never says
    "I" or "we", and uses a pronoun of the third person.
    """
    if argument not in _PERSONS:
        raise ValueError(f"found {argument!r}, expected one of {', '.join(_PERSONS)}")

    def verify(composition: Composition) -> str:
        counts = _pronouns(composition.body)
        if argument == "third":
            kept = not counts["first"] and counts["third"] > 0
        else:
            kept = counts[argument] >= 2
        return "" if kept else f"is not told in the {argument} person"

    return verify


def _tense(argument: str) -> Verify:
    """Of the auxiliary verbs outside quotes that show a tense, most show this one."""
    if argument not in _TENSES:
        raise ValueError(f"found {argument!r}, expected one of {', '.join(_TENSES)}")
    other = next(tense for tense in _TENSES if tense != argument)

    def verify(composition: Composition) -> str:
        found = words_of(_narration(composition.body))
        counts = {tense: sum(w in signs for w in found) for tense, signs in _TENSES.items()}
        kept = counts[argument] > 0 and counts[argument] >= _CLEARLY * counts[other]
        return "" if kept else f"is not told in the {argument} tense"

    return verify


def _grade(argument: str) -> Verify:
    """The school grade of the Automated Readability Index (Smith and Senter 1967).

    4.71 letters and digits per word + 0.5 words per sentence - 21.43. It needs no syllables, so
    no dictionary.
    """
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        words, sentences = len(composition.words), len(composition.sentences)
        if not words:
            return "has no words"
        letters = len(_LETTERS.findall(composition.body))
        grade = 4.71 * letters / words + 0.5 * words / max(1, sentences) - 21.43
        return "" if wanted.hold(max(0.0, grade)) else f"reads at grade {grade:.1f}, not {wanted}"

    return verify


def _distinct(argument: str) -> Verify:
    """The share of different groups of three words, in percent."""
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        share = 100 * distinct_share(composition.words, 3)
        return "" if wanted.hold(share) else f"{share:.0f} % distinct trigrams, not {wanted}"

    return verify


def _copied(argument: str) -> Verify:
    """The share of groups of five words that stand in the assignment, in percent."""
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        source = words_of(composition.prompt)
        share = 100 * copied_share(composition.words, source, _COPY_LENGTH)
        return "" if wanted.hold(share) else f"copies {share:.0f} % of its words, not {wanted}"

    return verify


STYLE: dict[str, Factory] = {
    "person": _person,
    "tense": _tense,
    "grade": _grade,
    "distinct": _distinct,
    "copied": _copied,
}


def _narration(text: str) -> str:
    return _QUOTED.sub(" ", text)


def _pronouns(text: str) -> dict[str, int]:
    found: Sequence[str] = words_of(_narration(text))
    return {person: sum(w in signs for w in found) for person, signs in _PERSONS.items()}

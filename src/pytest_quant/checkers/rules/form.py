"""Rules on the form of a composition: title, letter, dialogue, sections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from pytest_quant.checkers.rules.composition import Composition, words_of
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.ranges import bounds, items, nothing

_GREETING = re.compile(r"(?:my )?(?:dear(?:est)?|hello|hi|good (?:morning|day|evening))\b", re.I)
_SIGNATURE_LINES = 3
_SIGNATURE_WORDS = 8
_SPEAKER = re.compile(r"(?P<name>[A-Z][\w.' -]{0,40}?)[ ]?(?:\([^()\n]{1,60}\))?:(?=\s|$)")
_FINISHED = re.compile(r"[.!?\u2026\u2014][\"')\]]*$")
_PLACEHOLDER = re.compile(r"\[(?:[A-Z][\w' /-]{1,40}|[a-z][\w' /-]{1,40} (?:name|here))\]")
# Behind a heading: nothing, a sign, or a few words that are no sentence.
_BEHIND_HEADING = r"(?=\s*(?:$|[:(|,.\u2013\u2014-])|(?:\s+[^\s.]+){1,7}$)"


def _title(argument: str) -> Verify:
    nothing(argument)
    return lambda composition: "" if composition.title else "has no title"


def _complete(argument: str) -> Verify:
    nothing(argument)

    def verify(composition: Composition) -> str:
        lines = composition.lines
        return "" if lines and _FINISHED.search(lines[-1]) else "breaks off in a sentence"

    return verify


def _no_placeholders(argument: str) -> Verify:
    nothing(argument)

    def verify(composition: Composition) -> str:
        found = _PLACEHOLDER.search(composition.text)
        return f"leaves {found.group()} to be filled in" if found else ""

    return verify


def _salutation(argument: str) -> Verify:
    name = set(words_of(argument))

    def verify(composition: Composition) -> str:
        first = composition.lines[0] if composition.lines else ""
        if _GREETING.match(first) and name <= set(words_of(first)):
            return ""
        return f"does not begin by greeting {argument}"

    return verify


def _signature(argument: str) -> Verify:
    """One of the last lines is short and names the sender; a position may follow."""
    name = set(words_of(argument))

    def verify(composition: Composition) -> str:
        last = [set(words_of(line)) for line in composition.lines[1:][-_SIGNATURE_LINES:]]
        signed = any(len(line) <= _SIGNATURE_WORDS and name <= line for line in last)
        return "" if signed else f"is not signed by {argument}"

    return verify


def _speakers(argument: str) -> Verify:
    """Every line is a turn of one of these speakers, and each of them speaks."""
    wanted = {name.casefold(): name for name in items(argument)}

    def verify(composition: Composition) -> str:
        turns = _turns(composition)
        names = {name for name, _ in turns}
        if len(turns) < len(composition.lines):
            return "has lines that are nobody's turn"
        if unknown := sorted(names - set(wanted)):
            return f"lets {unknown[0]!r} speak"
        silent = [name for key, name in wanted.items() if key not in names]
        return f"{silent[0]} says nothing" if silent else ""

    return verify


def _turn_count(argument: str) -> Verify:
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        found = len(_turns(composition))
        return "" if wanted.hold(found) else f"{found} turns, not {wanted}"

    return verify


def _alternating(argument: str) -> Verify:
    """The speakers take strict turns; an argument names who begins."""
    first = argument.casefold()

    def verify(composition: Composition) -> str:
        names = [name for name, _ in _turns(composition)]
        if len(names) < 2:
            return "is no dialogue"
        if first and names[0] != first:
            return f"does not begin with {argument}"
        for number, (one, other) in enumerate(pairwise(names), 1):
            if one == other:
                return f"turns {number} and {number + 1} have the same speaker"
        return ""

    return verify


def _balanced(argument: str) -> Verify:
    """Every speaker has such a share of the words, in percent."""
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        said: Counter[str] = Counter()
        for name, text in _turns(composition):
            said[name] += len(words_of(text))
        for name, count in said.items():
            share = 100 * count / max(1, said.total())
            if not wanted.hold(share):
                return f"{name} has {share:.0f} % of the words, not {wanted}"
        return "" if said else "is no dialogue"

    return verify


def _sections(argument: str) -> Verify:
    """The headings stand there, each once and in this order."""
    wanted = items(argument)

    def verify(composition: Composition) -> str:
        found = [heading for heading, _ in _cut(composition, wanted)]
        if found == wanted:
            return ""
        missing = [heading for heading in wanted if heading not in found]
        if missing:
            return f"has no section {missing[0]!r}"
        return "has its sections twice or out of order"

    return verify


def split_into(headings: str, verify_section: Verify) -> Verify:
    """A rule that holds if every section keeps another one."""
    wanted = items(headings)

    def verify(composition: Composition) -> str:
        sections = _cut(composition, wanted)
        for heading, section in sections:
            if problem := verify_section(section):
                return f"{heading}: {problem}"
        return "" if sections else "has no sections"

    return verify


def counted_in(headings: str, number: str, verify_section: Verify) -> Verify:
    """A rule that holds if so many sections keep another one."""
    wanted, least = items(headings), bounds(number)

    def verify(composition: Composition) -> str:
        kept = sum(not verify_section(section) for _, section in _cut(composition, wanted))
        return "" if least.hold(kept) else f"holds in {kept} sections, not {least}"

    return verify


def split_by_speaker(verify_speech: Verify) -> Verify:
    """A rule that holds if all that each speaker says keeps another one."""

    def verify(composition: Composition) -> str:
        speeches: dict[str, list[str]] = {}
        for name, text in _turns(composition):
            speeches.setdefault(name, []).append(text)
        for name, lines in speeches.items():
            if problem := verify_speech(_section(composition, lines)):
                return f"{name}: {problem}"
        return "" if speeches else "is no dialogue"

    return verify


FORM: dict[str, Factory] = {
    "title": _title,
    "complete": _complete,
    "no placeholders": _no_placeholders,
    "salutation": _salutation,
    "signature": _signature,
    "speakers": _speakers,
    "turns": _turn_count,
    "alternating": _alternating,
    "balanced": _balanced,
    "sections": _sections,
}


def _turns(composition: Composition) -> list[tuple[str, str]]:
    """Who says what: the lines "NAME: words", the name in lower case."""
    matches = ((line, _SPEAKER.match(line)) for line in composition.lines)
    return [(m["name"].strip().casefold(), line[m.end() :]) for line, m in matches if m]


def _cut(composition: Composition, headings: list[str]) -> list[tuple[str, Composition]]:
    """The sections, in the order of the text; what stands before the first is in none."""
    sections: list[tuple[str, list[str]]] = []
    for line in filter(None, (composition.title, *composition.lines)):
        if heading := next(_headings(line, headings), None):
            sections.append((heading, [line]))
        elif sections:
            sections[-1][1].append(line)
    return [(heading, _section(composition, lines)) for heading, lines in sections]


def _headings(line: str, headings: list[str]) -> Iterator[str]:
    return (h for h in headings if re.match(re.escape(h) + _BEHIND_HEADING, line, re.IGNORECASE))


def _section(composition: Composition, lines: list[str]) -> Composition:
    return replace(
        composition,
        text="\n".join(lines),
        title="",
        paragraphs=(tuple(lines),),
        bullets=tuple(line for line in lines if line in composition.bullets),
    )

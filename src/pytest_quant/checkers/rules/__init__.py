"""Rules that a composition must keep: small verifiers by name, read from lines of text.

A line is a rule's name, and behind a colon what it asks for: ``words: 80 to 120``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pytest_quant.checkers.rules.amounts import AMOUNTS
from pytest_quant.checkers.rules.composition import Composition, compose
from pytest_quant.checkers.rules.counting import COUNTING
from pytest_quant.checkers.rules.form import FORM, counted_in, split_by_speaker, split_into
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.phrasing import NAMES_WORDS, PHRASING
from pytest_quant.checkers.rules.style import STYLE

__all__ = ["RULES", "Composition", "Rule", "check_names", "compose", "parse_rules"]

RULES: dict[str, Factory] = {**COUNTING, **PHRASING, **FORM, **STYLE, **AMOUNTS}
_EACH_SECTION = "each section"
_SOME_SECTIONS = "in sections"
_EACH_SPEAKER = "each speaker"
_INSIDE = (_EACH_SECTION, _SOME_SECTIONS, _EACH_SPEAKER)


@dataclass(frozen=True, slots=True)
class Rule:
    """One instruction: its line, and what verifies it."""

    text: str
    verify: Verify

    @property
    def name(self) -> str:
        return self.text.partition(":")[0]

    @property
    def names_words(self) -> bool:
        """Whether it asks for words of the assignment's own."""
        return not NAMES_WORDS.isdisjoint(part.strip() for part in self.text.split(":"))


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of the lines of ``text``; raises ``ValueError`` naming the line that is wrong.

    ``each section: RULE`` and ``in sections: NUMBER: RULE`` hold for every one, or for so many, of
    the sections that a ``sections`` line before them names; ``each speaker: RULE`` for all that
    each speaker of a dialogue says.
    """
    rules: list[Rule] = []
    headings: str | None = None
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, _, argument = line.partition(":")
        try:
            if name in _INSIDE:
                verify = _read_inside(name, argument.strip(), headings)
            else:
                verify = _read(line)
        except ValueError as error:
            raise ValueError(f"rule {line!r}: {error}") from error
        rules.append(Rule(line, verify))
        if name == "sections":
            headings = argument
    if not rules:
        raise ValueError("expected at least one rule, such as 'words: 80 to 120'")
    return tuple(rules)


def check_names(template: str) -> None:
    """Raises ``ValueError`` for a rule that does not exist, before any value is filled in."""
    for line in template.split("\n"):
        inside = line.strip()
        for prefix in _INSIDE:
            inside = inside.removeprefix(f"{prefix}:").strip()
        if line.strip().startswith(_SOME_SECTIONS):
            inside = inside.partition(":")[2].strip()
        name = inside.partition(":")[0]
        if name and "{" not in name:
            _factory(name)


def _factory(name: str) -> Factory:
    if name not in RULES:
        near = difflib.get_close_matches(name, (*RULES, *_INSIDE), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(RULES))}"
        raise ValueError(f"no rule is called {name!r}; {hint}")
    return RULES[name]


def _read(line: str) -> Verify:
    name, _, argument = line.partition(":")
    return _factory(name)(argument.strip())


def _read_inside(name: str, argument: str, headings: str | None) -> Verify:
    if name == _EACH_SPEAKER:
        return split_by_speaker(_read(argument))
    if headings is None:
        raise ValueError("expected a line 'sections: ...' before it")
    if name == _EACH_SECTION:
        return split_into(headings, _read(argument))
    number, _, rule = argument.partition(":")
    return counted_in(headings, number, _read(rule.strip()))

"""Rules that a composition must keep: small verifiers by name, read from lines of text.

A line is a rule's name, and behind a colon what it asks for: ``words: 80 to 120``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pytest_quant.checkers.rules.amounts import AMOUNTS
from pytest_quant.checkers.rules.composition import Composition, compose
from pytest_quant.checkers.rules.counting import COUNTING
from pytest_quant.checkers.rules.form import FORM, counted_in, split_into
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.phrasing import PHRASING
from pytest_quant.checkers.rules.style import STYLE

__all__ = ["RULES", "Composition", "Rule", "compose", "parse_rules"]

RULES: dict[str, Factory] = {**COUNTING, **PHRASING, **FORM, **STYLE, **AMOUNTS}
_EACH_SECTION = "each section"
_SOME_SECTIONS = "in sections"


@dataclass(frozen=True, slots=True)
class Rule:
    """One instruction: its line, and what verifies it."""

    text: str
    verify: Verify

    @property
    def name(self) -> str:
        return self.text.partition(":")[0]


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of the lines of ``text``; raises ``ValueError`` naming the line that is wrong.

    ``each section: RULE`` and ``in sections: NUMBER: RULE`` hold for every one, or for so many, of
    the sections that a ``sections`` line before them names.
    """
    rules: list[Rule] = []
    headings: str | None = None
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, _, argument = line.partition(":")
        try:
            if name in (_EACH_SECTION, _SOME_SECTIONS):
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


def _read(line: str) -> Verify:
    name, _, argument = line.partition(":")
    if name not in RULES:
        near = difflib.get_close_matches(name, RULES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(RULES))}"
        raise ValueError(f"no rule is called {name!r}; {hint}")
    return RULES[name](argument.strip())


def _read_inside(name: str, argument: str, headings: str | None) -> Verify:
    if headings is None:
        raise ValueError("expected a line 'sections: ...' before it")
    if name == _EACH_SECTION:
        return split_into(headings, _read(argument))
    number, _, rule = argument.partition(":")
    return counted_in(headings, number, _read(rule.strip()))

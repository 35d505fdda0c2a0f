"""The two things a probe file becomes: probes, and the cases they yield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_quant.checkers import CHECKERS

DEFAULT_CASES = 32
# What decides a choice: the option that the model writes, or the one that it finds likeliest.
By = Literal["text", "likelihood"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One kind of question, as its file states it; nothing is evaluated yet.

    ``parameters`` maps a name to its domain; ``generator`` names a function that draws the
    values instead, called with ``generator_options``. ``pinned`` values are the first cases, and
    the only ones where nothing is drawn.
    ``expect`` is an exact expression over the values, or several, for a check of numbers, a
    template otherwise. A ``prompt`` may be a ``Conversation``, whose contents are templates.
    ``solution`` is a complete right answer, as a template: what the embedded model is trained
    to write. ``clean`` is the prompt as it was before it was disturbed: it is asked too, and
    what it brings is compared with what ``prompt`` brings. ``by`` says what decides a choice: the
    response, or the likelihood of each option. ``held_out``: of what can be drawn only the cases
    are asked that are kept from a model in training. ``facets`` are templates that sort its cases
    for reports, such as by length. ``path`` and ``line`` say where the probe stands, for messages.
    """

    id: str
    category: str
    subcategory: str
    difficulty: int
    prompt: str
    expect: str
    check: str
    check_options: Mapping[str, Any]
    path: str
    line: int
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    generator: str | None = None
    generator_options: Mapping[str, Any] = field(default_factory=dict)
    pinned: tuple[Mapping[str, Any], ...] = ()
    solution: str | None = None
    clean: str | None = None
    facets: Mapping[str, str] = field(default_factory=dict)
    cases: int = DEFAULT_CASES
    max_tokens: int = 64
    guide: str | None = None
    task: str | None = None
    by: By = "text"
    held_out: bool = False

    @property
    def wanted(self) -> int | None:
        """How many cases its file says it is to be asked, ``None`` if it leaves that open."""
        return None if self.cases == DEFAULT_CASES else self.cases

    @property
    def is_drawn(self) -> bool:
        """Whether there are cases beyond the pinned ones."""
        return bool(self.parameters) or self.generator is not None

    @property
    def chance(self) -> float:
        """The share of cases that guessing gets right, in [0, 1]."""
        options = self.check_options.get(CHECKERS.get(self.check).choices)
        return 1 / len(options) if isinstance(options, (list, tuple)) and options else 0.0

    @property
    def tells_hallucination(self) -> bool:
        """Whether its check tells an answer that is made up from one that is only wrong."""
        told = {"items": True, "numeric": "known" in self.check_options}
        told["text"] = not {"forbidden", "known"}.isdisjoint(self.check_options)
        return told.get(self.check, False)


@dataclass(frozen=True, slots=True)
class Case:
    """One concrete question with everything needed to judge an answer to it.

    ``index`` is its stable place in the probe's sequence; ``clean`` the undisturbed prompt of
    a pair, with the same right answer; ``digest`` identifies prompts, expectation, check, so
    that outcomes of different questions are never compared. ``facets`` say what sort of case it
    is; they take no part in the digest.
    """

    index: int
    prompt: str
    expected: Any
    expected_text: str
    options: Mapping[str, Any]
    digest: str
    solution: str | None
    clean: str | None
    facets: Mapping[str, str] = field(default_factory=dict)

"""The ``quant`` fixture: tests in Python that ask a level and the reference the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.errors import CheckerBroken, SandboxUnavailable
from pytest_quant.plugin.attendance import ASKED
from pytest_quant.plugin.properties import set_properties
from pytest_quant.plugin.stash import SESSION
from pytest_quant.reports.plain_text import shown

if TYPE_CHECKING:
    from pytest_quant.checkers import Outcome
    from pytest_quant.runtimes.protocol import Response
    from pytest_quant.session.session import Session

_WIDTH = 66


@dataclass(frozen=True, slots=True)
class Reply:
    """What the level and the reference wrote to one prompt.

    ``cut`` and ``reference_cut`` say whether a length limit ended it.
    """

    prompt: str
    text: str
    reference_text: str
    cut: bool
    reference_cut: bool


class Quant:
    """A level of the session, as a test in Python sees it."""

    def __init__(self, session: Session, level: str, node: pytest.Item) -> None:
        self.level = level
        self._session = session
        self._node = node

    @property
    def reference(self) -> str:
        """The name of the level that this one is compared with."""
        return self._session.plan.reference.name

    def ask(self, prompt: str, *, max_tokens: int = 256) -> Reply:
        """Ask the reference and the level; at most ``max_tokens`` tokens each, greedily.

        Raises ``RuntimeFailed`` if a model cannot be run.
        """
        if self._session.plan.recorded_reference is not None:
            pytest.skip(f"{self.reference} is not at hand, only its record")
        reference = self._session.bench.ask(None, prompt, max_tokens)
        own = self._session.bench.ask(self.level, prompt, max_tokens)
        self._node.stash[ASKED] = True
        return Reply(prompt, own.whole, reference.whole, _cut(own), _cut(reference))

    def check(self, reply: Reply, *, equals: Any, kind: str | None = None, **options: Any) -> None:
        """Fail the test if the level is wrong where the reference is right.

        ``equals`` is the right answer: a number or sympy number, text, or a list of terms in
        order. ``kind`` and ``options`` are those of ``pytest_quant.check``; left out, ``kind``
        follows from ``equals``. A question that the reference answers wrong says nothing about
        quantization: the test is skipped.
        """
        kind = kind or _kind(equals)
        reference = _judged(
            kind, reply.prompt, reply.reference_text, reply.reference_cut, equals, options
        )
        if not reference.correct:
            pytest.skip(f"uninformative: {self.reference} is wrong itself: {reference.reason}")
        own = _judged(kind, reply.prompt, reply.text, reply.cut, equals, options)
        if not own.correct:
            pytest.fail(self._story(reply, own, equals), pytrace=False)

    def _story(self, reply: Reply, own: Outcome, equals: Any) -> str:
        rows = [
            ("prompt", reply.prompt),
            ("expected", str(equals)),
            (self.reference, reply.reference_text),
            (self.level, reply.text),
            ("because", f"{own.pattern}: {own.reason}"),
        ]
        lines = [f"{name[:9]:<9} {shown(text, _WIDTH)}" for name, text in rows]
        return "\n".join([f"{self.level} is wrong where {self.reference} is right", *lines])


def of_level(request: pytest.FixtureRequest, level: str) -> Quant:
    """The level for one test, whose report will name it."""
    set_properties(request.node, [("quant_level", level)])
    return Quant(request.config.stash[SESSION], level, request.node)


def _kind(equals: Any) -> str:
    if isinstance(equals, str):
        return "text"
    return "sequence" if isinstance(equals, (list, tuple)) else "numeric"


def _judged(
    kind: str, prompt: str, text: str, cut: bool, equals: Any, options: dict[str, Any]
) -> Outcome:
    from pytest_quant.checkers import outcome_of

    try:
        return outcome_of(kind, text, equals, **options, truncated=cut, prompt=prompt)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    except CheckerBroken as error:
        # Said once, without what the checker was doing.
        raise error from None


def _cut(response: Response) -> bool:
    return response.finish in ("length", "deadline")

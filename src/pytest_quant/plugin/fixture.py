"""The ``quant`` fixture: tests in Python that ask a level and the reference the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.base.amounts import counted
from pytest_quant.base.registry import kind_of
from pytest_quant.errors import CheckerBroken, RuntimeFailed, SandboxUnavailable, TimeOver
from pytest_quant.metrics.measurement import Answer, CaseResult
from pytest_quant.plugin.attendance import ASKED
from pytest_quant.plugin.fixture_arguments import check_question, kind_of_check, unusable
from pytest_quant.plugin.properties import set_properties
from pytest_quant.plugin.python_sets import TOLD, is_counted
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

    def __repr__(self) -> str:
        return f"<quant of {self.level}>"

    @property
    def reference(self) -> str:
        """The name of the level that this one is compared with."""
        return self._session.plan.reference.name

    def ask(self, prompt: str, *, max_tokens: int = 256) -> Reply:
        """Ask the reference and the level; at most ``max_tokens`` tokens each, greedily.

        Raises ``RuntimeFailed`` if a model cannot be run, ``ValueError`` for a prompt that does
        not fit into its context.
        """
        __tracebackhide__ = True
        check_question(prompt, max_tokens)
        if self._session.plan.recorded_reference is not None:
            pytest.skip(f"{self.reference} is not at hand, only its record")
        reference = self._asked(None, prompt, max_tokens)
        own = self._asked(self.level, prompt, max_tokens)
        self._node.stash[ASKED] = True
        return Reply(prompt, own.whole, reference.whole, _cut(own), _cut(reference))

    def _asked(self, level: str | None, prompt: str, max_tokens: int) -> Response:
        from pytest_quant.runtimes.protocol import PromptTooLong

        __tracebackhide__ = True
        try:
            return self._session.bench.ask(level, prompt, max_tokens)
        except PromptTooLong as error:
            raise ValueError(
                f"quant.ask: the prompt has {counted(error.length, 'token')}, the context of "
                f"{level or self.reference} holds {error.context:,}, the answer included"
            ) from None
        except RuntimeFailed as error:
            raise RuntimeFailed(str(error)) from None
        except TimeOver as error:
            pytest.skip(str(error))

    def check(
        self,
        reply: Reply,
        *,
        equals: Any = None,
        right: Callable[[str], bool] | None = None,
        kind: str | None = None,
        **options: Any,
    ) -> None:
        """Say whether the level answers right where the reference does.

        ``equals`` is the right answer: a number or sympy number, text, or a list of terms in
        order. ``kind`` and ``options`` are those of ``pytest_quant.check``; left out, ``kind``
        follows from ``equals``. ``right`` is your own judgement in its place: a function of a text.

        A parametrized test is a set of cases: this counts one of them, right or wrong at the
        reference and at the level, and all together are judged at the end as a probe is. Any other
        test is one question: it fails if the level is wrong where the reference is right, and is
        skipped if the reference is wrong itself, as that says nothing about quantization. Raises
        ``TypeError`` unless either ``equals`` or ``right`` is given.
        """
        __tracebackhide__ = True
        if not isinstance(reply, Reply):
            raise TypeError(
                f"quant.check: the reply is {kind_of(reply)}, expected what quant.ask(...) returned"
            )
        kind = kind_of_check(equals, right, kind, options)

        def judged(text: str, *, cut: bool) -> Outcome:
            __tracebackhide__ = True
            if right is not None:
                return _own_judgement(right, text)
            return _judged(kind, reply.prompt, text, cut, equals, options)

        reference = judged(reply.reference_text, cut=reply.reference_cut)
        if is_counted(self._node):
            own = judged(reply.text, cut=reply.cut)
            expected = "what the test takes for right" if right else str(equals)
            self._count(reply, expected, reference, own, _chance(kind, options))
            return
        if not reference.correct:
            pytest.skip(f"uninformative: {self.reference} is wrong itself: {reference.reason}")
        own = judged(reply.text, cut=reply.cut)
        if not own.correct:
            pytest.fail(self._story(reply, own, equals), pytrace=False)

    def _count(
        self, reply: Reply, expected: str, reference: Outcome, own: Outcome, chance: float
    ) -> None:
        """Tell a case of the set, and its outcome in the report of this test."""
        told = self._node.stash.setdefault(TOLD, [])
        case = CaseResult(
            index=len(told),
            digest=sha256(reply.prompt.encode(errors="surrogatepass")).hexdigest()[:16],
            prompt=reply.prompt,
            expected=expected,
            reference=_answer(reference, reply.reference_text, cut=reply.reference_cut),
            level=_answer(own, reply.text, cut=reply.cut),
        )
        told.append((case, chance))
        outcome = _OUTCOMES[reference.correct, own.correct]
        set_properties(self._node, [("quant_outcome", outcome)])

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


# Of a case, right or wrong at the reference and at the level.
_OUTCOMES = {
    (True, True): "right",
    (True, False): "lost",
    (False, True): "won",
    (False, False): "wrong",
}


def _answer(outcome: Outcome, text: str, *, cut: bool) -> Answer:
    return Answer(
        verdict=outcome.verdict,
        answer=outcome.answer,
        pattern=outcome.pattern,
        reason=outcome.reason,
        response=text,
        finish="length" if cut else "end",
    )


def _own_judgement(right: Callable[[str], bool], text: str) -> Outcome:
    from pytest_quant.checkers.outcome import Outcome

    __tracebackhide__ = True
    if right(text):
        return Outcome("correct", "", "", "the test takes it for right")
    return Outcome("incorrect", "", "other", "the test takes it for wrong")


def _chance(kind: str, options: Mapping[str, Any]) -> float:
    """What guessing would get right: of a choice one in as many as there are options."""
    choices = options.get("options") if kind == "choice" else None
    return 1 / len(choices) if choices else 0.0


def of_level(request: pytest.FixtureRequest, level: str) -> Quant:
    """The level for one test, whose report will name it."""
    request.node.stash[TOLD] = []  # it may run more than once
    set_properties(request.node, [("quant_level", level)])
    return Quant(request.config.stash[SESSION], level, request.node)


def _judged(
    kind: str, prompt: str, text: str, cut: bool, equals: Any, options: dict[str, Any]
) -> Outcome:
    from pytest_quant.checkers import outcome_of

    __tracebackhide__ = True
    try:
        return outcome_of(kind, text, equals, **options, truncated=cut, prompt=prompt)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    except ValueError as error:
        raise ValueError(f"quant.check: {error}") from None
    except CheckerBroken as error:
        # No text makes a checker of ours raise: what was given with it does.
        if isinstance(cause := error.__cause__, (TypeError, AttributeError)):
            raise TypeError(unusable(kind, equals, options, cause)) from None
        # Said once, without what the checker was doing.
        raise CheckerBroken(str(error)) from None


def _cut(response: Response) -> bool:
    return response.finish in ("length", "deadline")

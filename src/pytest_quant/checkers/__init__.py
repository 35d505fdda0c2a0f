"""Decides answers: one entry, ``check``, and one module per kind of checker.

A checker is a pure function from (response, expectation, options) to an ``Outcome``. The kinds
load when they are first used, so that importing this package never loads sympy.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from pytest_quant.checkers.outcome import Outcome, Verdict

__all__ = ["KINDS", "Outcome", "Verdict", "allowed_options", "check", "prepare"]

# kind -> the module whose function ``check`` decides it
KINDS: dict[str, str] = {
    "choice": "pytest_quant.checkers.choice",
    "code": "pytest_quant.checkers.code",
    "constraints": "pytest_quant.checkers.constraints",
    "expression": "pytest_quant.checkers.expression",
    "induction": "pytest_quant.checkers.induction",
    "items": "pytest_quant.checkers.items",
    "numeric": "pytest_quant.checkers.numeric",
    "quantities": "pytest_quant.checkers.quantities",
    "sequence": "pytest_quant.checkers.sequence",
    "text": "pytest_quant.checkers.text",
}


def check(kind: str, text: str, expected: Any, **options: Any) -> Outcome:
    """Decide whether ``text``, a model's whole response, gives the ``expected`` answer.

    ``kind`` is one of ``KINDS``; ``expected`` a string, a number (``float`` is read by its
    ``repr``), a sympy object, or what the kind documents. The options are the keyword arguments
    of the kind's own ``check``.

    Raises ``ValueError`` for an unknown kind or an expectation that cannot be read, and
    ``TypeError`` for an unknown option. Nothing in ``text`` can make it raise.
    """
    decide = _checker(kind)
    allowed = _keywords(decide)
    unknown = sorted(set(options) - set(allowed))
    if unknown:
        raise TypeError(
            f"checker {kind!r} has no option {', '.join(map(repr, unknown))}; "
            f"it takes: {', '.join(allowed)}"
        )
    return decide(text, expected, **options)


def allowed_options(kind: str) -> tuple[str, ...]:
    """The option names of a kind, in alphabetical order; ``ValueError`` for an unknown kind."""
    return _keywords(_checker(kind))


def prepare(kind: str) -> None:
    """See to what a kind needs before anything is asked; most need nothing.

    Raises ``SandboxUnavailable`` if answers of this kind cannot be judged on this machine.
    """
    _checker(kind)
    see_to: Callable[[], None] | None
    if see_to := getattr(importlib.import_module(KINDS[kind]), "prepare", None):
        see_to()


def _checker(kind: str) -> Callable[..., Outcome]:
    if kind not in KINDS:
        raise ValueError(f"unknown checker {kind!r}; known checkers: {', '.join(sorted(KINDS))}")
    decide: Callable[..., Outcome] = importlib.import_module(KINDS[kind]).check
    return decide


def _keywords(decide: Callable[..., Outcome]) -> tuple[str, ...]:
    parameters = inspect.signature(decide).parameters.values()
    return tuple(sorted(p.name for p in parameters if p.kind is p.KEYWORD_ONLY))

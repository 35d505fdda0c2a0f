"""What a test in Python may give to ``quant``: a mistake is told in a sentence, before any answer
is judged.
"""

from __future__ import annotations

import numbers
import sys
from collections.abc import Mapping
from typing import Any

from pytest_quant.base.registry import kind_of
from pytest_quant.reports.plain_text import shown

_WIDTH = 60


def check_question(prompt: object, max_tokens: object) -> None:
    """Raises ``TypeError`` or ``ValueError`` for what cannot be asked."""
    __tracebackhide__ = True
    if not isinstance(prompt, str):
        raise TypeError(f"quant.ask: the prompt is {kind_of(prompt)}, expected text")
    try:
        prompt.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"quant.ask: the prompt holds half a character, {prompt[error.start]!a}, which no "
            "model reads"
        ) from None
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool):
        raise TypeError(f"quant.ask: max_tokens is {_told(max_tokens)}, expected a whole number")
    if max_tokens < 1:
        raise ValueError(f"quant.ask: max_tokens is {max_tokens}, expected at least 1")


def kind_of_check(equals: object, right: object, kind: object, options: Mapping[str, Any]) -> str:
    """The kind of checker that judges; ``""`` where ``right`` does.

    Raises ``TypeError`` or ``ValueError`` for arguments that do not go together.
    """
    __tracebackhide__ = True
    if (equals is None) == (right is None):
        raise TypeError("quant.check needs the right answer, equals=..., or a judge, right=...")
    if right is not None:
        if not callable(right):
            raise TypeError(
                f"quant.check: right is {_told(right)}, expected a function that takes a text and "
                "says whether it is right"
            )
        if kind is not None or options:
            names = ", ".join([*(["kind"] if kind is not None else []), *options])
            raise TypeError(f"quant.check: right=... judges by itself; leave out {names}")
        return ""
    return _known(_following(equals) if kind is None else kind, options)


def _following(equals: object) -> str:
    """The kind that an expectation stands for."""
    __tracebackhide__ = True
    if isinstance(equals, str):
        return "text"
    if isinstance(equals, (list, tuple)):
        return "sequence"
    sympy = sys.modules.get("sympy")
    if isinstance(equals, numbers.Number) and not isinstance(equals, bool):
        return "numeric"
    if sympy is not None and isinstance(equals, sympy.Basic):
        return "numeric"
    raise TypeError(
        f"quant.check: equals is {_told(equals)}, expected a number, a sympy number, text or a "
        "list of terms; for anything else name a checker, kind=..."
    )


def _known(kind: object, options: Mapping[str, Any]) -> str:
    from pytest_quant.checkers import CHECKERS, allowed_options
    from pytest_quant.checkers.checker import TOLD

    __tracebackhide__ = True
    if not isinstance(kind, str):
        raise TypeError(f"quant.check: kind is {_told(kind)}, expected the name of a checker")
    if kind not in CHECKERS.names:
        raise ValueError(f"quant.check: {CHECKERS.unknown(kind)}")
    allowed = [name for name in allowed_options(kind) if name not in TOLD]
    if unknown := [name for name in options if name not in allowed]:
        raise TypeError(
            f"quant.check: checker {kind!r} has no option {', '.join(map(repr, unknown))}; it "
            f"takes: {', '.join(allowed)}"
        )
    if lacking := [f"{name}=..." for name in _required(kind) if name not in options]:
        raise TypeError(f"quant.check: checker {kind!r} needs {', '.join(lacking)}")
    return kind


def _required(kind: str) -> list[str]:
    """The options without which a checker decides nothing."""
    import inspect

    from pytest_quant.checkers.checker import TOLD, function_of

    parameters = [*inspect.signature(function_of(kind)).parameters.values()][2:]
    return [
        p.name
        for p in parameters
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty and p.name not in TOLD
    ]


def unusable(kind: str, equals: object, options: Mapping[str, Any], error: object) -> str:
    """The sentence for arguments that a checker stumbled over."""
    given = [f"equals={_told(equals)}", *(f"{k}={_told(v)}" for k, v in options.items())]
    return f"quant.check: checker {kind!r} cannot use {', '.join(given)}: {error}"


def _told(value: object) -> str:
    """A value as it was written, if that is short."""
    if isinstance(value, (str, bytes, int, float, list, tuple, dict, set)):
        return shown(repr(value), _WIDTH)
    return kind_of(value)

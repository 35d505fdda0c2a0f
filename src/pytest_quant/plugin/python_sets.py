"""What the tests of a parametrized test in Python tell: cases of one set, judged together.

Which sets there are is known when all is collected, so the error budget can be shared among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.session.findings import Counted

if TYPE_CHECKING:
    from pytest_quant.metrics.measurement import CaseResult
    from pytest_quant.session.session import Session

# The cases that a test has told in its last run, each with what guessing would get right.
TOLD = pytest.StashKey[list[tuple["CaseResult", float]]]()
_LEVEL = "_quant_level"


def is_counted(item: Any) -> bool:
    """Whether a test is one of a set: it asks a level, and has parameters besides."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    return _LEVEL in params and len(params) > 1


def set_of(item: pytest.Function) -> str:
    """The node id without the parameters, the same for all tests of a set."""
    return f"{item.nodeid.removesuffix(item.name)}{item.originalname}"


def counted(item: pytest.Function, level: str, session: Session) -> Counted:
    """What a test has told in its last run."""
    from pytest_quant.base.categories import CATEGORIES

    told = item.stash.get(TOLD, [])
    marks = [mark.name for mark in item.iter_markers() if mark.name in CATEGORIES.names]
    return Counted(
        level=level,
        test=set_of(item),
        category=marks[0] if marks else None,
        chance=sum(chance for _, chance in told) / len(told) if told else 0.0,
        cases=tuple(case for case, _ in told),
        runtimes=session.bench.runtimes if told else {},
    )

"""Checks of parametrized tests in Python: each is a set of cases, and one verdict.

A set shares the part of the error budget that probes have, and like a probe it is held against the
limit of its category. It is an ability of its own: it takes part in no check over several probes,
and no baseline knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import LimitOf
from pytest_quant.gate.level_verdict import LevelVerdict
from pytest_quant.gate.tolerance_check import Alphas, count_pairs, evaluate_tolerance
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import Measurement, outcomes

# The category of a set that no mark puts into one: the limit over all probes holds.
NO_CATEGORY = "python"


def set_checks(sets: Iterable[Measurement], limit_of: LimitOf, budget: Budget) -> tuple[Check, ...]:
    """The check of each set; all cases that its tests have told count, however many are missing."""
    found = []
    for one in sets:
        category = None if one.category == NO_CATEGORY else one.category
        limit, alphas = limit_of(one.level, category), Alphas(budget.alpha_for("set"), budget.alpha)
        result = evaluate_tolerance(count_pairs(outcomes(one)), limit, alphas, one.chance)
        found.append(Check("set", one.level, one.probe, category, result))
    return tuple(found)


def verdict_of_sets(checks: Sequence[Check]) -> LevelVerdict:
    """That of a level of which no probe was to be asked, and no check of which failed."""
    informative = [check.result for check in checks if not check.result.uninformative]
    if not informative:
        return "not compared"
    passed = len(informative) == len(checks) and all(r.verdict == "pass" for r in informative)
    return "pass" if passed else "inconclusive"

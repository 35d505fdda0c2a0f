"""What a test report says of a probe or a check, as properties: JUnit files show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_quant.gate.verdicts import Check

if TYPE_CHECKING:
    import pytest

    from pytest_quant.gate.tolerance_check import CheckResult
    from pytest_quant.metrics.divergence import Divergence
    from pytest_quant.reports.gate_tests import GateTest

Properties = list[tuple[str, object]]
_DIGITS = 6


def set_properties(item: pytest.Item, properties: Properties) -> None:
    """Give an item properties in place of those of the same names: it may run more than once."""
    names = {name for name, _ in properties}
    kept = [own for own in item.user_properties if own[0] not in names]
    # On the item rather than on one report: JUnit files show what the last report holds.
    item.user_properties[:] = [*kept, *properties]


def properties(test: GateTest, reference: str) -> Properties:
    """Those of a test over several probes."""
    check = test.check
    if not isinstance(check, Check):
        kind: Properties = [] if check is None else [("quant_kind", "regression")]
        return [*labels(test.level, reference, None), *kind, ("quant_verdict", test.verdict)]
    told = labels(test.level, reference, check.category)
    return [*told, ("quant_kind", check.kind), *findings(check.result)]


def labels(level: str, reference: str, category: str | None) -> Properties:
    """What is compared; ``category`` is ``None`` for all probes together."""
    named = [("level", level), ("reference", reference), ("category", category)]
    return [(f"quant_{name}", value) for name, value in named if value is not None]


def findings(result: CheckResult, regression: CheckResult | None = None) -> Properties:
    """A verdict and its numbers: counts of cases, else percentage points or percent.

    A test that does two checks has failed if either did; the numbers are those of ``result``.
    """
    counts = result.counts
    numbers: dict[str, float] = {"n": counts.n, "b": counts.b, "c": counts.c}
    if counts.n:
        numbers["reference_accuracy"] = 100 * counts.reference_correct / counts.n
        numbers["level_accuracy"] = 100 * counts.level_correct / counts.n
    for name in ("drop", "lower", "upper", "limit", "alpha"):
        numbers[name] = getattr(result, name)
    rounded = [(f"quant_{name}", _rounded(number)) for name, number in numbers.items()]
    if regression is None:
        return [*rounded, ("quant_verdict", result.verdict)]
    verdict = "fail" if regression.verdict == "fail" else result.verdict
    return [*rounded, ("quant_regression", regression.verdict), ("quant_verdict", verdict)]


def distance(divergence: Divergence) -> Properties:
    """Mean KL divergence in nats and the share of same top tokens in percent, by source."""
    shown = {"kld": "Mean KLD", "same_top": "Same top p"}
    return [
        (f"quant_{name}_{divergence.source}", _rounded(divergence.statistics[statistic].value))
        for name, statistic in shown.items()
    ]


def _rounded(number: float) -> float:
    """Digits that say something, whatever the magnitude; counts stay whole."""
    return number if isinstance(number, int) else float(f"{number:.{_DIGITS}g}")

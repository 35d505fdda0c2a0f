"""How much a session asks: the options that bound it, which exclude each other in part."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_quant.base.durations import parse_duration
from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.options.sources import Values
from pytest_quant.plugin.options.values import positive


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is asked: ``cases`` of each probe, or else at most ``max_cases`` of each, and as
    long as there is ``time``, in seconds.
    """

    cases: int | None
    max_cases: int | None
    time: float | None


def amount_of(values: Values) -> Amount:
    """A number of cases that was settled beforehand goes with none of the others."""
    cases, most = (values.parsed(name, positive) for name in ("cases", "max-cases"))
    found = Amount(cases, most, values.parsed("time", parse_duration))
    meaning = {"max-cases": f"as many as are needed up to {most}", "time": "as long as there is"}
    for name, other in (("max-cases", found.max_cases), ("time", found.time)):
        if found.cases is None or other is None:
            continue
        (_, place, _), (_, beside, _) = values.raw("cases"), values.raw(name)
        # What is given on the command line takes the place of what the ini file says.
        if place.startswith("--") == beside.startswith("--"):
            raise QuantUsageError(
                f"{place}: {cases} cases of each probe, and {beside}: {meaning[name]}; give one of "
                "the two"
            )
        if place.startswith("--"):
            found = replace(found, **{name.replace("-", "_"): None})
        else:
            found = replace(found, cases=None)
    return found

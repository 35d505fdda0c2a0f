"""The guide's ninety questions as a table: which probe stands for which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pytest_quant.cli.tables import column_widths, table
from pytest_quant.probes.model import CATEGORIES, Probe

# The three kinds of each category, in the guide's order.
KINDS: dict[str, tuple[str, str, str]] = {
    "numerical_reasoning": ("large and small operands", "floating point", "series and matrices"),
    "long_context": ("explain and connect", "infer", "retrieve and integrate"),
    "language_generation": ("stories and poems", "style", "tone and feeling"),
    "world_knowledge": ("culture and history", "science", "practical reasons"),
    "adversarial": ("homophones", "typos", "ambiguous references"),
    "logical_reasoning": ("arguments", "proofs and problems", "algorithms"),
    "ambiguity": ("several readings", "uncertain evidence", "several perspectives"),
    "real_world": ("money", "plans", "troubleshooting"),
    "iterative": ("recursion", "algorithms step by step", "recurrences"),
    "probabilistic": ("counting", "Bayes", "statistics"),
}
_HEADS = ("place", "probe", "checker", "difficulty", "cases")
_RIGHT = ("difficulty", "cases")


def guide_table(probes: Sequence[Probe], available: Callable[[Probe], str]) -> Iterator[str]:
    """Every place of the guide with its probe, a table for each kind; what is missing is marked.

    ``available`` says how many cases a probe has.
    """
    taken = {probe.guide: probe for probe in probes if probe.guide}
    rows = {place: _row(place, taken, available) for place in places()}
    widths = column_widths(_HEADS, list(rows.values()))
    for number, category in enumerate(CATEGORIES, 1):
        for kind, title in enumerate(KINDS[category], 1):
            of_kind = [
                row for place, row in rows.items() if place.startswith(f"4.{number}.{kind}.")
            ]
            yield f"{category}: {title}"
            yield from table(_HEADS, of_kind, _RIGHT, widths)
            yield ""
    yield f"{len(rows.keys() & taken)} of {len(rows)} places have a probe"


def places() -> list[str]:
    """The ninety places of section 4, in order."""
    return [
        f"4.{number}.{kind}.{question}"
        for number in range(1, len(CATEGORIES) + 1)
        for kind in (1, 2, 3)
        for question in (1, 2, 3)
    ]


def _row(
    place: str, taken: Mapping[str, Probe], available: Callable[[Probe], str]
) -> tuple[str, ...]:
    if place not in taken:
        return place, "MISSING", "-", "-", "-"
    probe = taken[place]
    return place, probe.id, probe.check, str(probe.difficulty), available(probe)

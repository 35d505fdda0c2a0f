from __future__ import annotations

from dataclasses import replace

from tests.reports.records import measured

from pytest_quant.metrics.facets import FacetRow, by_facet, by_two_facets
from pytest_quant.metrics.measurement import Measurement


def sorted_by(measurement: Measurement, *facets: dict[str, str]) -> Measurement:
    """The measurement with facets for its cases, taken in turn."""
    cases = tuple(
        replace(case, facets=facets[i % len(facets)]) for i, case in enumerate(measurement.cases)
    )
    return replace(measurement, cases=cases)


def rows_of(*measurements: Measurement) -> list[tuple[str, str, str]]:
    return [(row.level, row.facet, row.value) for row in by_facet(measurements)]


def test_counts_are_those_of_the_cases_with_the_value() -> None:
    # Cases 0 to 3 were lost, 0 to 5 were right at the reference.
    measurement = measured("needle", "q4", right=6, lost=4, n=8)
    even, odd = by_facet([sorted_by(measurement, {"depth": "0"}, {"depth": "1"})])
    for row in (even, odd):
        assert (row.n, row.b, row.c) == (4, 2, 0)
        assert (row.reference_correct, row.level_correct) == (3, 1)


def test_probes_are_pooled_and_levels_are_not() -> None:
    rows = by_facet(
        sorted_by(measured(probe, level, right=n, n=n), {"length": "1k"})
        for probe, level, n in (("a", "q8", 10), ("a", "q4", 10), ("b", "q8", 5))
    )
    assert [(row.level, row.n) for row in rows] == [("q8", 15), ("q4", 10)]


def test_amounts_come_in_order_of_size() -> None:
    lengths = ({"length": x} for x in ("32k", "1k", "none", "256", "16k", "4k"))
    measurement = sorted_by(measured("needle", "q4", right=12, n=12), *lengths)
    values = [value for _, _, value in rows_of(measurement)]
    assert values == ["256", "1k", "4k", "16k", "32k", "none"]


def test_cases_that_the_level_was_not_asked_do_not_count() -> None:
    silent = measured("needle", "q4", right=0, n=8, uninformative="too hard")
    assert by_facet([sorted_by(silent, {"length": "1k"})]) == ()


def test_without_facets_there_is_nothing_to_show() -> None:
    assert by_facet([measured("sums", "q4", right=8, n=8)]) == ()


def test_a_row_says_what_it_is() -> None:
    (row,) = by_facet([sorted_by(measured("a", "q4", right=2, n=2), {"length": "256"})])
    assert isinstance(row, FacetRow)
    assert rows_of(sorted_by(measured("a", "q4", right=2, n=2), {"length": "256"})) == [
        ("q4", "length", "256")
    ]


def test_two_facets_make_a_grid_for_each_level() -> None:
    places = [
        {"length": length, "depth": depth} for length in ("4k", "256") for depth in ("0.5", "0")
    ]
    first, second = by_two_facets(
        [
            sorted_by(measured("needle", "q8", right=8, n=8), *places),
            sorted_by(measured("needle", "q4", right=8, lost=2, n=8), *places[:3]),
            sorted_by(measured("other", "q4", right=8, n=8), {"length": "4k"}),
        ],
        "length",
        "depth",
    )
    assert (first.level, first.rows, first.columns) == ("q8", ("256", "4k"), ("0", "0.5"))
    assert {cell.n for cell in first.cells.values()} == {2}
    assert ("256", "0") not in second.cells
    lost = second.cells["4k", "0.5"]
    assert (lost.n, lost.reference_correct, lost.level_correct, lost.b) == (3, 3, 2, 1)

"""The summary as text: what it says for each verdict, within 80 columns whatever a model wrote."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.records import divergence, measured, record, unasked

from pytest_quant.metrics.divergence import Statistic
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.divergences import percentile_text
from pytest_quant.reports.standing import standing_lines
from pytest_quant.reports.terminal import COLUMNS, MOST_REASONS, advice, summary

HOSTILE = "\x1b[31mred\x9b2J \u202edesrever\u2066 \u200b\r\n\tnul\0 \ud800 " + "\u6f22" * 90
HUGE = "0123456789" * 100_000


def text_of(record: RunRecord) -> str:
    return "\n".join(line.text for line in summary(record))


def one_line(record: RunRecord) -> str:
    """The summary with its lines joined, to find sentences that were folded."""
    return " ".join(text_of(record).split())


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_a_level_that_passes() -> None:
    run = record(measured("sums", "q8", right=600, lost=2, n=640))
    assert "q8: PASS" in text_of(run)
    assert list(advice(run)) == [
        "q8 is within 5 points (the guide's limits) in the only category, over 1 probe "
        "(640 cases). It lost 0.3 [-0.3, 0.9] points in all; the guide lets it lose 5 points. "
        "Whether that may ship, a limit of yours says (--quant-margin), or a baseline."
    ]
    assert "FAILED" not in text_of(run)


def test_a_level_that_fails() -> None:
    run = record(measured("sums", "q2", right=60, lost=40))
    said = one_line(run)
    assert "q2: FAIL" in text_of(run)
    assert list(advice(run)) == ["Hold q2 back: shown to lose more than the limit."]
    assert "FAILED q2 overall" in said
    assert "FAILED q2 numerical_reasoning" in said
    assert "40 lost, 0 won of 64 cases" in said
    assert "patterns one-digit slip 40" in said
    assert "example probes/numerical_reasoning.yaml::sums[q2], case 0" in said
    assert "because 18 in Answer: 17" in said


def test_probes_that_could_not_be_asked_are_told_from_those_that_say_nothing() -> None:
    reason, other = "needs more than 4096 tokens", "is not recorded"
    run = record(
        measured("sums", "q8", right=600, lost=2, n=640),
        unasked("passage", "q8", reason),
        unasked("clock", "q8", other),
        unasked("contract", "q8", reason),
    )
    said = one_line(run)
    assert f"3 of 4 probes were skipped: contract, passage: {reason} clock: {other} " in said
    assert "say nothing here" not in said
    assert "q8: PASS" in said


def test_many_reasons_to_skip_are_counted() -> None:
    asked = measured("sums", "q8", right=600, lost=2, n=640)
    several = [unasked(f"p{i}", "q8", f"reason {i}") for i in range(MOST_REASONS + 1)]
    said = one_line(record(asked, *several))
    assert "p4: reason 4 and others, for 1 more reason" in said
    assert "reason 5" not in said
    assert "1 of 2 probes was skipped: p0: reason 0" in one_line(record(asked, several[0]))


def test_how_far_a_level_is_from_the_reference() -> None:
    run = record(
        measured("sums", "q8", right=60),
        measured("sums", "q2", right=60),
        divergences=[
            divergence("q8", 0.00123),
            divergence("q2", 0.25, warning="its tokenizer differs"),
            divergence("q2", 0.125, "responses"),
        ],
    )
    told = [line.text for line in summary(run)]
    # After the flips of each level.
    first, second = (i for i, line in enumerate(told) if line.startswith("flips "))
    assert told[first + 1] == (
        "KL divergence 0.00123 ± 0.0002, 99.9 % 0.0015; same top token 83.3 ± 16.7 %"
    )
    assert told[second + 1].startswith("KL divergence 0.25 ± 0.05, 99.9 % 0.3; ")
    assert told[second + 2].startswith("on f16's responses 0.125 ± 0.02, 99.9 % 0.15; ")
    assert "note: q2, a text: its tokenizer differs" in told


def test_a_percentile_says_what_bounds_it() -> None:
    assert percentile_text(Statistic(0.3)) == "0.3"
    assert percentile_text(Statistic(0.3, low=0.2, high=0.45)) == "0.3 [0.2, 0.45]"
    assert percentile_text(Statistic(0.3, low=0.2)) == "0.3 [0.2, ?]"


def test_what_an_ability_lost_is_told_for_probes_like_these() -> None:
    lost = {"a": 0, "b": 8, "c": 16, "d": 8}
    sums = [measured(name, "q4", right=60, lost=few) for name, few in lost.items()]
    facts = measured("e", "q4", right=60, category="world_knowledge")
    said = one_line(record(*sums, replace(facts, difficulty=2)))
    assert (
        "points lost for probes like these, 95 % (the bounds above: for these probes) "
        "overall 10.0 [-3.0, 23.0], numerical_reasoning 12.5 [-3.7, 28.7], "
        "world_knowledge (one probe) "
        "by difficulty, 1 simple to 5 extreme: 1: 12.5 [-3.7, 28.7], 2: (one probe)" in said
    )
    assert "probes like these" not in one_line(record(sums[0]))


def test_a_category_that_says_nothing_says_so_in_its_row() -> None:
    guessing = "the reference answers 2 of 8 cases correctly"
    run = record(
        measured("sums", "q8", right=600, n=640),
        # Right in 2 of 64, where the limit is 5 points: a pass would be empty.
        measured("rare", "q8", right=2, n=64, category="world_knowledge"),
        measured("unknown", "q8", right=2, n=8, category="ambiguity", uninformative=guessing),
        replace(unasked("far", "q8", "too long"), category="long_context"),
    )
    rows = [line.text.split() for line in summary(run)]
    assert ["world_knowledge", "64", "3.1", "3.1", "0.0"] in [row[:5] for row in rows]
    (row,) = (row for row in rows if row[:1] == ["world_knowledge"] and len(row) > 5)
    assert row[-2:] == ["says", "nothing"]
    assert ["ambiguity", "8", "25.0", "-", "-", "-", "says", "nothing"] in rows
    assert ["long_context", "0", "-", "-", "-", "-", "not", "asked"] in rows


def test_results_by_length_and_depth() -> None:
    def placed(measurement: Measurement, length: str, depths: list[str]) -> Measurement:
        cases = tuple(
            replace(case, facets={"length": length, "depth": depths[i % len(depths)]})
            for i, case in enumerate(measurement.cases)
        )
        return replace(measurement, cases=cases)

    text = text_of(
        record(
            placed(measured("far", "q4", right=40, lost=20, n=40), "4k", ["0", "0.5", "1"]),
            placed(measured("near", "q4", right=30, lost=0, n=40), "256", ["0", "0.5", "1"]),
        )
    )
    assert "by length, %: 256 75>75  4k 100>50" in text
    assert "by depth, %: 0 " in text
    many = placed(measured("far", "q4", right=40, n=40), "4k", [f"{i}" for i in range(20)])
    assert "by depth" not in text_of(record(many))


def test_what_a_perturbation_broke() -> None:
    run = record(
        measured("sums", "q8", right=600, lost=2, n=640),
        measured("sums_misspelt", "q8", right=60, lost=4, n=64, clean="correct"),
    )
    assert "robustness: 8 of 64 pairs broken by the perturbation, f16 4" in one_line(run)
    assert "robustness" not in one_line(record(measured("sums", "q8", right=600, n=640)))
    unbroken = measured("sums_misspelt", "q8", right=64, n=64, clean="correct")
    assert "robustness" not in one_line(record(unbroken))


def test_only_errors_that_became_more_frequent() -> None:
    assert "errors (f16): one-digit slip 44 (40)" in text_of(
        record(measured("sums", "q8", right=600, lost=4, n=640))
    )
    assert "errors" not in text_of(record(measured("sums", "q8", right=600, n=640)))


@settings(deadline=None)
@given(st.integers(0, 90))
def test_a_number_and_its_unit_stay_on_one_line(before: int) -> None:
    """Wherever the line ends."""
    told = "same top token 100.0 ± 0.5 %; b 3, c 1, n 288, 12 chunks, p 1.2e-05"
    warning = f"{'x' * before} {told}"
    run = record(measured("sums", "q8", right=60), warnings={"q8": warning})
    lines = [line.text.strip() for line in summary(run)]
    assert told in " ".join(lines)
    together = ("100.0 ± 0.5 %;", "b 3,", "c 1,", "n 288,", "12 chunks,", "p 1.2e-05")
    assert all(any(part in line for line in lines) for part in together)


def test_a_level_that_is_undecided() -> None:
    run = record(measured("sums", "q4", right=30, lost=1, n=32))
    assert "q4: UNDECIDED" in text_of(run)
    (standing,) = standing_lines(run)
    assert standing.startswith("q4: undecided: numerical_reasoning (about 694 more cases, 22 s)")
    (sentence,) = advice(run)
    assert sentence == (
        "q4 is undecided: --quant-cases=726, so many cases of each probe, would ask what it takes, "
        "in about 22 s."
    )
    short = replace(run, supply={run.measurements[0].nodeid: 65})
    (standing,) = standing_lines(short)
    assert "numerical_reasoning (about 694 more cases; its probes have 33 more)" in standing
    (sentence,) = advice(short)
    assert sentence == (
        "q4 is undecided: the probes of numerical_reasoning have too few cases: write more "
        "(quant_probes), or accept a larger drop (--quant-margin)."
    )


def test_levels_with_each_verdict() -> None:
    run = record(
        measured("sums", "q8", right=600, lost=2, n=640),
        measured("sums", "q4", right=30, lost=1, n=32),
        measured("sums", "q2", right=60, lost=40),
    )
    assert [sentence.split()[0] for sentence in advice(run)] == ["Hold", "q8", "q4"]


def test_nothing_informative() -> None:
    run = record(measured("sums", "q8", right=0, n=8, uninformative="the reference answers 0 of 8"))
    said = one_line(run)
    assert said.startswith(
        "q8: NOTHING COMPARED: none of 1 probe tells anything: the reference answers 0 of 8"
    )
    assert "1 of 1 probe says nothing here, because f16 itself cannot do it: sums" in said
    assert "q8: nothing was compared. Ask a model that can do the probes" in said


def test_an_incomplete_run_clears_nothing() -> None:
    run = record(measured("sums", "q8", right=600, lost=2, n=640), missing=2)
    assert "incomplete: 2 of 3 selected tests brought no measurement" in text_of(run)
    assert list(advice(run)) == ["q8: within the limit so far; run again for what is missing."]


def test_a_quantized_reference_and_a_mislabelled_level_are_told() -> None:
    run = record(
        measured("sums", "q4", right=60),
        warnings={"q4": "Q4_K_M promises Q4_K, but 20 of 28 weight matrices are Q8_0"},
        reference_quantized=True,
    )
    assert "reference f16 (quantized itself): 16.01 bits/weight, 7.5 MB" in one_line(run)
    assert "note: q4: Q4_K_M promises Q4_K, but 20 of 28" in one_line(run)


def test_the_worst_failures_come_first_and_the_rest_are_counted() -> None:
    run = record(*(measured(f"probe_{i}", "q2", right=60, lost=25 + 5 * i) for i in range(7)))
    failed = [line.text for line in summary(run) if line.text.startswith("FAILED")]
    assert failed[0] == "FAILED q2 overall"
    assert failed[1] == "FAILED q2 probes/numerical_reasoning.yaml::probe_6[q2]"
    assert len(failed) == 3
    rest = "and 6 more failed tests, each in full in --junitxml and --alluredir"
    assert rest in text_of(run)
    # pytest counts tests: a recorded probe is checked twice in one.
    again = [replace(c, kind="regression") for c in run.checks if c.scope == "probe"]
    assert "and 7 more failed tests" in text_of(replace(run, checks=(*run.checks, *again)))


def test_the_worst_of_every_level_is_told_before_the_next_of_any() -> None:
    bad = [measured(f"probe_{i}", "q2", right=60, lost=60) for i in range(7)]
    run = record(*bad, measured("probe_1", "q4", right=60, lost=30))
    failed = [line.text for line in summary(run) if line.text.startswith("FAILED")]
    assert [line.split()[1] for line in failed] == ["q2", "q4", "q2"]


def test_an_example_is_shown_once_for_each_level() -> None:
    run = record(*(measured("sums", level, right=60, lost=40) for level in ("q4", "q2")))
    text = text_of(run)
    assert text.count("FAILED ") == 3
    for level in ("q4", "q2"):
        assert text.count(f"example   probes/numerical_reasoning.yaml::sums[{level}], case 0") == 1
    assert text.count("because   18 in Answer: 17") == 2


@pytest.mark.parametrize("response", [HOSTILE, HUGE, "", "\n" * 50])
def test_what_a_model_wrote_stays_within_bounds(response: str) -> None:
    run = record(
        measured("sums", "q2", right=60, lost=40, response=response), model=f"m {response}"
    )
    for line in summary(run):
        assert line.text.isprintable()
        assert columns(line.text) <= COLUMNS, line.text


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,70}", fullmatch=True)
MEASUREMENTS = st.builds(
    lambda probe, level, n, right, lost, silent: measured(
        probe,
        level,
        n=n,
        right=min(right, n),
        lost=min(lost, right, n),
        uninformative="the reference cannot do it" if silent else "",
    ),
    NAMES,
    st.sampled_from(["q8", "q2", "q4_k_m", "a_recipe_with_a_long_name"]),
    st.integers(1, 300),
    st.integers(0, 300),
    st.integers(0, 300),
    st.booleans(),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(MEASUREMENTS, min_size=1, max_size=8, unique_by=lambda m: m.nodeid),
    st.integers(0, 3),
    st.text(max_size=200),
)
def test_is_never_wider_than_a_terminal(
    measurements: list[Measurement], missing: int, warning: str
) -> None:
    run = record(*measurements, missing=missing, warnings={"q8": f"{warning} and {'word ' * 30}"})
    lines = list(summary(run))
    assert all(len(line.text) <= COLUMNS for line in lines)
    assert lines[-1].text

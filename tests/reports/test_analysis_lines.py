"""The analysis in words: only what it has to say."""

from __future__ import annotations

from dataclasses import replace

from tests.reports.records import divergence, measured, record

from pytest_quant.reports.analysis_lines import level_lines, session_lines


def test_a_level_that_keeps_fewer_instructions_and_loops() -> None:
    story = measured("story", "q2", right=40, lost=20, response="on and on " * 20)
    cases = []
    for case in story.cases:
        assert case.level is not None
        before = replace(case.reference, kept=4, asked=4, response="Once upon a time.")
        own = replace(case.level, kept=4 if case.level.correct else 2, asked=4)
        cases.append(replace(case, reference=before, level=own))
    run = record(replace(story, cases=tuple(cases)))
    said = " ".join(level_lines(run, "q2"))
    assert "instructions: 65.6 % of 256 kept, f16 100.0 %; change -34.4 [" in said
    assert "loops: 64 of 64 longer responses, f16 0" in said
    assert "calibration" not in said  # no probability is known
    assert list(level_lines(run, "q8")) == []


def test_a_session_tells_where_quality_falls_off() -> None:
    lost = {("q2", "numerical_reasoning"): 30, ("q2", "world_knowledge"): 4}
    run = record(
        *(
            measured(
                f"{category}_{i}",
                level,
                right=36,
                lost=lost.get((level, category), 0),
                n=40,
                category=category,
            )
            for level in ("q8", "q2")
            for category in ("numerical_reasoning", "world_knowledge")
            for i in range(5)
        )
    )
    said = "\n".join(session_lines(run))
    assert "steepest: q8 to q2, 42.5 [37.7, 47.4] points lost" in said
    told = "first shown to lose something, in these probes: at q2 numerical_reasoning, world_know"
    assert told in said
    assert "more sensitive than the rest: numerical_reasoning (guide: sensitive)" in said
    assert "more resilient than the rest: world_knowledge (guide: resilient)" in said
    assert "smallest level that passed: q8 in every category" in said
    # f16 and q8 got as many right, and what q2 lost no larger file has: nobody is beaten.
    assert "beaten" not in said


def test_one_level_that_lost_nothing_says_little() -> None:
    said = list(session_lines(record(measured("sums", "q8", right=600, n=640))))
    assert said == [
        "smallest for each deployment of the guide: cloud q8, edge q8; none passed or was "
        "measured for mobile, offline",
    ]


def test_advice_for_a_deployment_names_what_it_rests_on() -> None:
    run = record(measured("sums", "q8", right=600, n=640))
    levels = tuple(replace(level, deselected=9) for level in run.levels)
    (told,) = session_lines(replace(run, levels=levels))
    assert told.startswith(
        "smallest for each deployment of the guide by 1 probe of numerical_reasoning alone: cloud"
    )
    undecided = tuple(replace(lv, verdict=lv.verdict and "inconclusive") for lv in run.levels)
    assert list(session_lines(replace(run, levels=undecided))) == []


def test_a_level_is_beaten_where_bounds_are_apart() -> None:
    def run(*klds: float) -> str:
        levels = ("q8", "q4", "q2")
        return "\n".join(
            session_lines(
                record(
                    *(measured("sums", level, right=600, n=640) for level in levels),
                    divergences=[divergence(*found) for found in zip(levels, klds, strict=True)],
                )
            )
        )

    assert "beaten" not in run(0.01, 0.05, 0.2)
    # q4 diverges more than q2, which is smaller; by little, it may be chance.
    assert "beaten in KL divergence by a file no larger: q4 (by q2)" in run(0.01, 0.9, 0.2)
    assert "beaten" not in run(0.01, 0.21, 0.2)


def test_categories_that_no_level_passed_are_named() -> None:
    run = record(
        *(measured("sums", level, right=600, lost=2, n=640) for level in ("q8", "q4")),
        *(
            measured("facts", level, right=20, n=22, category="world_knowledge")
            for level in ("q8", "q4")
        ),
    )
    assert (
        "smallest level that passed: q4 for numerical_reasoning; none passed for world_knowledge"
    ) in list(session_lines(run))
    few = record(*(measured("sums", level, right=20, n=22) for level in ("q8", "q4")))
    assert "smallest level that passed: none in any category" in list(session_lines(few))


def test_time_is_told_where_it_was_measured_alone() -> None:
    run = record(measured("sums", "q8", right=60))
    assert "time for a token" not in " ".join(level_lines(run, "q8"))
    rows = tuple(replace(row, timed_by="benchmark") for row in run.analysis.efficiency)
    timed = replace(run, analysis=replace(run.analysis, efficiency=rows))
    assert "time for a token 1.00 [1.00, 1.00] of f16's, file 0.53" in list(
        level_lines(timed, "q8")
    )


def test_the_guide_s_lists_are_told_with_the_order_that_is_shown() -> None:
    def line(resilient: int, sensitive: int) -> str:
        run = record(
            *(
                measured(probe, "q4", right=38, lost=lost, n=40)
                for probes, lost in (
                    (("capital", "opposite", "word_repeated", "past_tense"), resilient),
                    (("addition", "subtraction", "liars", "binary_search"), sensitive),
                )
                for probe in probes
            )
        )
        (told,) = (said for said in level_lines(run, "q4") if "the guide's lists" in said)
        return told

    assert line(0, 20).startswith("points lost in the guide's lists: resilient 0.0 [")
    assert line(0, 20).endswith("; shown: sensitive more than resilient, as the guide says")
    assert line(20, 0).endswith("; shown: resilient more than sensitive, against the guide")
    assert line(3, 4).endswith("; no order is shown")


def test_a_single_list_has_no_order_to_tell() -> None:
    run = record(*(measured(name, "q4", right=38, lost=3) for name in ("addition", "liars")))
    assert not [said for said in level_lines(run, "q4") if "guide's lists" in said]

"""The summary for a pull request: short, and harmless whatever a model wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.reports.records import divergence, measured, record

from pytest_quant.base.harmless import harmless
from pytest_quant.gate.baseline_changes import BaselineUse, Changes
from pytest_quant.metrics.measurement import recorded_answer
from pytest_quant.reports.markdown import MOST_LINES, code, markdown

HOSTILE = "`` ` @everyone #1 <script>alert(1)</script> | ![x](http://x) \u202e\n# heading\n\n***"


def tokens(text: str) -> list[Token]:
    """As GitHub reads it: HTML, tables and bare links have their meaning."""
    return MarkdownIt("gfm-like", {"linkify": False}).parse(text)


def inline(text: str) -> list[Token]:
    return [child for token in tokens(text) for child in token.children or ()]


def test_says_what_to_do_and_what_changed() -> None:
    text = markdown(
        record(
            measured("sums", "q2", right=60, lost=40),
            measured("sums", "q8", right=640, n=640),
            measured("sums", "q4", right=10, n=10),
            divergences=[divergence("q2", 0.25)],
        )
    )
    for said in (
        "## Quantization of `a model`",
        "- q8 is within 5 points (the guide's limits) in the only category, over 1 probe "
        "(640 cases).",
        "- Hold q2 back: shown to lose more than the limit.",
        "- q4 is undecided: --quant-cases=",
        "40 / 0 | 0.25 | 3.14 |",
        "| `numerical_reasoning` | **62.5 \\[46.1, ",
        "- `q2`: `one-digit slip` 44 (+40)",
        "`probes/numerical_reasoning.yaml::sums[q2]`, case 0: expected `1`, `f16` `Answer: 17`",
        "Reference `f16` (16.01 bits/weight), `llama.cpp 0.3.36`; alpha 0.05 for 9 checks",
    ):
        assert said in text


def test_what_an_ability_lost_is_told_for_probes_like_these() -> None:
    lost = {"a": 0, "b": 8, "c": 16, "d": 8}
    text = markdown(record(*(measured(p, "q4", right=60, lost=few) for p, few in lost.items())))
    assert "; like these 12.5 \\[-3.7, 28.7\\] |" in text
    assert "| overall | like these 12.5 \\[-3.7, 28.7\\] |" in text
    assert "Bounds for these probes; after `like these`: for probes like these, 95 %" in text
    assert "like these" not in markdown(record(measured("a", "q4", right=60)))


def test_a_category_that_says_nothing_says_so_in_its_row() -> None:
    text = markdown(
        record(
            measured("sums", "q4", right=60),
            measured("rare", "q4", right=2, category="world_knowledge"),
            measured("far", "q4", right=0, category="long_context", uninformative="it guesses"),
        )
    )
    assert "| `long_context` | says nothing |" in text
    (row,) = (line for line in text.splitlines() if line.startswith("| `world_knowledge`"))
    assert row.endswith("\\], says nothing |")


def test_a_reference_of_which_only_outcomes_are_known() -> None:
    sums = measured("sums", "q2", right=60, lost=40)
    cases = tuple(replace(c, reference=recorded_answer(c.reference.correct)) for c in sums.cases)
    text = markdown(replace(record(replace(sums, cases=cases)), reference_recorded=True))
    assert "- `q2`: `one-digit slip` 44\n" in text
    assert "expected `1`, `f16` (recorded as right), `q2` `Answer: " in text


def test_nothing_changed() -> None:
    assert "No answer that was right became wrong." in markdown(
        record(measured("sums", "q8", right=64))
    )


def test_what_is_not_as_it_was_recorded() -> None:
    use = BaselineUse(
        "q4", "q4.json", found=True, changes=Changes(runtime=("version 0.3.35 -> 0.3.36 @all",))
    )
    run = record(measured("sums", "q4", right=64))
    text = markdown(replace(run, baselines=(use,)))
    assert "- `q4`: no new errors\n  - runtime changed: `version 0.3.35 -> 0.3.36 @all`\n" in text


def test_long_lists_of_changes_are_cut() -> None:
    tensors = tuple(f"blk.{i}.ffn_up.weight has other contents" for i in range(9))
    use = BaselineUse("q4", "q4.json", found=True, changes=Changes(artifact=tensors))
    text = markdown(replace(record(measured("sums", "q4", right=64)), baselines=(use,)))
    assert "`blk.3.ffn_up.weight has other contents` and 5 more\n" in text
    assert "blk.4" not in text


def test_is_short_however_much_there_is() -> None:
    measurements = [
        measured(f"probe_{i}", f"q{level}_{i}", right=64, lost=60, category=f"category_{i}")
        for i in range(12)
        for level in range(3)
    ]
    text = markdown(record(*measurements, missing=1, warnings={"q0_0": "not what it says"}))
    assert len(text.splitlines()) <= MOST_LINES
    assert "more levels\n\nReference" in text


def test_hostile_output_stays_in_code_spans() -> None:
    text = markdown(
        record(
            measured("sums", "q2", right=60, lost=40, response=HOSTILE),
            model=HOSTILE,
            warnings={"q2": HOSTILE},
        )
    )
    kinds = {token.type for token in (*tokens(text), *inline(text))}
    assert kinds.isdisjoint({"html_block", "html_inline", "image", "link_open", "fence"})
    assert [t.tag for t in tokens(text) if t.type == "heading_open"] == ["h2", "h3"]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 3 + 3
    assert any(
        "<script>alert(1)</script>" in t.content for t in inline(text) if t.type == "code_inline"
    )


@settings(deadline=None)
@given(st.text())
@example("`")
@example("``` a")
@example("|")
@example(" a ")
@example("\u034f")
def test_a_code_span_shows_any_text(text: str) -> None:
    spans = [token for token in inline(f"x {code(text, 10_000)} y") if token.type == "code_inline"]
    if harmless(text) != text or not text.strip():
        return
    (span,) = spans
    assert span.content == text


@pytest.mark.parametrize("text", ["", " ", "   "])
def test_an_empty_text(text: str) -> None:
    assert code(text) == "(nothing)"

"""What a judge said, in every report, and harmless whatever a model or a server is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from tests.reports.records import measured, record

from pytest_quant.judge.preferences import Choice, JudgedPair, Judgement, preferences
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.html import page
from pytest_quant.reports.markdown import markdown
from pytest_quant.reports.terminal import summary

HOSTILE = "`` <script>alert(1)</script> | ![x](http://x) \u202e\x1b[31m\n# heading"


def judged(
    orders: Sequence[tuple[Choice, Choice]], model: str = "a-judge", problem: str = ""
) -> RunRecord:
    """A record of which a judge compared so many of 40 compositions."""
    pairs = tuple(
        JudgedPair("q2", "probes/a.yaml::story[q2]", i, True, *both)
        for i, both in enumerate(orders)
    )
    found = Judgement(
        "http://h/v1", model, "{a} {b}", 64, preferences(pairs, {"q2": 40}), pairs, problem
    )
    return replace(record(measured("sums", "q2", right=64)), judgement=found)


def terminal(run: RunRecord) -> str:
    return " ".join(line.text.strip() for line in summary(run))


def test_counts_share_and_agreement() -> None:
    orders: list[tuple[Choice, Choice]] = [
        *[("reference", "reference")] * 20,
        *[("level", "level")] * 4,
        *[("tie", "tie")] * 6,
        ("unreadable", "tie"),
    ]
    run = judged(orders)
    counts = (
        "judged by a-judge: 4 better than f16, 6 as good (0 the same text), 20 worse, "
        "1 unreadable; 31 of 40 pairs"
    )
    assert counts in terminal(run)
    share = "23.3 % [13.2, 38.6], orders agree in 100.0 % [88.6, 100.0]"
    assert f"preferred by it (50 %: as good): {share}" in terminal(run)
    assert counts in page(run)
    assert f"by `a-judge`: `q2` {share}" in markdown(run).replace("\\", "")


def test_a_judge_that_contradicts_itself_is_not_believed() -> None:
    run = judged([("reference", "level")] * 30)
    doubt = "orders agree in 0.0 % [0.0, 11.4], not shown to exceed chance"
    assert doubt in terminal(run)
    assert doubt in page(run)
    assert doubt in markdown(run).replace("\\", "")


def test_nothing_that_could_be_read() -> None:
    assert "preferred by it (50 %: as good): in no pair that could be read" in terminal(
        judged([("unreadable", "unreadable")] * 3)
    )


def test_hostile_names_and_messages() -> None:
    run = judged([("level", "level")], model=HOSTILE, problem=f"0 of 3 judged: {HOSTILE}")
    assert "0 of 3 judged: " in terminal(run)
    assert "\x1b" not in terminal(run)
    assert "\u202e" not in terminal(run)
    assert "<script>alert" not in page(run)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown(run))
    inline = [child.type for token in tokens for child in token.children or ()]
    assert not {"html_inline", "image", "link_open"} & {*inline}
    assert "html_block" not in {token.type for token in tokens}
    assert "0 of 3 judged: " in markdown(run)


def test_without_a_judge_nothing_is_said() -> None:
    run = record(measured("sums", "q2", right=64))
    assert "judge" not in terminal(run) + markdown(run)

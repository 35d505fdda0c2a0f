"""Which responses are compared, in which order, and what is kept if the judge falls silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.judge.server import Server
from tests.reports.records import measured

from pytest_quant.judge.endpoint import Endpoint
from pytest_quant.judge.pairwise import free_text_pairs, judge
from pytest_quant.metrics.measurement import Measurement


def story(probe: str, level: str, texts: Mapping[int, tuple[str, str]]) -> Measurement:
    """A composition at the reference and the level, by case."""
    found = measured(probe, level, right=len(texts), n=len(texts))
    cases = []
    for case, (index, (before, now)) in zip(found.cases, texts.items(), strict=True):
        composed = replace(case.reference, response=before, kept=1, asked=1)
        cases.append(
            replace(
                case,
                index=index,
                reference=composed,
                level=replace(composed, response=now),
            )
        )
    return replace(found, cases=tuple(cases))


def test_compositions_are_taken_case_by_case() -> None:
    pairs = free_text_pairs(
        [
            story("b", "q4", {1: ("b1", "B1"), 0: ("b0", "B0")}),
            story("a", "q4", {0: ("a0", "A0"), 2: ("a2", "A2")}),
            measured("sums", "q4", right=10),
            measured("story", "q4", right=0, uninformative="f16 itself cannot"),
            story("a", "q2", {0: ("a0", "x")}),
        ]
    )
    assert [pair.own for pair in pairs["q4"]] == ["A0", "B0", "B1", "A2"]
    assert [pair.reference for pair in pairs["q2"]] == ["a0"]


def test_both_orders_are_asked_and_equal_texts_are_not(server: Server) -> None:
    texts = {0: ("long text", "text"), 1: ("same", "same"), 2: ("x", "yyyy"), 3: ("abc", "xyz")}
    pairs = free_text_pairs([story("a", "q4", texts)])
    judged, why = judge(Endpoint(server.url, "m", 30), pairs.values())
    assert why == ""
    assert [asked.responses for asked in server.asked] == [
        ("long text", "text"),
        ("text", "long text"),
        ("x", "yyyy"),
        ("yyyy", "x"),
        ("abc", "xyz"),
        ("xyz", "abc"),
    ]
    assert [(one.index, one.outcome, one.asked) for one in judged] == [
        (0, "reference", True),
        (1, "tie", False),
        (2, "level", True),
        (3, "tie", True),
    ]


def test_a_judge_that_falls_silent(server: Server) -> None:
    """The pair that it left half done is not kept, nor the equal ones before it."""
    texts = {0: ("long text", "text"), 1: ("same", "same"), 2: ("x", "yyyy"), 3: ("x", "z")}
    pairs = free_text_pairs([story("a", "q4", texts), story("a", "q2", texts)])
    server.raw = [(200, b""), (200, b""), (200, b""), (410, b" ")]
    judged, why = judge(Endpoint(server.url, "m", 30), pairs.values())
    assert why == "HTTP status 410"
    assert [(one.level, one.index) for one in judged] == [("q4", 0)]
    assert len(server.asked) == 4

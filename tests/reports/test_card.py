"""The card: what the hub and a reader of Markdown make of it."""

from __future__ import annotations

from dataclasses import replace

import yaml
from markdown_it import MarkdownIt
from tests.reports.records import divergence, measured, record

from pytest_quant.record.provenance import Provenance
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.card import card, cases_digest

HOSTILE = "---\n| <img src=x onerror=alert(1)> `` **bold** \u202e \x1b[31m: {a: !!python/name:os}"


def found(text: str) -> dict[str, object]:
    """The front matter, read as the hub reads it."""
    before, front, _ = text.split("---\n", 2)
    assert before == ""
    read: dict[str, object] = yaml.safe_load(front)
    return read


def run() -> RunRecord:
    told = record(
        measured("sums", "q4", right=60, lost=3),
        measured("sums", "q2", right=0, uninformative="it guesses"),
        divergences=[divergence("q4", 0.25), divergence("q4", 0.1, "responses")],
    )
    provenance = Provenance({"levels": "q4, q2"}, {"-k": "sums or more"}, "f" * 64)
    first, *others = told.levels
    brought = replace(first, file="m.gguf", prompt="plain question")
    return replace(told, levels=(brought, *others), provenance=provenance)


def test_what_the_hub_reads() -> None:
    (index,) = found(card(run()))["model-index"]  # type: ignore[attr-defined, index]
    (result,) = index["results"]
    assert index["name"] == "a model"
    assert result["task"]["type"] == "text-generation"
    assert result["dataset"]["revision"] == cases_digest(run())
    accuracy, drop, kld = result["metrics"]
    assert (accuracy["type"], accuracy["value"]) == ("accuracy", 89.06)
    assert accuracy["name"] == "accuracy in %, q4 (4.86 bits/weight)"
    assert accuracy["args"] == {"lower": 79.1, "upper": 94.6, "confidence": 0.95, "cases": 64}
    assert (drop["type"], drop["value"], drop["args"]["limit"]) == ("accuracy_drop", 4.688, 5.0)
    assert (kld["type"], kld["value"]) == ("kl_divergence", 0.25)


def test_what_a_reader_sees() -> None:
    text = card(run())
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert rows[0][:2] == ["| `q4`", "4.86"]
    assert rows[0][4:] == [
        *("83.3", "89.1 \\[79.1, 94.6\\]", "93.8", "4.7 \\[-2.9, 11.7\\]", "5", "64"),
        "undecided |",
    ]
    assert rows[1][3:] == ["-"] * 7 + ["NOTHING COMPARED |"]
    assert rows[2][-1] == "reference |"
    assert rows[3] == ["| `f16`", "`m.gguf`", "`F16`", f"`{'0' * 64}` |"]
    for said in (
        f"- 1 probe; SHA-256 of the cases `{cases_digest(run())}`",
        f"- KL divergence on a text: 6 tokens, SHA-256 `{'f' * 64}`",
        "- `f16` asked as: plain question",
        "- Options: `levels` `q4, q2`, `-k` `sums or more`",
    ):
        assert said in text.splitlines()


def test_other_cases_have_another_digest() -> None:
    one, other = (record(measured("sums", "q4", right=9, n=n)) for n in (20, 21))
    assert cases_digest(one) != cases_digest(other)
    assert cases_digest(one) == cases_digest(
        record(*(measured("sums", level, right=3, n=20) for level in ("q4", "q2")))
    )


def test_names_are_text() -> None:
    told = record(measured(HOSTILE, "q4", right=60), model=HOSTILE)
    levels = tuple(replace(level, file=HOSTILE, prompt=HOSTILE) for level in told.levels)
    text = card(replace(told, levels=levels, provenance=Provenance({"a": HOSTILE}, {}, "")))
    (index,) = found(text)["model-index"]  # type: ignore[attr-defined, index]
    assert "!!python/name:os" in index["name"]
    page = MarkdownIt("commonmark").enable("table").render(text.split("---\n", 2)[2])
    assert "<img" not in page
    assert "<strong>" not in page
    assert page.count("<table>") == 2
    assert not {"\u202e", "\x1b"} & set(text)

"""What of a reply is its answer: by the marks of every known family, and of none."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.thinking import left_open, read

DATA = Path(__file__).parent / "data"
TABLE = tomllib.loads(
    resources.files("pytest_quant.thinking").joinpath("marks.toml").read_text("utf-8")
)


def pairs(*tables: str) -> list[Any]:
    return [
        pytest.param(opening, closing, id=f"{opening} {closing}")
        for table in tables
        for family in TABLE[table]
        for opening, closing in zip(family["open"], family["close"], strict=False)
    ]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row["name"])
        for row in yaml.safe_load((DATA / "replies.yaml").read_text("utf-8"))
    ],
)
def test_reply(row: dict[str, Any]) -> None:
    found = read(row["reply"])
    assert found.cut == (row["answer"] is None)
    assert found.unknown == ""
    if row["answer"] is not None:
        assert found.text.strip() == row["answer"].strip()


@pytest.mark.parametrize(
    ("reply", "mark"), yaml.safe_load((DATA / "unknown.yaml").read_text("utf-8")).items()
)
def test_a_mark_that_nobody_knows_is_noticed(reply: str, mark: str) -> None:
    found = read(reply)
    assert found.unknown == mark
    assert not found.cut
    assert not mark or mark in found.text


@pytest.mark.parametrize(("opening", "closing"), pairs("thinking", "phrase"))
def test_every_known_mark(opening: str, closing: str) -> None:
    assert read(f"{opening} Rome {closing}\nParis").text.strip() == "Paris"
    assert read(f"\n{opening}\nRome").cut
    assert left_open(f"<|im_start|>assistant\n{opening}\n") == opening
    assert left_open(f"{opening}\n\n{closing}\n") == ""


@pytest.mark.parametrize(("opening", "closing"), pairs("thinking"))
def test_what_the_prompt_opened_ends_with_the_closing_mark(opening: str, closing: str) -> None:
    del opening
    assert read(f"Rome\n{closing}\nParis").text.strip() == "Paris"


@pytest.mark.parametrize(("opening", "closing"), pairs("answer"))
def test_marks_around_the_answer_are_no_part_of_it(opening: str, closing: str) -> None:
    assert read(f"<think>Rome</think>\n{opening}Paris{closing}").text.strip() == "Paris"


def test_every_entry_says_where_it_comes_from() -> None:
    for name, families in TABLE.items():
        if name not in ("announced", "unknown"):
            assert all(family["family"] and "github.com" in family["source"] for family in families)


MARKS = [
    mark
    for table in ("thinking", "answer", "turn", "own")
    for family in TABLE[table]
    for mark in (*family["open"], *family.get("close", ()))
]


WORDS = [
    "Thinking:",
    "## Answer\n",
    "```think\n",
    "<details><summary>Thinking</summary>",
    "&lt;think&gt;",
]
OTHERS = [*WORDS, "`", '"', "```\n", "\n", "</details>"]


@given(st.lists(st.one_of(st.sampled_from([*MARKS, *OTHERS]), st.text(max_size=5))))
def test_any_text_can_be_read(parts: list[str]) -> None:
    reply = "".join(parts)
    found = read(reply)
    assert len(found.text) <= len(reply) + reply.count("<") + reply.count("[") + reply.count("◁")
    assert not (found.cut and found.unknown)


BRACKETS = "<[\u25c1\u25c0\u3010\u27e8\u300a\uff1c\uff3b"


@given(st.text(st.characters(exclude_characters=BRACKETS, exclude_categories=["Cs"])))
def test_a_text_without_brackets_stays_as_it_is(text: str) -> None:
    if not text.lower().lstrip().startswith("here"):
        assert read(text).text == text

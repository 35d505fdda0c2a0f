"""A template that is nothing but the name of a list stands for that list."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Probe

TOPIC = {"name": "tea", "facts": ["China", ["monk", "{monastery}"]], "myths": []}


def asking(topic: dict[str, Any], **check_options: Any) -> Probe:
    """A probe with one pinned case, about this topic."""
    return Probe(
        id="word",
        category="world_knowledge",
        subcategory="customs",
        difficulty=1,
        prompt="What of {topic[name]}?",
        parameters={"topic": {"choice": [topic]}, "more": {"choice": [["a", "b"]]}},
        pinned=({"topic": topic, "more": ["a", "b"]},),
        expect="{topic[name]}",
        check="text",
        check_options=check_options,
        path="p.yaml",
        line=7,
    )


def options(**check_options: Any) -> dict[str, Any]:
    return dict(draw_cases(asking(TOPIC, **check_options), 1)[0].options)


def test_of_a_value_or_of_a_part_of_one() -> None:
    assert options(required="{topic[facts]}", forbidden="{more}") == {
        "required": TOPIC["facts"],
        "forbidden": ["a", "b"],
    }


def test_an_empty_one_stays_a_list() -> None:
    assert options(forbidden="{topic[myths]}") == {"forbidden": []}


def test_other_templates_are_filled_in() -> None:
    assert options(aliases=["{topic[name]}", "{more[0]}!"], forbidden="{topic[name]}") == {
        "aliases": ["tea", "a!"],
        "forbidden": "tea",
    }


def test_what_is_no_text_is_named() -> None:
    with pytest.raises(QuantUsageError, match=r"\{topic\[facts\]\} holds 78, which is no text"):
        wrong = {"name": "air", "facts": ["nitrogen", [78]]}
        draw_cases(asking(wrong, required="{topic[facts]}"), 1)

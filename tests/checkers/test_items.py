from __future__ import annotations

import pytest

from pytest_quant.checkers import check


@pytest.mark.parametrize(
    ("expected", "options", "message"),
    [
        ("", {}, "at least one item"),
        (" ; ", {}, "at least one item"),
        ("a b; ?!", {}, "needs a word"),
        ("tea; milk; tea", {}, "'tea' is given twice"),
        ("tea; milk", {"among": "milk"}, "'milk' is given twice"),
        ("tea; milk", {"aliases": "coffee = espresso"}, "belongs to no item"),
    ],
)
def test_what_cannot_be_expected(expected: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check("items", "Answer: tea", expected, **options)


def test_the_reason_tells_precision_and_recall() -> None:
    outcome = check("items", "Answer: tea; milk; sand", "tea; milk; sugar")
    assert outcome.reason == "2 of 3 right; not in the text: sand"
    assert outcome.answer == "tea; milk; sand"

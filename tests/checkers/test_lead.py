"""Where an answer states its option."""

from __future__ import annotations

import pytest

from pytest_quant.checkers.lead import lead

CITIES = ["Cairo", "Lima", "Buenos Aires", "Rome"]


@pytest.mark.parametrize(
    ("text", "option", "words"),
    [
        ("The capital of Egypt is Cairo.", "Cairo", "The capital of Egypt is "),
        ("Cairo is the capital of Egypt.", "Cairo", ""),
        ("It is not Cairo. Lima lies in Peru; it is Cairo.", "Cairo",
         "It is not Cairo. Lima lies in Peru; it is "),
        ("Is it Lima or Cairo? Egypt's is Cairo. Answer: Cairo", "Cairo",
         "Is it Lima or Cairo? Egypt's is Cairo. Answer: "),
        ("Answer: BUENOS AIRES", "Buenos Aires", "Answer: "),
        ("Answer: **Rome**", "Rome", "Answer: **"),
        ("<think>Lima? No.</think>Answer: Rome", "Rome", "Answer: "),
        ("The answer is clear: Rome.", "Rome", "The answer is clear: "),
        ("Romeo and Juliet", "Rome", None),
        ("I do not know.", "Rome", None),
        ("", "Rome", None),
    ],
)  # fmt: skip
def test_the_words_before_the_option(text: str, option: str, words: str | None) -> None:
    assert lead(text, option, CITIES, "Which city is the capital of Egypt?") == words

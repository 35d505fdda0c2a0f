"""How rules are read, and by which rules a composition is counted."""

from __future__ import annotations

import pytest

from pytest_quant.checkers import check
from pytest_quant.checkers.rules import RULES, check_names, compose, parse_rules
from pytest_quant.checkers.rules.composition import sentences_of, words_of


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "at least one rule"),
        ("wrods: 5", "no rule is called 'wrods'; did you mean 'words'"),
        ("xyzzy", "known: alternating, avoids"),
        ("words: many", "found 'many', expected a number"),
        ("words: 9 to 3", "lower end first"),
        ("words", "expected a number"),
        ("title: yes", "expected nothing"),
        ("contains:", "one or more items"),
        ("contains: a;; b", "one or more items"),
        ("contains: a | ?", "words with | between alternatives"),
        ("contains some: a; b", "expected a number"),
        ("starts with: ?", "found no word"),
        ("verbatim:", "the text that must stand there"),
        ("person: fourth", "one of first, second, third"),
        ("tense: future", "one of past, present"),
        ("each section: words: 5", "expected a line 'sections: ...' before it"),
        ("sections: A; B\neach section: words: x", "each section: words: x"),
        ("sections: A; B\nin sections: words: title", "found 'words', expected a number"),
    ],
)
def test_a_line_that_is_no_rule(line: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no rule") as error:
        parse_rules(line)
    assert problem in str(error.value)


@pytest.mark.parametrize("bounds", ["5", "five", "3 to 7", "at least 5", "at most 5"])
def test_five_words_are_within(bounds: str) -> None:
    assert check("constraints", "One two three four five.", f"words: {bounds}").correct


@pytest.mark.parametrize("bounds", ["4", "six", "6 to 7", "at least 6", "at most four", "0"])
def test_five_words_are_not_within(bounds: str) -> None:
    assert not check("constraints", "One two three four five.", f"words: {bounds}").correct


def test_names_are_checked_before_values_are_known() -> None:
    check_names("words: {low} to {high}\n{rules}\n\neach speaker: contains: {x}\ntitle")
    for template in ("word: {n}", "each section: wrds: 3", "in sections: at least 2: titel"):
        with pytest.raises(ValueError, match="no rule is called"):
            check_names(template)


def test_the_answer_says_how_many_instructions_were_kept() -> None:
    outcome = check("constraints", "One two.", "words: 2\nlines: 3\ntitle")
    assert (outcome.answer, outcome.pattern) == ("1 of 3 instructions kept", "broken instruction")
    assert outcome.reason == "lines: 1 lines, not 3; title: has no title"


def test_no_rule_is_kept_by_everything_and_none_by_nothing() -> None:
    """Every rule of the package is broken by one of these texts and kept by another."""
    arguments = {
        "contains": "sea", "contains some": "1 of sea", "avoids": "sea", "leaves out": "sea",
        "starts with": "we know", "ends with": "the sea", "verbatim": "The Sea",
        "endings": "0 of ea", "no other numbers": "", "title": "", "complete": "",
        "no placeholders": "", "salutation": "Ann", "signature": "Tom", "speakers": "Ann; Tom",
        "alternating": "Ann", "turns": "2", "balanced": "50",
        "sections": "Day 1; Day 2", "person": "first", "tense": "past", "durations": "2",
        "distinct": "at most 99", "copied": "at most 0", "grade": "0",
    }  # fmt: skip
    texts = [
        "The Sea\n\nWe know it. We had it. It was ours.\n\nIt ends at the sea",
        "Dear Ann,\nis it 5 [Your Name]? - No!\n\nTom",
        "Ann: Yes.\nTom: No.",
        "Day 1: rest for 3 minutes, $3\nDay 2: rest, 3 min, 3 dollars.",
        "On it goes; on it goes; on it went. Notwithstanding incomprehensible considerations.",
        "- a\n- b\n- c",
        "Dear Ann, write me about it, and soon.",
        "A b c.\n\nD e f!\n\nG h i? - - -",
        "I see!!! Do I? Is it? It is, now? No \u2014 or - yes \u2014",
    ]
    prompt = "Dear Ann, write me about it."
    for name in RULES:
        (rule,) = parse_rules(f"{name}: {arguments.get(name, '3')}")
        broken = [bool(rule.verify(compose(text, prompt))) for text in texts]
        assert any(broken), name
        assert not all(broken), name


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It's a well-made, state-of-the-art lamp.", 5),
        ("One\u2014two -- three - four", 4),
        ("Mr. O'Neil paid 1,000 euros", 6),
        ("caf\u00e9 na\u00efve", 2),
        ("***", 0),
    ],
)
def test_words(text: str, count: int) -> None:
    assert len(words_of(text)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("He came. She left! Why?", 3),
        ("Mr. Hall met Dr. Poe, e.g. at noon.", 1),
        ('"Stop!" he cried. "Now?" She did.', 3),
        ("It costs 3.50 dollars.", 1),
        ("Wait... what? No", 2),
        ("J. S. Bach wrote it.", 1),
        ("It was I. Was it I? IT IS I!", 3),
        ("...", 0),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert len(sentences_of(text)) == count


def test_parts_of_a_composition() -> None:
    composition = compose("# On *Tea*\n\nFirst line\n- **second** line\n\n---\n\n1. third_line\n")
    assert composition.title == "On Tea"
    assert composition.paragraphs == (("First line", "second line"), ("third_line",))
    assert composition.bullets == ("second line", "third_line")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Sure thing! Here it is:\n\nA b.\n\nC d.", "A b.", "C d."),
        ("Here's the text:\nA b.\nC d.", "A b.", "C d."),
        ("Here is the sea.\n\nA b.\n\nTotal silence.", "Here is the sea.", "Total silence."),
        ("Great storms came.\n\nThis story never ends.", "Great storms came.", "This story never"),
        ("A b.\n\nC d.\n\nTotal weekly cost: $210\n\nFeel free to ask!", "A b.", "C d."),
        ("A b.\n\nC d.\n\n***\n\n*(Word count: 4)*", "A b.", "C d."),
        ("Here is the text:", "Here is the text:", "Here is the text:"),
    ],
)
def test_remarks_to_the_user_are_no_part_of_it(text: str, first: str, last: str) -> None:
    lines = compose(text).lines
    assert lines[0] == first
    assert lines[-1].startswith(last)


def test_instructions_are_counted_whatever_the_verdict() -> None:
    rules = "words: 3 to 9\ncontains: sea\ncontains: moon"
    kept = [
        (found.verdict, found.kept, found.asked)
        for found in (
            check("constraints", text, rules)
            for text in ("The sea under the moon.", "The sea is cold.", "")
        )
    ]
    assert kept == [("correct", 3, 3), ("incorrect", 2, 3), ("unparsable", 0, 3)]

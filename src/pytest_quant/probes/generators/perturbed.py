"""Questions of other families, disturbed without a change of their answer.

Every function also returns the undisturbed question as ``clean``, worded as the family that it
comes from words it, so that what the disturbance alone costs can be seen.
"""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.arithmetic import change, decimals_alike, operands
from pytest_quant.probes.generators.stepwise import numbers_to_sort
from pytest_quant.probes.generators.wording import capital, misspell, pronoun

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
]  # fmt: skip
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

_HOMOPHONES: dict[str, list[str]] = {
    "Which": ["Witch"], "or": ["oar", "ore"], "the": ["thee"],
}  # fmt: skip

_OWNERS = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max"]
_THINGS = ["pens", "cups", "lamps", "books", "bags", "hats", "plants", "keys"]
_ASIDES = ["{} has {} {}.", "{} sold {} {}.", "{} lost {} {}.", "{} found {} {}."]


def sum_misspelt(rng: Random, digits: list[int], typos: list[int]) -> dict[str, Any]:
    """A sum whose words have slips; its numbers have none, nor has what follows the question."""
    values = operands(rng, digits)
    clean = f"{_sum(values)} Write the sum"
    return {**values, "clean": clean, "question": misspell(rng, clean, rng.randint(*typos))}


def sum_in_words(rng: Random, digits: list[int]) -> dict[str, Any]:
    """A sum whose numbers are spelled out."""
    values = operands(rng, digits)
    spelled = {name: spell(number) for name, number in values.items()}
    question = f"What is {spelled['a']} plus {spelled['b']}?"
    return {**values, "clean": _sum(values), "question": question}


def sum_distracted(rng: Random, digits: list[int], asides: list[int]) -> dict[str, Any]:
    """A sum among sentences that have numbers too, and nothing to do with it."""
    values = operands(rng, digits)
    clean = _sum(values)
    owners = rng.sample(_OWNERS, rng.randint(*asides))
    sentences = [
        rng.choice(_ASIDES).format(owner, operands(rng, digits)["a"], rng.choice(_THINGS))
        for owner in owners
    ]
    sentences.insert(rng.randrange(len(sentences) + 1), clean)
    return {**values, "clean": clean, "question": " ".join(sentences)}


def larger_with_homophones(rng: Random) -> dict[str, Any]:
    """Which of two decimals is larger, asked with words that only sound right."""
    values = decimals_alike(rng)
    clean = f"Which number is larger, {values['x']} or {values['y']}?"
    return {**values, "clean": clean, "question": replace_words(rng, clean, _HOMOPHONES)}


def capital_shouted(rng: Random) -> dict[str, Any]:
    """The question for a capital with letters in the wrong case and spaces too many."""
    values = capital(rng)
    clean = values["question"]
    question = clean
    while question == clean:
        share = rng.choice([0.1, 0.3, 0.5, 1.0])
        shouted = (char.swapcase() if rng.random() < share else char for char in clean)
        question = "".join(f"{c} " if c == " " and rng.random() < 0.2 else c for c in shouted)
    return {**values, "clean": clean, "question": question}


def sorting_with_doubled_words(rng: Random) -> dict[str, Any]:
    """Numbers to sort, in a sentence that stutters."""
    values = numbers_to_sort(rng)
    words = ["Sort", "these", "numbers", "from", "smallest", "to", "largest:"]
    clean = " ".join([*words, values["numbers"]]) + "."
    for i in sorted(rng.sample(range(len(words) - 1), rng.randint(1, 4)), reverse=True):
        words[i:i] = [words[i]] * rng.randint(1, 2)
    return {**values, "clean": clean, "question": " ".join([*words, values["numbers"]]) + "."}


def pronoun_misspelt(rng: Random, typos: list[int]) -> dict[str, Any]:
    """A reference to resolve, with slips in the sentence and in the question."""
    values = pronoun(rng)
    clean = f"{values['sentence']} What is {values['reason']}?"
    return {**values, "clean": clean, "question": misspell(rng, clean, rng.randint(*typos))}


def change_misspelt(rng: Random, typos: list[int]) -> dict[str, Any]:
    """A purchase told with many slips, its numbers right."""
    values = change(rng)
    clean = (
        "{name} buys {count} {things} at {price} dollars each and pays with {paid} dollars. "
        "How many dollars come back?"
    ).format_map(values)
    return {**values, "clean": clean, "question": misspell(rng, clean, rng.randint(*typos))}


def replace_words(rng: Random, text: str, others: dict[str, list[str]]) -> str:
    """``text`` with at least one of the words that ``others`` knows replaced by one of its own."""
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if word in others]
    for i in rng.sample(places, rng.randint(1, len(places))):
        words[i] = rng.choice(others[words[i]])
    return " ".join(words)


def spell(number: int) -> str:
    """A whole number from 0 to 9999 in English words."""
    if number >= 100:
        unit, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
        head, rest = divmod(number, unit)
        return f"{_ONES[head]} {name}" + (f" {spell(rest)}" if rest else "")
    if number >= 20:
        tens, rest = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[rest]}" if rest else "")
    return _ONES[number]


def _sum(values: dict[str, Any]) -> str:
    return f"What is {values['a']} + {values['b']}?"

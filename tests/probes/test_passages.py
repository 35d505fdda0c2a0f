"""Passages: their length, where facts lie in them, and that nothing in them repeats."""

from __future__ import annotations

from importlib import resources
from itertools import islice
from random import Random

import pytest

from pytest_quant.probes import passages
from pytest_quant.probes.passages.builder import (
    DEPTHS,
    LENGTHS,
    Planted,
    build,
    length_name,
    paragraphs,
    words_of,
)
from pytest_quant.probes.passages.filler import Subject, filler, subject

SUBJECTS = sorted(
    path.name.removesuffix(".yaml")
    for path in resources.files(passages).joinpath("subjects").iterdir()
)
FACT = "The code is 4711."


def passage(seed: str, tokens: int, *planted: Planted, about: str = "town") -> list[str]:
    rng = Random(seed)
    return build(rng, filler(rng, subject(about)), tokens, planted)


@pytest.mark.parametrize("name", SUBJECTS)
class TestEverySubject:
    def test_fills_1000_sentences_without_saying_anything_twice(self, name: str) -> None:
        sentences = list(islice(filler(Random("x"), subject(name)), 1000))
        assert len(set(sentences)) == 1000

    def test_writes_sentences(self, name: str) -> None:
        for sentence in islice(filler(Random("x"), subject(name)), 300):
            assert sentence[0].isupper() or not sentence[0].isalpha()
            assert sentence.endswith(".")
            assert "{" not in sentence
            assert "  " not in sentence
            assert 6 <= len(sentence.split()) <= 32, sentence

    def test_uses_all_of_its_templates(self, name: str) -> None:
        assert len({template for template, _ in subject(name).sentences}) >= 8


def test_a_subject_that_has_nothing_more_to_say() -> None:
    about = Subject("tea", (("We drink {}.", (("tea", "milk"),)),))
    with pytest.raises(ValueError, match="'tea' has no more than 2 sentences"):
        list(filler(Random(1), about))


@pytest.mark.parametrize("tokens", LENGTHS.values())
def test_length_is_as_defined(tokens: int) -> None:
    words = sum(len(sentence.split()) for sentence in passage("s", tokens, Planted(FACT, 0.5)))
    assert words_of(tokens) == tokens * 3 / 4
    assert words_of(tokens) <= words <= words_of(tokens) + 32


def test_every_length_has_a_name() -> None:
    assert [length_name(tokens) for tokens in LENGTHS.values()] == ["256", "1k", "4k", "16k", "32k"]
    assert length_name(667) == "667"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("tokens", [256, 4096])
def test_a_fact_lies_at_its_depth(depth: float, tokens: int) -> None:
    sentences = passage("s", tokens, Planted("Something else."), Planted(FACT, depth))
    place = sentences.index(FACT) / (len(sentences) - 1)
    assert abs(place - depth) <= 1.5 / len(sentences)
    if depth in (0, 1):
        assert place == depth


def test_facts_anywhere_are_spread() -> None:
    planted = [Planted(f"Fact {i}.") for i in range(100)]
    sentences = passage("s", 4096, *planted)
    places = [sentences.index(fact.text) / len(sentences) for fact in planted]
    assert all(15 <= sum(q / 4 <= p < (q + 1) / 4 for p in places) <= 35 for q in range(4))
    assert places != sorted(places)


def test_the_same_seed_gives_the_same_passage() -> None:
    assert passage("a", 1024, Planted(FACT)) == passage("a", 1024, Planted(FACT))
    assert passage("a", 1024, Planted(FACT)) != passage("b", 1024, Planted(FACT))


def test_paragraphs_lose_nothing() -> None:
    sentences = [f"Sentence {i}." for i in range(50)]
    text = paragraphs(Random(1), sentences)
    assert text.replace("\n\n", " ") == " ".join(sentences)
    assert {part.count(".") for part in text.split("\n\n")[:-1]} <= {4, 5, 6, 7}

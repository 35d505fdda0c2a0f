"""Every answer of the generators of language and plans, worked out again from the question."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded

from pytest_quant.probes.generators import grammar, instructions, planning

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "reversed_words": partial(instructions.reversed_words, count=[2, 7]),
    "words_with_initial": partial(instructions.words_with_initial, count=[3, 8]),
    "joined_words": partial(instructions.joined_words, count=[2, 5]),
    "capital_letters": partial(instructions.capital_letters, count=[1, 4]),
    "acronym": partial(instructions.acronym, count=[3, 7]),
    "line_endings": partial(instructions.line_endings, count=[2, 6]),
    "alphabetical": partial(instructions.alphabetical, count=[2, 7]),
    "counted_words": partial(instructions.counted_words, count=[3, 12]),
    "counted_occurrences": partial(instructions.counted_occurrences, count=[5, 10], most=6),
    "alternating_speakers": partial(instructions.alternating_speakers, count=[3, 8]),
    "filtered_and_reversed": partial(instructions.filtered_and_reversed, count=[4, 8]),
    "past_tense": partial(grammar.past_tense, clauses=[1, 3]),
    "word_replaced": partial(grammar.word_replaced, clauses=[1, 3]),
    "plural_phrase": partial(grammar.plural_phrase, count=[1, 3]),
    "third_person": partial(grammar.third_person, clauses=[1, 3]),
    "question_form": grammar.question_form,
    "itinerary": partial(planning.itinerary, days=[3, 7]),
    "meal_plan": planning.meal_plan,
    "production": planning.production,
}


def drawn(name: str, count: int = 200) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def listed(text: str) -> list[str]:
    return text.split(", ")


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name), count=25, more_than=15)


class TestInstructions:
    def test_reversed(self) -> None:
        for values in drawn("reversed_words"):
            words = listed(values["words"])
            assert len(set(words)) == len(words)
            assert [*reversed(listed(values["terms"]))] == words

    def test_some_words_have_the_initial_but_never_all(self) -> None:
        for values in drawn("words_with_initial"):
            kept = [w for w in listed(values["words"]) if w.startswith(values["initial"])]
            assert kept == listed(values["terms"])
            assert 0 < len(kept) < len(listed(values["words"]))

    def test_joined(self) -> None:
        signs = {"a dash": "-", "a slash": "/", "a plus sign": "+", "an underscore": "_"}
        for values in drawn("joined_words"):
            assert values["joined"].split(signs[values["sign"]]) == listed(values["words"])

    def test_capitals(self) -> None:
        for values in drawn("capital_letters"):
            assert values["capitals"].isupper()
            assert values["capitals"].lower() == values["words"]

    def test_acronym(self) -> None:
        for values in drawn("acronym"):
            words = values["words"].split()
            assert [w[0].upper() for w in words] == [*values["acronym"]]
            assert [*map(str.split, listed(values["working"]))] == [
                [w, w[0].upper()] for w in words
            ]

    def test_lines_end_alike(self) -> None:
        for values in drawn("line_endings"):
            lines = values["lines"].split("\n")
            assert listed(values["terms"]) == lines
            assert all(line.split()[1] == values["end"] for line in lines)
            assert [line.split()[0] for line in lines] == listed(values["words"])

    def test_sorted(self) -> None:
        for values in drawn("alphabetical"):
            words, terms = listed(values["words"]), listed(values["terms"])
            assert words != terms
            assert sorted(words, key=lambda word: word[0]) == terms
            assert len({word[0] for word in words}) == len(words)

    def test_counts(self) -> None:
        for values in drawn("counted_words"):
            assert values["count"] == len(values["words"].split())
            assert values["working"].endswith(f" {values['count']}")
        for values in drawn("counted_occurrences"):
            words = listed(values["words"])
            assert values["count"] == words.count(values["word"]) < len(words)
            steps = [(w, words[: i + 1].count(values["word"])) for i, w in enumerate(words)]
            assert values["working"] == ", ".join(f"{w} {n}" for w, n in steps)

    def test_every_count_is_about_as_frequent(self) -> None:
        counts = [values["count"] for values in drawn("counted_occurrences", 600)]
        assert all(counts.count(n) < 0.25 * len(counts) for n in range(1, 7))

    def test_speakers_alternate(self) -> None:
        for values in drawn("alternating_speakers"):
            turns = listed(values["turns"])
            assert len(turns) == values["count"]
            assert turns[0].split()[0] == values["first"]
            assert set(turns) == {
                f"{values['one']} says {values['remark']}",
                f"{values['other']} says {values['reply']}",
            }
            assert all(a != b for a, b in itertools.pairwise(turns))

    def test_filtered_and_reversed(self) -> None:
        for values in drawn("filtered_and_reversed"):
            words = listed(values["words"])
            kept = [word for word in words if word[0] != values["initial"]]
            assert listed(values["kept"]) == kept
            assert [*reversed(kept)] == listed(values["terms"])
            assert 2 <= len(kept) < len(words)


IRREGULAR = {
    "breaks": "broke", "brings": "brought", "buys": "bought", "draws": "drew", "finds": "found",
    "gives": "gave", "hides": "hid", "holds": "held", "keeps": "kept", "leaves": "left",
    "loses": "lost", "makes": "made", "sees": "saw", "sells": "sold", "takes": "took",
    "writes": "wrote", "carries": "carried", "washes": "washed", "watches": "watched",
    "pushes": "pushed", "drops": "dropped",
}  # fmt: skip
REGULAR = {"cleans", "closes", "lifts", "opens", "paints"}


def past(verb: str) -> str:
    if verb in REGULAR:
        return verb[:-1] + ("d" if verb.endswith("es") else "ed")
    return IRREGULAR.get(verb, verb)


class TestGrammar:
    def test_past_tense(self) -> None:
        for values in drawn("past_tense"):
            words = re.findall(r"\w+|[^\w\s]", values["sentence"])
            assert [past(w) for w in words] == re.findall(r"\w+|[^\w\s]", values["past"])
            assert values["past"] != values["sentence"]

    def test_word_replaced(self) -> None:
        for values in drawn("word_replaced"):
            old, new = values["old"], values["new"]
            assert re.search(rf"\b{old}\b", values["sentence"])
            assert not re.search(rf"\b{new}\b", values["sentence"])
            assert re.sub(rf"\b{old}\b", new, values["sentence"]) == values["replaced"]

    def test_plurals(self) -> None:
        endings = {"foot": "feet", "tooth": "teeth", "goose": "geese", "mouse": "mice",
                   "knife": "knives", "leaf": "leaves", "shelf": "shelves", "wolf": "wolves",
                   "city": "cities", "story": "stories"}  # fmt: skip
        for values in drawn("plural_phrase"):
            for one, many in zip(listed(values["one"]), listed(values["many"]), strict=True):
                noun = one.split()[-1]
                plural = endings.get(noun) or noun + ("es" if noun[-1] in "xhs" else "s")
                assert [values["number"], *one.split()[1:-1], plural] == many.split()

    def test_third_person(self) -> None:
        pairs = {"she": "her", "he": "his"}
        for values in drawn("third_person"):
            mine = re.findall(r"I (\w+)((?: \w+)*?) my (\w+)", values["first"])
            told = re.findall(r"(\w+) (\w+s)((?: \w+)*?) (her|his) (\w+)", values["third"])
            assert [noun for _, _, noun in mine] == [noun for *_, noun in told]
            for (verb, *_), (subject, verb_s, *_, owner, _) in zip(mine, told, strict=True):
                assert subject in (values["name"], values["she"])
                assert owner == pairs[values["she"]]
                assert verb_s in (f"{verb}s", f"{verb}es", f"{verb[:-1]}ies")
            assert values["third"].startswith(f"{values['name']} ")

    def test_questions(self) -> None:
        for values in drawn("question_form"):
            asked = values["question"].removeprefix("Does ").removesuffix("?").split()
            stated = values["statement"].removesuffix(".").split()
            changed = [(a, s) for a, s in zip(asked, stated, strict=True) if a != s]
            assert changed[0] == ("the", "The")
            ((plain, with_s),) = changed[1:]
            assert with_s in (f"{plain}s", f"{plain}es", f"{plain[:-1]}ies")


class TestPlans:
    def test_itineraries(self) -> None:
        for values in drawn("itinerary"):
            assert values["headings"].split("; ")[-1] == f"Day {values['days']}"
            assert values["younger"] < values["older"]
            assert len(set(values["sights"])) == 3 <= len(planning.SIGHTS[values["city"]])

    def test_meals(self) -> None:
        for values in drawn("meal_plan"):
            assert values["reused"].startswith(values["stem"])
            assert values["forbidden"] not in values["reused"]
            assert len(values["days"].split("; ")) == 7

    def test_production_by_trying_every_unit(self) -> None:
        """The best way is found again by trying all splits in whole units of X."""
        for values in drawn("production", 12):
            assert expected_terms(values) == [int(term) for term in listed(values["terms"])]

    def test_the_lines_of_the_guide(self) -> None:
        """Its two demands cannot both be met: 40 Y are missing at best."""
        lines, demands = [(100, 150), (120, 100), (80, 200)], (180, 300)
        made = planning.best_shares(lines, demands[0])
        assert made == [(60, 60), (120, 0), (0, 200)]
        values = planning.production_values(lines, *demands, made)
        assert values["terms"] == "60, 120, 0, 60, 0, 200, 40"
        assert expected_terms(values) == [60, 120, 0, 60, 0, 200, 40]

    def test_a_demand_beyond_all_capacity(self) -> None:
        assert planning.best_shares([(100, 150), (120, 100), (80, 200)], 301) is None


def expected_terms(values: dict[str, Any]) -> list[int]:
    lines, demand = values["lines"], values["demand_x"]
    best: tuple[float, list[tuple[int, float]]] | None = None
    for x_a, x_b in itertools.product(range(lines[0][0] + 1), range(lines[1][0] + 1)):
        x_c = demand - x_a - x_b
        if 0 <= x_c <= lines[2][0]:
            made = [
                (x, cap_y - cap_y * x / cap_x)
                for x, (cap_x, cap_y) in zip((x_a, x_b, x_c), lines, strict=True)
            ]
            total = sum(y for _, y in made)
            if best is None or total > best[0] + 1e-9:
                best = total, made
    assert best is not None
    total, made = best
    shortfall = max(0, values["demand_y"] - round(total))
    return [*(x for x, _ in made), *(round(y) for _, y in made), shortfall]

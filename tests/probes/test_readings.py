"""What the passages are asked follows from their text alone: worked out again from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from pytest_quant.base.library import PROBES
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.generators import explaining, inferring, retrieving
from pytest_quant.probes.passages.builder import DEPTHS, LENGTHS
from pytest_quant.probes.reader import read_probes

TOKENS = 1024


def test_all_nine_questions_of_the_guide_are_asked() -> None:
    probes = read_probes(PROBES / "long_context.yaml")
    places = {f"4.2.{kind}.{question}" for kind in (1, 2, 3) for question in (1, 2, 3)}
    assert {probe.guide for probe in probes if probe.guide} == places
    words = {probe.guide: len(draw_cases(probe, 1)[0].prompt.split()) for probe in probes}
    # Its passage of 2000 words, its contract of five pages, its story of 500 words.
    assert 2000 <= words["4.2.1.1"] <= 2150
    assert 2000 <= words["4.2.1.3"] <= 2300
    assert 500 <= words["4.2.2.1"] <= 600


def test_every_length_and_depth_is_asked() -> None:
    probes = read_probes(PROBES / "long_context.yaml")
    facets = [
        case.facets for p in probes if p.id.startswith("passage_") for case in draw_cases(p, 5)
    ]
    assert {facet["length"] for facet in facets} == set(LENGTHS)
    assert {facet["depth"] for facet in facets} == {f"{depth:g}" for depth in DEPTHS}


def drawn(generate: Any, n: int = 40, **options: Any) -> Iterator[dict[str, Any]]:
    options = {"tokens": TOKENS, **options}
    return (generate(Random(f"{generate.__name__}:{i}"), **options) for i in range(n))


def items(values: dict[str, Any], name: str = "items") -> list[str]:
    return [item for item in values[name].split("; ") if item]


@pytest.mark.parametrize(
    "generate",
    [
        explaining.onset_factors, explaining.weak_aspects, explaining.contract_clauses,
        inferring.trip_plans, inferring.witnesses, retrieving.sign_in_endpoints,
        retrieving.risk_history, retrieving.advantages,
    ],
)  # fmt: skip
def test_the_set_is_closed_and_varies(generate: Any) -> None:
    seen = Counter[str]()
    for values in drawn(generate):
        wanted, others = items(values), items(values, "among")
        assert len(wanted) >= 2
        assert others
        assert len({*wanted, *others}) == len(wanted) + len(others)
        assert abs(len(values["passage"].split()) - TOKENS * 3 / 4) < 120
        seen[values["items"]] += 1
    assert seen.most_common(1)[0][1] <= 10


def test_factors_are_credited_or_cleared() -> None:
    cleared = re.compile(r"nothing to it|a generation too late|is a legend|played no part")
    for values in drawn(explaining.onset_factors):
        sentences = re.split(r"(?<=\.)\s+", values["passage"])
        for name in (*items(values), *items(values, "among")):
            (sentence,) = (s for s in sentences if name in s)
            assert bool(cleared.search(sentence)) == (name in items(values, "among"))
        assert set(items(values)) & set(explaining._FACTORS["social"])


def test_an_aspect_is_weak_if_its_weak_sentence_is_there() -> None:
    for values in drawn(explaining.weak_aspects):
        for name, (weak, sound) in explaining._ASPECTS.items():
            patterns = (re.sub(r"\\{\w+\\}", r"\\d+", re.escape(text)) for text in (weak, sound))
            found = [re.search(pattern, values["passage"]) is not None for pattern in patterns]
            assert found == [name in items(values), name in items(values, "among")]


def test_clauses_are_numbered_in_order_and_those_asked_for_are_all() -> None:
    asked = Counter[str]()
    signs = {
        "every clause that obliges": r"Party A (?!may)\w+s ",
        "every clause under which": r"\bmay end this Agreement|Agreement ends by itself",
        "every clause that leaves": r"appropriate|in due time|substantial|reasonable",
    }
    for values in drawn(explaining.contract_clauses, tokens=2667):
        clauses = dict(line.split(" ", 1) for line in values["passage"].splitlines())
        numbers = [tuple(map(int, number.split("."))) for number in clauses]
        assert numbers == sorted(numbers)
        assert all(b in ((a[0], a[1] + 1), (a[0] + 1, 1)) for a, b in pairwise(numbers))
        assert {*items(values), *items(values, "among")} == set(clauses)
        beginning = " ".join(values["asked"].split()[:4])
        (sign,) = (sign for text, sign in signs.items() if text.startswith(beginning))
        found = [
            number
            for number, text in clauses.items()
            if re.search(sign, text)
            and (text.startswith("Party A") or not sign.startswith("Party"))
        ]
        assert found == items(values)
        asked[beginning] += 1
    assert len(asked) == 3


def test_motives_show_and_the_vote_decides() -> None:
    for values in drawn(inferring.trip_plans, tokens=667):
        *motives, outcome = items(values)
        people = re.split(r", | and ", values["people"])
        votes = Counter[str]()
        for name, motive in zip(people, motives, strict=True):
            hints, attraction = inferring._MOTIVES[motive]
            assert sum(hint.format(name) in values["passage"] for hint in hints) == 1
            (place,) = re.findall(rf"only ([\w ]+) has {attraction}", values["passage"])
            votes[place] += 1
        assert votes.most_common(1)[0] == (outcome, 2)
        for motive in inferring._MOTIVES:
            if motive not in motives:
                assert not any(
                    hint.format(name) in values["passage"]
                    for hint in inferring._MOTIVES[motive][0]
                    for name in people
                )


def test_witnesses_contradict_each_other_where_they_name_different_values() -> None:
    for values in drawn(inferring.witnesses):
        statements = re.split(r"Statement of [\w ]+:\n", values["passage"])[1:]
        assert len(statements) == 3
        disputed = []
        for point, (ways, options) in inferring._POINTS.items():
            said = [
                {v for v in options for way in ways if _sentence(way, v) in statement}
                for statement in statements
            ]
            assert all(len(found) <= 1 for found in said)
            assert sum(map(len, said)) >= 2
            if len(set.union(*said)) > 1:
                disputed.append(point)
        assert disputed == items(values)


def _sentence(way: str, value: str) -> str:
    sentence = way.format(value)
    return sentence[0].upper() + sentence[1:]


def test_one_line_explains_the_decline() -> None:
    causes = Counter[str]()
    for values in drawn(inferring.decline, n=120):
        figures = {
            line: tuple(map(int, re.findall(r"\d+", numbers)))
            for line, numbers in re.findall(
                r"quarters of the year, ([\w ]+) came to ([\d, and]+) thousand", values["passage"]
            )
        }
        assert set(figures) == set(values["lines"].split(", "))
        loss = {
            line: (first - last if line == "sales" else last - first)
            for line, (first, _, _, last) in figures.items()
        }
        assert max(loss, key=loss.__getitem__) == values["cause"]
        others = sum(abs(n) for line, n in loss.items() if line != values["cause"])
        assert loss[values["cause"]] > 2 * others
        blamed = re.findall(
            r"management blamed ([\w ]+)\.|wrote that ([\w ]+) had", values["passage"]
        )
        assert len(blamed) == 2
        assert values["cause"] not in {"".join(pair) for pair in blamed}
        causes[values["cause"]] += 1
    assert min(causes.values()) >= 8


def test_a_planted_number_is_that_of_the_name() -> None:
    depths = set()
    for values in drawn(retrieving.planted_fact, distractors=[4, 8]):
        text = values["passage"]
        numbers = dict(
            re.findall(r"locker of (\w+ \w+) (?:opens with|needs) the number (\d+)\.", text)
        )
        numbers |= {
            name: number
            for number, name in re.findall(r"number (\d+) opens the locker of (\w+ \w+)\.", text)
        }
        assert numbers[values["name"]] == str(values["number"])
        assert set(numbers.values()) == set(values["known"].split(", "))
        sentences = re.findall(r"[^.]+\.", text)
        (index,) = (i for i, s in enumerate(sentences) if values["name"] in s)
        assert abs(index / (len(sentences) - 1) - float(values["depth"])) < 0.15
        first = values["name"].split()[0]
        assert any(n != values["name"] and first in n.split() for n in numbers)
        depths.add(values["depth"])
    assert depths == {"0", "0.25", "0.5", "0.75", "1"}


def test_endpoints_are_told_by_what_they_do() -> None:
    for values in drawn(retrieving.sign_in_endpoints):
        told = dict(re.findall(r"endpoint \w+ (/v\d/\w+) (.+?);", values["passage"]))
        assert {p for p, text in told.items() if text in retrieving._SIGNS_IN} == set(items(values))
        assert set(told) == {*items(values), *items(values, "among")}


def test_risks_are_in_order_of_time() -> None:
    shuffled = 0
    for values in drawn(retrieving.risk_history):
        years = re.findall(r"In (\d{4}), ([^.]+)\.", values["passage"])
        at = {text: int(year) for year, text in years}
        assert len(set(at.values())) == len(at) == len(years)
        found = [at[retrieving._RISKS[name][1]] for name in items(values)]
        assert found == sorted(found)
        assert len(found) == sum(text in {r for _, r in retrieving._RISKS.values()} for text in at)
        shuffled += [int(year) for year, _ in years] != sorted(at.values())
    assert shuffled > 30


def test_an_advantage_is_over_both() -> None:
    for values in drawn(retrieving.advantages):
        ahead = []
        for aspect, (told, _, more) in retrieving._ASPECTS.items():
            (row,) = re.findall(rf"{told} (.+?)\.", values["passage"], re.IGNORECASE)
            figures = {maker: int(n) for n, maker in re.findall(r"(\d+) for (\w+)", row)}
            own = figures.pop(values["maker"])
            assert len(figures) == 2
            if (own > max(figures.values())) if more else (own < min(figures.values())):
                ahead.append(aspect)
        assert ahead == items(values)

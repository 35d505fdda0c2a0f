"""What the look-up families ask follows from what they show: worked out again from the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from pytest_quant.probes.generators import lookups, needles

DRAWS = 200


def drawn(name: str, **options: Any) -> Iterator[dict[str, Any]]:
    generate = getattr(lookups, name, None) or getattr(needles, name)
    return (generate(Random(f"{name}:{i}"), **options) for i in range(DRAWS))


def test_a_list_holds_what_is_asked() -> None:
    for values in drawn("listed_entries", count=[1, 4]):
        entries = dict(entry.split() for entry in values["entries"].split(", "))
        assert entries[values["name"]] == str(values["value"])
        assert ", ".join(entries.values()) == values["known"]
        assert len({name[:2] for name in entries}) == len(entries) == len(set(entries.values()))


def test_the_neighbour_stands_behind() -> None:
    for values in drawn("neighbours", count=[3, 8]):
        row = values["row"].split(", ")
        assert row[row.index(values["name"]) + 1] == values["next"]
        assert len(set(row)) == len(row)


def test_an_owner_is_found_by_number() -> None:
    for values in drawn("owners", count=[2, 8]):
        routes = dict(route.split(" goes to ") for route in values["routes"].split(", "))
        assert routes[str(values["number"])] == values["name"]
        assert ", ".join(routes.values()) == values["known"]


def test_a_code_is_stated_once() -> None:
    for values in drawn("stated_codes", count=[4, 12]):
        codes = re.findall(r"The code of (\w+) is (\d+)\.", values["facts"])
        assert dict(codes)[values["name"]] == str(values["value"])
        assert len(dict(codes)) == len(codes)
        assert values["fact"] in values["facts"]


def test_the_latest_content_counts() -> None:
    changed = Counter[bool]()
    for values in drawn("updated_boxes", boxes=[2, 3], updates=[1, 6]):
        said = re.findall(r"The box of (\w+) (?:now )?holds (\d+)\.", values["facts"])
        history = [content for name, content in said if name == values["name"]]
        assert values["history"].split(", then ") == history
        assert values["value"] == int(history[-1])
        changed[len(history) > 1] += 1
        # "now" says that it held something else before.
        for i, (sentence, (name, _)) in enumerate(
            zip(values["facts"].split(". "), said, strict=True)
        ):
            assert (" now " in sentence) == (name in {before for before, _ in said[:i]})
    assert min(changed.values()) > DRAWS / 8


def test_things_of_a_colour_are_counted() -> None:
    counts = Counter[int]()
    for values in drawn("coloured_things", matches=[1, 6], others=[2, 6]):
        things = [thing.split(" is ") for thing in values["things"].split(", ")]
        found = [name for name, colour in things if colour == values["colour"]]
        assert len(found) == values["hits"]
        assert values["working"] == ", ".join(f"{name} {i}" for i, name in enumerate(found, 1))
        counts[values["hits"]] += 1
    assert set(counts) == set(range(1, 7))


@pytest.mark.parametrize("hops", [[2, 2], [3, 5]])
def test_a_chain_ends_in_its_number(hops: list[int]) -> None:
    for values in drawn("chains", hops=hops, count=[1, 3]):
        links = dict(re.findall(r"(\w+) leads to (\w+)\.", values["links"]))
        followed, at = [], values["name"]
        while at in links:
            followed.append(f"{at} leads to {links[at]}.")
            at = links[at]
        assert at == str(values["value"])
        assert values["working"] == " ".join(followed)
        assert hops[0] <= len(followed) <= hops[1]
        assert values["links"].count(".") == len(links)


@pytest.mark.parametrize(("words", "other_kinds"), [(195, False), (195, True), (880, False)])
def test_a_needle_lies_at_its_depth(words: int, other_kinds: bool) -> None:
    depths = Counter[str]()
    for values in drawn("needle", words=words, distractors=[4, 7], other_kinds=other_kinds):
        passage = values["passage"]
        sentences = re.findall(r"[A-Z][^.]*\.", passage)
        assert " ".join(sentences) == passage
        assert len(set(sentences)) == len(sentences)
        assert words <= len(passage.split()) <= words + 20
        assert passage.count(values["fact"]) == 1
        place = sentences.index(values["fact"]) / (len(sentences) - 1)
        assert abs(place - float(values["depth"])) < 0.03
        depths[values["depth"]] += 1
        codes = re.findall(r"The (code|price|age|size) of (\w+) is (\d+)\.", passage)
        assert [(v) for k, n, v in codes if (k, n) == (values["kind"], values["name"])] == [
            str(values["value"])
        ]
        assert {value for _, _, value in codes} == set(values["known"].split(", "))
        assert any(n == values["name"] and k != values["kind"] for k, n, _ in codes) == other_kinds
        assert any(n != values["name"] and k == values["kind"] for k, n, _ in codes)
    assert set(depths) == {"0", "0.25", "0.5", "0.75", "1"}

"""The guide's lists of resilience, and the probes that stand for them."""

from __future__ import annotations

from tests.probes.shipped import BY_ID

from pytest_quant.analysis.guide import LISTS, read_guide

ENTRIES = [entry for entries in read_guide().lists.values() for entry in entries]


def test_every_entry_has_a_probe_of_the_library() -> None:
    assert {name: len(entries) for name, entries in read_guide().lists.items()} == dict.fromkeys(
        LISTS, 5
    )
    for entry in ENTRIES:
        assert entry.probes, entry.name
        assert [probe for probe in entry.probes if probe not in BY_ID] == []


def test_no_probe_stands_for_two() -> None:
    named = [probe for entry in ENTRIES for probe in entry.probes]
    assert len(named) == len(set(named))


def test_a_list_is_of_several_difficulties() -> None:
    """Lists of hard questions only would tell difficulty, not ability."""
    for name, entries in read_guide().lists.items():
        found = {BY_ID[probe].difficulty for entry in entries for probe in entry.probes}
        assert len(found) >= 3, name

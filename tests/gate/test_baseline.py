"""From a measurement to a record of one character a case, and back to what is compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.gate.baselines import baseline, measured, probe_of, recorded

from pytest_quant.gate.baseline import Baseline, RecordedProbe, place_of, recorded_probe
from pytest_quant.metrics.measurement import Measurement


def test_a_case_takes_one_character() -> None:
    assert recorded_probe(measured("1a0b", "1101")) == probe_of("1a0b", "1101")


def test_a_probe_that_the_reference_cannot_do_has_no_outcome_of_the_level() -> None:
    silent = measured("0000", "0000")
    cases = tuple(replace(case, level=None) for case in silent.cases)
    silent = replace(silent, cases=cases, uninformative="the reference answers 0 of 4")
    assert recorded_probe(silent) == probe_of(None, "0000")


def cut(measurement: Measurement, which: str) -> Measurement:
    first, *others = measurement.cases
    answer = getattr(first, which)
    late = replace(first, **{which: replace(answer, finish="deadline")})
    return replace(measurement, cases=(late, *others))


@pytest.mark.parametrize(
    "incomplete",
    [
        replace(measured("11"), cases=()),
        replace(measured("11"), skipped="needs more than 4096 tokens"),
        replace(measured("11"), cases=(replace(measured("1").cases[0], level=None),)),
        replace(measured("11"), cases=measured("11").cases[1:]),
        cut(measured("11"), "level"),
        cut(measured("11"), "reference"),
    ],
    ids=["no case", "skipped", "not answered", "a case missing", "cut", "reference cut"],
)
def test_what_was_not_measured_completely_is_not_recorded(incomplete: Measurement) -> None:
    assert recorded_probe(incomplete) is None


def test_more_patterns_than_letters_are_wrong_all_the_same() -> None:
    many = measured("0" * 30)
    cases = tuple(
        replace(case, level=replace(case.level, pattern=f"pattern {case.index:02}"))  # type: ignore[type-var]
        for case in many.cases
    )
    probe = recorded_probe(replace(many, cases=cases))
    assert probe is not None
    assert probe.level == "abcdefghijklmnopqrstuvwxyz0000"
    assert recorded(many, baseline(sums=probe))[25:27] == ["pattern 25", "incorrect"]


def test_each_case_finds_its_own_outcome() -> None:
    known = baseline(sums=probe_of("1a0b"))
    assert recorded(measured("1111"), known) == ["correct", "arithmetic slip", "incorrect", "loop"]
    assert recorded(measured("11"), known) == ["correct", "arithmetic slip"]
    assert recorded(measured("11111"), known)[4] is None
    assert recorded(measured("1111", asks="f"), known) == [None] * 4
    assert recorded(measured("1111", probe="products"), known) == [None] * 4
    assert recorded(measured("1111"), baseline(sums=probe_of(None, "0000"))) == [None] * 4


def test_the_probe_set_is_told_by_its_cases_and_not_by_their_outcomes() -> None:
    digest = baseline(sums=probe_of("11")).probe_set
    assert baseline(sums=probe_of("1a", "01")).probe_set == digest
    others = [
        baseline(sums=probe_of("111")),
        baseline(sums=probe_of("11", asks="f")),
        baseline(products=probe_of("11")),
    ]
    assert digest not in {other.probe_set for other in others}


def test_where_a_probe_stands_whatever_was_added_to_its_node_id() -> None:
    found = measured("11")
    for nodeid in ("probes/a.yaml::sums[q4]", "probes/a.yaml::sums[q4]@group", "probes/a.yaml::x"):
        assert place_of(replace(found, nodeid=nodeid)) == "probes/a.yaml::sums"


def places(**probes: RecordedProbe) -> Baseline:
    """Probes of one id in the files ``one/a.yaml`` and so on."""
    return replace(baseline(), probes={f"{n}/a.yaml::sums": p for n, p in probes.items()})


def test_a_probe_is_found_from_any_directory() -> None:
    known = places(probes=probe_of("11"))
    cases = known.probes["probes/a.yaml::sums"].digests
    for place in ("probes/a.yaml::sums", "packages/m/probes/a.yaml::sums", "b.yaml::sums"):
        assert known.key_of(place, cases) == "probes/a.yaml::sums"
    assert known.key_of("probes/a.yaml::products", cases) is None


def test_of_two_probes_of_one_id_the_cases_decide() -> None:
    known = places(one=probe_of("11"), two=replace(probe_of("10"), digests=("f" * 6,) * 2))
    mine = known.probes["two/a.yaml::sums"].digests
    for place in ("one/a.yaml::sums", "elsewhere/a.yaml::sums"):
        assert known.key_of(place, mine) == "two/a.yaml::sums"


def test_where_every_case_changed_the_file_decides() -> None:
    known = places(one=probe_of("11"))
    changed = ["f" * 6] * 2
    assert known.key_of("one/a.yaml::sums", changed) == "one/a.yaml::sums"
    assert known.key_of("packages/m/one/a.yaml::sums", changed) == "one/a.yaml::sums"
    assert known.key_of("other/b.yaml::sums", changed) is None

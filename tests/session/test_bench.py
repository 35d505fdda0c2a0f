"""What the bench asks, and what becomes of the two prompts of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.measurement import CaseResult, outcomes, placed_outcomes
from pytest_quant.probes.cases import draw_cases, side_of
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import Batch, Limits, Response, RuntimeInfo
from pytest_quant.runtimes.responses import ResponseCache
from pytest_quant.session.bench import Bench
from pytest_quant.session.sampling import FEWEST_FIRST, FixedSize, InTurn, Sampling

PAIRS = Probe(
    id="colours",
    category="adversarial",
    subcategory="s",
    difficulty=1,
    prompt="Nmae {x}.",
    clean="Name {x}.",
    expect="{x}",
    check="text",
    check_options={},
    path="p.yaml",
    line=3,
    parameters={"x": {"choice": ["red", "blue", "green"]}},
    pinned=({"x": "red"}, {"x": "blue"}, {"x": "green"}),
)


class Parrot:
    """A model that answers what it was told to answer, and remembers what it was asked."""

    capabilities = frozenset({"generate"})

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[Sequence[str]] = []

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:  # noqa: ARG002
        self.asked.append(prompts)
        answers = [self.answers[prompt] for prompt in prompts]
        return Batch(tuple(Response(text, (), (), "end", 3) for text in answers), 0.1)

    def describe(self) -> RuntimeInfo:
        return RuntimeInfo("parrot", "1", "", "", 1, 1, 100)

    def close(self) -> None:
        self.asked.clear()


@pytest.fixture
def models() -> dict[str, Parrot]:
    right = {
        f"{verb} {x}.": f"It is {x}." for verb in ("Name", "Nmae") for x in ("red", "blue", "green")
    }
    broken = {**right, "Nmae red.": "It is yellow.", "Name green.": "", "Nmae green.": "No."}
    return {"f16": Parrot(right), "q4": Parrot(broken)}


@pytest.fixture
def bench(models: dict[str, Parrot], tmp_path: Path) -> Bench:
    return Bench(
        "f16", lambda level: models[level], lambda level: (level,), ResponseCache(tmp_path)
    )


def test_the_prompts_of_a_pair_are_asked_side_by_side(
    bench: Bench, models: dict[str, Parrot]
) -> None:
    bench.measure(PAIRS, "q4", "p.yaml::colours[q4]", FixedSize(3))
    for model in models.values():
        (asked,) = model.asked
        assert asked == [
            "Nmae red.", "Name red.", "Nmae blue.", "Name blue.", "Nmae green.", "Name green.",
        ]  # fmt: skip


def test_the_disturbed_prompt_decides_and_the_clean_one_is_kept(bench: Bench) -> None:
    measurement = bench.measure(PAIRS, "q4", "p.yaml::colours[q4]", FixedSize(3))
    judged = [
        (case.prompt, case.level.verdict, case.level.clean)
        for case in measurement.cases
        if case.level is not None
    ]
    assert judged == [
        ("Nmae red.", "incorrect", "correct"),
        ("Nmae blue.", "correct", "correct"),
        ("Nmae green.", "incorrect", "unparsable"),
    ]
    assert all(case.reference.clean == "correct" for case in measurement.cases)


def test_whether_the_reference_can_do_it_is_seen_from_the_disturbed_prompt(
    bench: Bench, models: dict[str, Parrot]
) -> None:
    models["f16"].answers["Nmae blue."] = "No."
    models["f16"].answers["Nmae red."] = "No."
    models["f16"].answers["Nmae green."] = "No."
    measurement = bench.measure(PAIRS, "q4", "p.yaml::colours[q4]", FixedSize(3))
    assert measurement.uninformative.startswith("the reference answers 0 of 3 cases correctly")
    assert models["q4"].asked == []


MANY = replace(
    PAIRS,
    clean=None,
    prompt="Name {x}.",
    parameters={"x": {"integer": [1, 12]}},
    pinned=tuple({"x": n} for n in range(1, 13)),
)


def test_a_few_cases_are_tried_first(tmp_path: Path) -> None:
    right = {f"Name {n}.": f"It is {n}." for n in range(1, 13)}
    late = {prompt: text if "1." in prompt else "No." for prompt, text in right.items()}
    models = {"f16": Parrot(late), "q4": Parrot(right)}
    bench = Bench(
        "f16", lambda level: models[level], lambda level: (level,), ResponseCache(tmp_path)
    )
    measurement = bench.measure(MANY, "q4", "p.yaml::colours[q4]", FixedSize(12))
    for model in models.values():
        assert [len(asked) for asked in model.asked] == [FEWEST_FIRST, 12 - FEWEST_FIRST]
    assert [case.index for case in measurement.cases] == list(range(12))
    assert sum(case.level is not None and case.level.correct for case in measurement.cases) == 12


def test_a_reference_that_gets_none_of_them_right_is_asked_no_more(tmp_path: Path) -> None:
    wrong = dict.fromkeys((f"Name {n}." for n in range(1, 13)), "No.")
    models = {"f16": Parrot(wrong), "q4": Parrot(wrong)}
    bench = Bench(
        "f16", lambda level: models[level], lambda level: (level,), ResponseCache(tmp_path)
    )
    measurement = bench.measure(MANY, "q4", "p.yaml::colours[q4]", FixedSize(12))
    assert [len(asked) for asked in models["f16"].asked] == [FEWEST_FIRST]
    assert models["q4"].asked == []
    assert f"0 of {FEWEST_FIRST} cases" in measurement.uninformative
    assert len(measurement.cases) == FEWEST_FIRST


@pytest.mark.parametrize(("cases", "first"), [(8, 4), (20, 5), (32, 8), (512, 8)])
def test_a_quarter_is_tried_first(cases: int, first: int) -> None:
    drawn = replace(MANY, pinned=(), parameters={"x": {"integer": [1, 100_000]}})
    tried, *_ = FixedSize(cases).parts(drawn)
    assert len(tried.cases) == first and not tried.last


@pytest.mark.parametrize("sampling", [FixedSize(32), FixedSize(5), InTurn(5, lambda _: False, 5)])
def test_a_probe_without_any_case_is_refused_in_words(bench: Bench, sampling: Sampling) -> None:
    # The one prompt that it can draw is on the side that is kept for training.
    word = next(f"w{n}" for n in range(99) if side_of(f"Name w{n}.") == "training")
    none = replace(PAIRS, clean=None, prompt="Name {x}.", pinned=(), held_out=True)
    none = replace(none, parameters={"x": {"choice": [word]}})
    for level in ("q4", "q8"):
        with pytest.raises(QuantUsageError, match="has only 0 distinct cases"):
            bench.measure(none, level, f"p.yaml::colours[{level}]", sampling)


COUNTED = replace(MANY, pinned=tuple({"x": n} for n in range(1, 101)))


def counting(tmp_path: Path) -> tuple[Bench, dict[str, Parrot]]:
    right = {f"Name {n}.": f"It is {n}." for n in range(1, 101)}
    models = {level: Parrot(right) for level in ("f16", "q4", "q2")}
    cache = ResponseCache(tmp_path)
    return Bench("f16", models.__getitem__, lambda level: (level,), cache), models


def until(cases: int) -> InTurn:
    def enough(asked: Sequence[CaseResult]) -> bool:
        return len(asked) >= cases

    return InTurn(64, enough, 64)


def test_cases_come_in_turn_until_they_are_enough(tmp_path: Path) -> None:
    bench, models = counting(tmp_path)
    measurement = bench.measure(COUNTED, "q4", "p.yaml::colours[q4]", until(20))
    assert [len(asked) for asked in models["f16"].asked] == [8, 8, 8]
    assert models["q4"].asked == models["f16"].asked
    assert [case.index for case in measurement.cases] == list(range(24))
    assert not measurement.complete


def test_each_level_may_stop_at_another_look(tmp_path: Path) -> None:
    bench, models = counting(tmp_path)
    sizes = {}
    for level, cases in (("q4", 8), ("q2", 64), ("q4", 40)):
        found = bench.measure(COUNTED, level, f"p.yaml::colours[{level}]", until(cases))
        sizes[level] = (len(found.cases), found.complete, found.reference_effort.prompt_tokens)
    assert sizes == {"q4": (40, False, 3 * 40), "q2": (64, True, 3 * 64)}
    # Nothing is asked twice. A model forgets when it is closed: the first eight came before.
    assert [len(asked) for asked in models["f16"].asked] == [8] * 8
    assert [len(asked) for asked in models["q4"].asked] == [8] * 4


def test_a_probe_with_fewer_cases_is_complete_with_all_of_them(tmp_path: Path) -> None:
    bench, models = counting(tmp_path)
    few = replace(COUNTED, pinned=COUNTED.pinned[:16], parameters={})
    measurement = bench.measure(few, "q4", "p.yaml::colours[q4]", until(64))
    assert [len(asked) for asked in models["q4"].asked] == [8, 8]
    assert measurement.complete


def test_half_of_the_cases_show_that_the_others_may_count(tmp_path: Path) -> None:
    bench, models = counting(tmp_path)
    prompts = [case.prompt for case in draw_cases(COUNTED, 8)]
    models["f16"].answers |= dict.fromkeys(prompts[1::2], "No.")  # right at even places alone
    found = bench.measure(COUNTED, "q4", "p.yaml::colours[q4]", FixedSize(8))
    assert (len(found.cases), found.counted) == (8, "odd")
    assert len(outcomes(found)) == 4
    assert [pair is None for pair in placed_outcomes(found)] == [True, False] * 4


class Slow(InTurn):
    """Knows only after 16 cases, 8 of each half, whether the reference does better."""

    def screen(self, probe: Probe, right: int, n: int, *, last: bool) -> str | None:
        return super().screen(probe, right, n, last=last) if n >= 8 else None


@pytest.mark.parametrize(("able", "asked"), [(True, [8] * 4), (False, [])])
def test_a_level_is_asked_once_the_reference_has_shown_something(
    able: bool, asked: list[int], tmp_path: Path
) -> None:
    bench, models = counting(tmp_path)
    if not able:
        models["f16"].answers |= dict.fromkeys(models["f16"].answers, "No.")
    sampling = Slow(64, lambda outcomes: len(outcomes) >= 32, 64)
    measurement = bench.measure(COUNTED, "q4", "p.yaml::colours[q4]", sampling)
    assert [len(part) for part in models["q4"].asked] == asked
    assert (len(measurement.cases), measurement.informative) == (
        (32, True) if able else (16, False)
    )
    assert all((case.level is not None) == able for case in measurement.cases)

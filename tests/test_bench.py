"""What the bench asks, and what becomes of the two prompts of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_quant.bench import PILOT_CASES, Bench
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.cases import side_of
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import Batch, Limits, Response, RuntimeInfo
from pytest_quant.runtimes.responses import ResponseCache

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

    def __init__(self, answers: dict[str, str]) -> None:
        self._answers = answers
        self.asked: list[Sequence[str]] = []

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:  # noqa: ARG002
        self.asked.append(prompts)
        answers = [self._answers[prompt] for prompt in prompts]
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
    bench.measure(PAIRS, "q4", "p.yaml::colours[q4]", 3, lambda _right, _n: "")
    for model in models.values():
        (asked,) = model.asked
        assert asked == [
            "Nmae red.", "Name red.", "Nmae blue.", "Name blue.", "Nmae green.", "Name green.",
        ]  # fmt: skip


def test_the_disturbed_prompt_decides_and_the_clean_one_is_kept(bench: Bench) -> None:
    measurement = bench.measure(PAIRS, "q4", "p.yaml::colours[q4]", 3, lambda _right, _n: "")
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
    seen = []
    models["f16"] = models["q4"]
    bench.measure(
        PAIRS, "q4", "p.yaml::colours[q4]", 3, lambda right, n: str(seen.append((right, n)))
    )
    assert seen == [(1, 3)]


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
    measurement = bench.measure(MANY, "q4", "p.yaml::colours[q4]", 12, lambda _right, _n: "")
    for model in models.values():
        assert [len(asked) for asked in model.asked] == [PILOT_CASES, 12 - PILOT_CASES]
    assert [case.index for case in measurement.cases] == list(range(12))
    assert sum(case.level is not None and case.level.correct for case in measurement.cases) == 12


def test_a_reference_that_gets_none_of_them_right_is_asked_no_more(tmp_path: Path) -> None:
    wrong = dict.fromkeys((f"Name {n}." for n in range(1, 13)), "No.")
    models = {"f16": Parrot(wrong), "q4": Parrot(wrong)}
    bench = Bench(
        "f16", lambda level: models[level], lambda level: (level,), ResponseCache(tmp_path)
    )
    measurement = bench.measure(
        MANY, "q4", "p.yaml::colours[q4]", 12, lambda right, n: f"{right} of {n}"
    )
    assert [len(asked) for asked in models["f16"].asked] == [PILOT_CASES]
    assert models["q4"].asked == []
    assert measurement.uninformative == f"0 of {PILOT_CASES}"
    assert len(measurement.cases) == PILOT_CASES


@pytest.mark.parametrize("count", [None, 5])
def test_a_probe_without_any_case_is_refused_in_words(bench: Bench, count: int | None) -> None:
    # The one prompt that it can draw is on the side that is kept for training.
    word = next(f"w{n}" for n in range(99) if side_of(f"Name w{n}.") == "training")
    none = replace(PAIRS, clean=None, prompt="Name {x}.", pinned=())
    none = replace(none, parameters={"x": {"choice": [word]}})
    with pytest.raises(QuantUsageError, match="has only 0 distinct cases"):
        bench.measure(none, "q4", "p.yaml::colours[q4]", count, lambda _right, _n: "")

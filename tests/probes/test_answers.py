"""Every probe's check can pass and can fail: answers as chat models write them, in ``data``.

``data/answers/CATEGORY.yaml`` maps a probe's id to a list of groups, each with the index of a
``case`` (0 if left out) or the ``values`` of one that is asked in no run, ``right`` responses that
must pass and ``wrong`` ones that must not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import rows
from tests.probes.shipped import BY_ID as LIBRARY
from tests.probes.shipped import first_cases

from pytest_quant import check
from pytest_quant.checkers import Outcome
from pytest_quant.probes.cases import draw_cases

DATA = Path(__file__).parent / "data" / "answers"
FILES = sorted(path.stem for path in DATA.glob("*.yaml"))
LEAST = 3
Group = dict[str, Any]
Answer = tuple[str, Group, str]


@cache
def groups_of(file: str) -> dict[str, list[Group]]:
    """The groups of each probe of a file, by its id."""
    return dict(yaml.safe_load((DATA / f"{file}.yaml").read_text("utf-8")))


def answers(file: str, side: str) -> Iterator[Answer]:
    """A probe's id, a group and a text of it, of a file."""
    for probe_id, groups in groups_of(file).items():
        for group in groups:
            for text in group.get(side, ()):
                yield probe_id, group, text


def name(answer: Answer) -> str:
    probe_id, _, text = answer
    return f"{probe_id}: {text!r}"


def judged(answer: Answer) -> Outcome:
    probe_id, group, text = answer
    probe = LIBRARY[probe_id]
    if "values" in group:
        values = {
            name: Decimal(str(value)) if isinstance(value, float) else value
            for name, value in group["values"].items()
        }
        stated = replace(probe, pinned=(values,), clean=None, solution=None, facets={})
        (case,) = draw_cases(stated, 1)
    else:
        index = group.get("case", 0)
        case = first_cases(probe.id, index + 1)[index]
    return check(probe.check, text, case.expected, prompt=case.prompt, **case.options)


def test_every_probe_has_three_right_and_three_wrong_answers() -> None:
    found = {probe_id: groups for file in FILES for probe_id, groups in groups_of(file).items()}
    assert set(found) - set(LIBRARY) == set()

    def judge(probe_id: str) -> None:
        groups = found.get(probe_id, [])
        for side in ("right", "wrong"):
            texts = {text for group in groups for text in group.get(side, ())}
            assert len(texts) >= LEAST, f"{side} answers in {DATA}"

    rows.each(LIBRARY, judge, str)


@pytest.mark.parametrize("file", FILES)
def test_right_answers_pass(file: str) -> None:
    def judge(answer: Answer) -> None:
        outcome = judged(answer)
        assert outcome.correct, outcome

    rows.each(answers(file, "right"), judge, name)


@pytest.mark.parametrize("file", FILES)
def test_plausible_wrong_answers_fail(file: str) -> None:
    def judge(answer: Answer) -> None:
        outcome = judged(answer)
        assert not outcome.correct, outcome
        assert outcome.pattern

    rows.each(answers(file, "wrong"), judge, name)

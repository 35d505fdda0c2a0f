"""Every probe's check can pass and can fail: answers as chat models write them, in ``data``.

``data/answers/CATEGORY.yaml`` maps a probe's id to a list of groups, each with the index of a
``case`` (0 if left out) or the ``values`` of one that is asked in no run, ``right`` responses that
must pass and ``wrong`` ones that must not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.probes.shipped import BY_ID as LIBRARY
from tests.probes.shipped import first_cases

from pytest_quant import check
from pytest_quant.checkers import Outcome
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Probe

DATA = Path(__file__).parent / "data" / "answers"
GROUPS: dict[str, list[dict[str, Any]]] = {
    probe_id: groups
    for path in sorted(DATA.glob("*.yaml"))
    for probe_id, groups in yaml.safe_load(path.read_text("utf-8")).items()
}
LEAST = 3


def rows(side: str) -> Iterator[Any]:
    for probe_id, groups in GROUPS.items():
        for group in groups:
            for text in group.get(side, ()):
                yield pytest.param(probe_id, group, text, id=f"{probe_id}: {text!r}")


def judged(probe: Probe, group: dict[str, Any], text: str) -> Outcome:
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


@pytest.mark.parametrize("probe_id", LIBRARY)
def test_every_probe_has_three_right_and_three_wrong_answers(probe_id: str) -> None:
    groups = GROUPS.get(probe_id, [])
    for side in ("right", "wrong"):
        texts = {text for group in groups for text in group.get(side, ())}
        assert len(texts) >= LEAST, f"{probe_id}: {side} answers in {DATA}"


def test_answers_belong_to_probes() -> None:
    assert set(GROUPS) - set(LIBRARY) == set()


@pytest.mark.parametrize(("probe_id", "group", "text"), [*rows("right")])
def test_a_right_answer_passes(probe_id: str, group: dict[str, Any], text: str) -> None:
    outcome = judged(LIBRARY[probe_id], group, text)
    assert outcome.correct, outcome


@pytest.mark.parametrize(("probe_id", "group", "text"), [*rows("wrong")])
def test_a_plausible_wrong_answer_fails(probe_id: str, group: dict[str, Any], text: str) -> None:
    outcome = judged(LIBRARY[probe_id], group, text)
    assert not outcome.correct, outcome
    assert outcome.pattern

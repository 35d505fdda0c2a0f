"""The divergence of a level from the reference as tests, before and behind its questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.base.gate_names import DIVERGENCE, GATE, RESPONSES
from pytest_quant.plugin.items import CheckFailed, ProbeItem, QuantItem
from pytest_quant.plugin.properties import distance, labels, set_properties
from pytest_quant.plugin.stash import SESSION

if TYPE_CHECKING:
    from pytest_quant.gate.divergence_regression import DivergenceCheck
    from pytest_quant.session.distances import Distances, Stage


class DivergenceItem(QuantItem):
    """Compares a level with the reference: on the held text, with what the reference was recorded
    to predict where it is not at hand; or on the reference's responses.

    Fails where that is shown to be further than recorded, so that `-x` ends the session there. The
    whole story is that of the gate's own test.
    """

    def __init__(self, *, stage: Stage, **kwargs: Any) -> None:
        self.stage = stage
        super().__init__(**kwargs)

    def forget(self) -> None:
        super().forget()
        self.distances: Distances | None = None
        self.has_failed = False

    def ask(self) -> None:
        from pytest_quant.runtimes.protocol import Incomparable
        from pytest_quant.session.baseline_uses import divergence_checks

        session = self.config.stash[SESSION]
        set_properties(self, labels(self.level, session.plan.reference.name, category=None))
        try:
            with self.in_words("could not be compared with the reference"):
                self.distances = self._measure()
        except Incomparable as error:
            pytest.skip(f"{self.level} cannot be compared token by token: {error}")
        for found in self.distances.divergences:
            set_properties(self, distance(found))
        checks = divergence_checks(session, self.distances.divergences)
        failed = [check for check in checks if check.result.verdict == "fail"]
        if failed:
            self.has_failed = True
            raise CheckFailed("\n".join(_in_short(check) for check in failed))

    def _measure(self) -> Distances:
        from pytest_quant.session.distances import Asked, response_distances, text_distance

        session = self.config.stash[SESSION]
        if self.stage == "text":
            return text_distance(session, self.level)
        asked = [
            Asked(item.probe, item.nodeid, item.measurement)
            for item in self.session.items
            if isinstance(item, ProbeItem) and item.level == self.level
        ]
        return response_distances(session, self.level, asked)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.config.rootpath / GATE, None, self.name


def _in_short(check: DivergenceCheck) -> str:
    from pytest_quant.gate.divergence_regression import beside_record

    result = check.result
    return (
        f"{check.level}: KL divergence {result.now:.3g}, {beside_record(result)}; "
        f"{GATE}::{check.name}[{check.level}] tells the rest"
    )


def divergence_items(
    session: pytest.Session, levels: Iterable[str], selected: Iterable[pytest.Item], stage: Stage
) -> Iterator[DivergenceItem]:
    """An item for every level of which a probe is selected, unless ``--deselect`` names it."""
    asked = {item.level for item in selected if isinstance(item, ProbeItem)}
    deselected = tuple(session.config.getoption("deselect") or ())
    for level in levels:
        first, later = (f"{name}[{level}]" for name in (DIVERGENCE, RESPONSES))
        names = [first] if stage == "text" else [first, later]
        # Whoever leaves the first one out is not kept waiting by the second.
        if level in asked and not any(f"{GATE}::{n}".startswith(deselected) for n in names):
            yield DivergenceItem.from_parent(
                session, name=names[-1], nodeid=f"{GATE}::{names[-1]}", level=level, stage=stage
            )

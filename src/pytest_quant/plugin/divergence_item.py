"""The divergence of a level from the reference as one test, which measures and never judges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_quant.plugin.items import ProbeItem, QuantItem
from pytest_quant.plugin.properties import distance, labels, set_properties
from pytest_quant.plugin.stash import SESSION

if TYPE_CHECKING:
    from pytest_quant.session.distances import Distances


class DivergenceItem(QuantItem):
    """Compares a level with the reference, on the held text and on the reference's responses; with
    what the reference was recorded to predict where it is not at hand.
    """

    def forget(self) -> None:
        super().forget()
        self.distances: Distances | None = None

    def runtest(self) -> None:
        from pytest_quant.runtimes.protocol import Incomparable
        from pytest_quant.session.distances import Asked, measure_distances

        self.forget()
        session = self.config.stash[SESSION]
        set_properties(self, labels(self.level, session.plan.reference.name, category=None))
        asked = [
            Asked(item.probe, item.nodeid, item.measurement)
            for item in self.session.items
            if isinstance(item, ProbeItem) and item.level == self.level
        ]
        try:
            with self.in_words("could not be compared with the reference"):
                self.distances = measure_distances(session, self.level, asked)
        except Incomparable as error:
            pytest.skip(f"{self.level} cannot be compared token by token: {error}")
        for found in self.distances.divergences:
            set_properties(self, distance(found))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.config.rootpath / "quant-gate", None, self.name


def divergence_items(
    session: pytest.Session, levels: Iterable[str], selected: Iterable[pytest.Item]
) -> Iterator[DivergenceItem]:
    """An item for every level of which a probe is selected, unless ``--deselect`` names it."""
    asked = {item.level for item in selected if isinstance(item, ProbeItem)}
    deselected = tuple(session.config.getoption("deselect") or ())
    for level in levels:
        name = f"divergence[{level}]"
        nodeid = f"quant-gate::{name}"
        if level in asked and not nodeid.startswith(deselected):
            yield DivergenceItem.from_parent(session, name=name, nodeid=nodeid, level=level)

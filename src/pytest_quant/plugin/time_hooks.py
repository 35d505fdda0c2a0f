"""The hooks of a session that is given a time: in which order it asks, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_quant.errors import TimeOver
from pytest_quant.plugin.divergence_item import DivergenceItem
from pytest_quant.plugin.items import ProbeItem
from pytest_quant.session.session import Session
from pytest_quant.session.workload import spread


class TimeHooks:
    """Registered in every process of a session with ``--quant-time``, and of no other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._levels = [level.name for level in session.plan.settings.levels]

    # Before the items of a level are brought together.
    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Give every category its turn, unless what failed last time is to come first. Other tests
        keep their places.
        """
        if config.getoption("failedfirst"):
            return
        probes = [item for item in items if isinstance(item, ProbeItem)]
        places = [place for place, item in enumerate(items) if isinstance(item, ProbeItem)]
        for place, item in zip(places, _spread(probes, self._levels), strict=True):
            items[place] = item

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Leave out what there is no time to begin: the reports say how much that was, once."""
        try:
            if isinstance(item, ProbeItem):
                self._session.time.check_level(item.level, self._session.plan.tested)
            elif isinstance(item, DivergenceItem):
                self._session.time.check()
        except TimeOver:
            # What the item before left set up for this one is not for the next.
            item.session._setupstate.teardown_exact(nextitem)
            return True
        return None


def _spread(probes: Sequence[ProbeItem], levels: Sequence[str]) -> list[ProbeItem]:
    by_level = [[item for item in probes if item.level == level] for level in levels]
    return [item for of in by_level for item in spread(of, lambda item: item.probe)]

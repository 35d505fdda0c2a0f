"""Probe files as collectors, and the items they yield."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from pytest_quant.plugin.items import ProbeItem
from pytest_quant.session.probe_files import ProbeFiles


class ProbeFile(pytest.File):
    """One probe file; yields an item for each probe and level."""

    def __init__(self, *, files: ProbeFiles, levels: Sequence[str], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self._files = files
        self._levels = levels

    def collect(self) -> Iterator[ProbeItem]:
        for probe in self._files.probes(self.path):
            for level in self._levels:
                name = f"{probe.id}[{level}]"
                # Without a node id pytest takes the bracket for a part of the name. Then --lf,
                # which compares the parts, finds none of these items again.
                nodeid = f"{self.nodeid}::{name}"
                yield ProbeItem.from_parent(
                    self, name=name, nodeid=nodeid, probe=probe, level=level
                )

"""What the tables of probes say of each probe, however they are grouped."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_quant.probes.cases import count_cases
from pytest_quant.probes.model import Probe


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of a table of probes; with ``counted``, how many cases each has up to so many."""

    heads: tuple[str, ...]
    counted: int | None

    @classmethod
    def of(cls, counted: int | None) -> Columns:
        """The columns, the one of available cases only if it is asked for: counting takes time."""
        available = () if counted is None else ("available",)
        return cls(("checker", "difficulty", "cases", *available), counted)

    @property
    def right(self) -> tuple[str, ...]:
        """The heads of the columns of numbers."""
        return self.heads[1:]

    def cells(self, probe: Probe) -> tuple[str, ...]:
        """One probe's row."""
        cells = (probe.check, str(probe.difficulty), str(probe.cases))
        return cells if self.counted is None else (*cells, self._available(probe, self.counted))

    def _available(self, probe: Probe, most: int) -> str:
        count = count_cases(probe, most)
        return f"{count}+" if count == most else str(count)

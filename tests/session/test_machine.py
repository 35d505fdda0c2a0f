"""What the machine counts, and what is said where it does not."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest

from pytest_quant.session.machine import (
    NotCounted,
    forget_peak_memory,
    joules_between,
    peak_memory,
    read_energy,
)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process can be begun anew")
def test_a_new_peak_begins_where_the_process_stands() -> None:
    size = 64 << 20
    forget_peak_memory()
    # Mapped, and so given back at once: what is freed otherwise may stay with the process.
    with mmap.mmap(-1, size) as block:
        block.write(b"\1" * size)
        high = peak_memory()
    forget_peak_memory()
    low = peak_memory()
    assert low < high - size // 2
    with mmap.mmap(-1, size) as block:
        block.write(b"\1" * size)
        assert peak_memory() > low + size // 2


def package(root: Path, name: str, energy: str, span: str = "1000000") -> None:
    (root / name).mkdir(parents=True)
    (root / name / "energy_uj").write_text(energy)
    (root / name / "max_energy_range_uj").write_text(span)


def test_packages_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    package(tmp_path, "intel-rapl:0", "100\n")
    package(tmp_path, "intel-rapl:0:0", "7")
    package(tmp_path, "intel-rapl:1", "900000")
    before = read_energy(tmp_path)
    assert before == {"intel-rapl:0": (100, 1000000), "intel-rapl:1": (900000, 1000000)}
    # The second counter has begun again.
    after = {"intel-rapl:0": (500_100, 1000000), "intel-rapl:1": (100_000, 1000000)}
    assert joules_between(before, after) == pytest.approx(0.5 + 0.2)


def test_a_machine_that_does_not_count_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotCounted, match="no energy counter"):
        read_energy(tmp_path)
    package(tmp_path, "intel-rapl:0", "not a number")
    with pytest.raises(NotCounted, match="cannot be read"):
        read_energy(tmp_path)

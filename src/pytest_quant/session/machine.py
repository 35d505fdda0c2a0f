"""What the machine itself counts: memory of this process, energy of its processors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")
_POWERCAP = Path("/sys/class/powercap")


class NotCounted(Exception):
    """The machine does not count it, or does not tell us; the message says why."""


def forget_peak_memory() -> None:
    """Begin a new peak. Raises ``NotCounted``."""
    try:
        _FORGET.write_text("5")
    except OSError as error:
        raise NotCounted(
            f"only Linux tells the peak of a process since a moment: {_FORGET}: {error.strerror}"
        ) from error


def peak_memory() -> int:
    """The most bytes that were resident since `forget_peak_memory`. Raises ``NotCounted``."""
    try:
        status = _STATUS.read_text()
    except OSError as error:
        raise NotCounted(f"{_STATUS}: {error.strerror}") from error
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise NotCounted(f"{_STATUS} has no line VmHWM")


def read_energy(powercap: Path = _POWERCAP) -> dict[str, tuple[int, int]]:
    """By processor package, what its counter shows and where that begins again, in microjoules.

    The counters are those of Intel's and AMD's RAPL under Linux; everything that runs on a
    package counts. Raises ``NotCounted``.
    """
    packages = sorted(powercap.glob("intel-rapl:[0-9]*"))
    # intel-rapl:0:1 is a part of intel-rapl:0.
    packages = [package for package in packages if package.name.count(":") == 1]
    if not packages:
        raise NotCounted(f"no energy counter (RAPL) under {powercap}")
    try:
        return {
            package.name: (
                int((package / "energy_uj").read_text()),
                int((package / "max_energy_range_uj").read_text()),
            )
            for package in packages
        }
    except (OSError, ValueError) as error:
        raise NotCounted(f"the energy counter cannot be read: {error}") from error


def joules_between(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> float:
    """What was spent between two readings; a counter may have begun again once."""
    spent = 0
    for name, (start, span) in before.items():
        end = after[name][0]
        spent += end - start if end >= start else end + span - start
    return spent / 1e6

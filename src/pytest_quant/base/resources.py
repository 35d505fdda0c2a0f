"""The memory and the processors that this process may use: its container's, where it is in one.

A container sees the whole machine's, and is stopped or slowed down where it takes more than its
control groups allow: https://docs.kernel.org/admin-guide/cgroup-v2.html, and v1 beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_PROC = Path("/proc/self")
# What a small machine has, where the platform does not tell.
_UNKNOWN_MEMORY = 4 << 30
# Of v2; above the second it does not fail, but is slowed down until nothing moves.
_MEMORY_FILES = ("memory.max", "memory.high", "memory.limit_in_bytes")


def usable_memory(proc: Path = _PROC) -> int:
    """Bytes of main memory: the machine's, or less if a control group allows less."""
    found = [_machine_memory()]
    for group in _control_groups(proc, "memory"):
        found += [int(text) for name in _MEMORY_FILES if (text := _read(group / name)).isdecimal()]
    return max(1, min(found))


def usable_cpus(proc: Path = _PROC) -> int:
    """Processors: those that this process may run on, or fewer if a control group allows less.

    A part of one does not count: threads that wait for each other all wait for the one that has
    used up the group's time.
    """
    found = [_machine_cpus()]
    for group in _control_groups(proc, "cpu"):
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if not quota:
            quota = _read(group / "cpu.cfs_quota_us")
            period = _read(group / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):
            found.append(int(quota) // int(period))
    return max(1, min(found))


def _machine_memory() -> int:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN_MEMORY
    return size if size > 0 else _UNKNOWN_MEMORY


def _machine_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _control_groups(proc: Path, controller: str) -> Iterator[Path]:
    """The directories of the groups that limit this process, from its own up to the root."""
    mounts = dict(_mounts(proc, controller))
    for line in _read(proc / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        mount = mounts.get("" if not controllers else controller)
        if mount is None or (controllers and controller not in controllers.split(",")):
            continue
        place, root = mount
        # A container may see its own group as the root, and yet be told its path on the machine.
        inside = PurePosixPath(path)
        inside = inside.relative_to(root) if inside.is_relative_to(root) else PurePosixPath()
        if ".." in inside.parts:
            inside = PurePosixPath()
        own = place / inside.relative_to(inside.anchor or "")
        yield from (own, *(up for up in own.parents if up.is_relative_to(place)))


def _mounts(proc: Path, controller: str) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Where hierarchies are mounted, and the group that is seen there: v2 under ``""``."""
    for line in _read(proc / "mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kind) < 3:
            continue
        seen = (Path(_unescaped(fields[4])), _unescaped(fields[3]))
        if kind[0] == "cgroup2":
            yield "", seen
        elif kind[0] == "cgroup" and controller in kind[2].split(","):
            yield controller, seen


def _unescaped(text: str) -> str:
    """The kernel writes a space in a path as ``\\040``."""
    for code in ("\\040", "\\011", "\\012", "\\134"):
        text = text.replace(code, chr(int(code[1:], 8)))
    return text


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""

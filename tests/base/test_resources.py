"""What a container allows, in trees as the kernel shows them, and in the one that we are in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_quant.base import resources
from pytest_quant.base.resources import usable_cpus, usable_memory

MANY_CPUS = 64
MUCH_MEMORY = 512 << 30
UNLIMITED_V1 = "9223372036854771712"

# mountinfo, cgroup, files below the mount point, bytes, processors.
V2 = "31 23 0:28 {root} {mount} rw,relatime - cgroup2 cgroup2 rw"
V1 = "35 31 0:32 {root} {mount}/memory rw,relatime - cgroup cgroup rw,memory\n"
V1 += "32 31 0:29 {root} {mount}/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct"
CASES: Mapping[str, tuple[str, str, str, dict[str, str], int, int]] = {
    "no container": (V2, "/", "0::/user.slice", {}, MUCH_MEMORY, MANY_CPUS),
    "its own group is the root": (
        V2, "/", "0::/", {"memory.max": "2147483648", "cpu.max": "200000 100000"}, 2 << 30, 2,
    ),
    "no limit": (
        V2, "/", "0::/a", {"a/memory.max": "max", "a/cpu.max": "max 100000"},
        MUCH_MEMORY, MANY_CPUS,
    ),
    "the limit of a group above": (
        V2, "/", "0::/a/b/c",
        {"a/memory.max": "4294967296", "a/b/c/memory.max": "max", "a/b/cpu.max": "300000 100000"},
        4 << 30, 3,
    ),
    "the lowest of several": (
        V2, "/", "0::/a/b", {"a/memory.max": "1073741824", "a/b/memory.max": "4294967296"},
        1 << 30, MANY_CPUS,
    ),
    "slowed down above": (
        V2, "/", "0::/a", {"a/memory.max": "4294967296", "a/memory.high": "3221225472"},
        3 << 30, MANY_CPUS,
    ),
    "told the machine's path, sees its own group": (
        V2, "/docker/1f", "0::/docker/1f", {"memory.max": "1073741824"}, 1 << 30, MANY_CPUS,
    ),
    "told a path that it does not see": (
        V2, "/", "0::/../../x", {"memory.max": "1073741824"}, 1 << 30, MANY_CPUS,
    ),
    "a part of a processor": (V2, "/", "0::/", {"cpu.max": "50000 100000"}, MUCH_MEMORY, 1),
    "one and a half": (V2, "/", "0::/", {"cpu.max": "150000 100000"}, MUCH_MEMORY, 1),
    "v1": (
        V1, "/", "9:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f",
        {
            "memory/memory.limit_in_bytes": UNLIMITED_V1,
            "memory/docker/1f/memory.limit_in_bytes": "1610612736",
            "cpu/docker/1f/cpu.cfs_quota_us": "400000",
            "cpu/docker/1f/cpu.cfs_period_us": "100000",
        },
        1536 << 20, 4,
    ),
    "v1 without a limit": (
        V1, "/", "9:memory:/a\n4:cpu,cpuacct:/a\n0::/",
        {
            "memory/a/memory.limit_in_bytes": UNLIMITED_V1,
            "cpu/a/cpu.cfs_quota_us": "-1",
            "cpu/a/cpu.cfs_period_us": "100000",
        },
        MUCH_MEMORY, MANY_CPUS,
    ),
    "v1 sees its own group": (
        V1, "/docker/1f", "9:memory:/docker/1f",
        {"memory/memory.limit_in_bytes": "1073741824"}, 1 << 30, MANY_CPUS,
    ),
    "nonsense": (
        V2, "/", "0::/\n:\n7", {"memory.max": "much", "cpu.max": "0 0"}, MUCH_MEMORY, MANY_CPUS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_container_allows(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mountinfo, root, cgroup, files, memory, cpus = CASES[case]
    mount = tmp_path / "sys fs" / "cgroup"
    for name, text in files.items():
        (mount / name).parent.mkdir(parents=True, exist_ok=True)
        (mount / name).write_text(text + "\n")
    proc = tmp_path / "proc"
    proc.mkdir()
    escaped = str(mount).replace(" ", "\\040")
    (proc / "mountinfo").write_text(mountinfo.format(root=root, mount=escaped) + "\nx\n")
    (proc / "cgroup").write_text(cgroup + "\n")
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": MUCH_MEMORY // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: range(MANY_CPUS), raising=False)
    assert (usable_memory(proc), usable_cpus(proc)) == (memory, cpus)


def test_a_platform_that_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no ``os.sysconf``, macOS no affinity, neither a ``/proc``."""
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_memory(tmp_path) == resources._UNKNOWN_MEMORY
    assert usable_cpus(tmp_path) == 1


def test_a_system_that_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": -1}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    assert usable_memory(tmp_path) == resources._UNKNOWN_MEMORY


def test_here() -> None:
    assert usable_memory() >= 1 << 28
    assert 1 <= usable_cpus() <= (os.cpu_count() or 1)

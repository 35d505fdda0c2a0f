"""A few of the changes of ``benchmarks/broken_headers.py``: none ends a session."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_no_change_ends_a_session(pytestconfig: pytest.Config) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.broken_headers", "--most=12", "--seed=3"],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {line[6:]: int(line[:5]) for line in ended.stdout.splitlines()}
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sum(counts.values()) == 12
    assert {"asked", "refused from its header", "refused by the trial (in words)"} <= counts.keys()

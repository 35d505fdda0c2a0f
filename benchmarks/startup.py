"""What does the plugin cost a test suite that does not use it?

    python benchmarks/startup.py
    python benchmarks/startup.py --repeats 60

Times ``pytest --co`` in an empty directory with the plugin installed and with it blocked, one
right after the other, so that whatever else the machine does falls on both alike; the cost is
the median of the differences. Exits with 1 if it misses its target.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET_MS = 20.0

# Hypothesis, which our own tests use, takes a second of every run and would hide milliseconds.
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
COLLECT = (sys.executable, "-m", "pytest", "--co", *QUIET)
INSTALLED, BLOCKED = (), ("-p", "no:quant")


def collect(directory: Path, *args: str) -> float:
    """Milliseconds of wall time for collecting nothing."""
    started = time.perf_counter()
    ended = subprocess.run([*COLLECT, *args], cwd=directory, capture_output=True, check=False)
    milliseconds = 1000 * (time.perf_counter() - started)
    no_tests = 5
    if ended.returncode != no_tests:
        raise RuntimeError(f"pytest ended with {ended.returncode}: {ended.stderr.decode()}")
    return milliseconds


def measure(repeats: int) -> list[tuple[float, float]]:
    """Milliseconds with the plugin installed and with it blocked, a pair for each round."""
    with tempfile.TemporaryDirectory() as empty:
        directory = Path(empty)
        collect(directory, *INSTALLED)  # reads everything from the disk once
        pairs = []
        for i in range(repeats):
            if i % 2:
                blocked, installed = collect(directory, *BLOCKED), collect(directory, *INSTALLED)
            else:
                installed, blocked = collect(directory, *INSTALLED), collect(directory, *BLOCKED)
            pairs.append((installed, blocked))
        return pairs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=30, help="runs of each (default: 30)")
    pairs = measure(parser.parse_args().repeats)
    for name, times in zip(("installed", "blocked"), zip(*pairs, strict=True), strict=True):
        print(f"pytest --co, plugin {name}: {statistics.median(times):.1f} ms (median)")
    cost = statistics.median(installed - blocked for installed, blocked in pairs)
    print(f"cost: {cost:.1f} ms, target: less than {TARGET_MS:g} ms")
    return int(cost >= TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())

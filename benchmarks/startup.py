"""What does the plugin cost a test suite that does not use it?

    python benchmarks/startup.py
    python benchmarks/startup.py --repeats 60

Times ``pytest --co`` in an empty directory with the plugin installed and with it blocked, in
turns, so that whatever else the machine does falls on both alike. Compares medians. Exits with
1 if the plugin costs more than its target.
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

COLLECT = (sys.executable, "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider")
CONTENDERS = {"installed": (), "blocked": ("-p", "no:quant")}


def collect(directory: Path, *args: str) -> float:
    """Milliseconds of wall time for collecting nothing."""
    started = time.perf_counter()
    ended = subprocess.run([*COLLECT, *args], cwd=directory, capture_output=True, check=False)
    milliseconds = 1000 * (time.perf_counter() - started)
    no_tests = 5
    if ended.returncode != no_tests:
        raise RuntimeError(f"pytest ended with {ended.returncode}: {ended.stderr.decode()}")
    return milliseconds


def measure(repeats: int) -> dict[str, float]:
    """The median of each contender, in milliseconds; the first round warms the disk cache."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as empty:
        for repeat in range(repeats + 1):
            for name, args in CONTENDERS.items():
                milliseconds = collect(Path(empty), *args)
                if repeat:
                    times[name].append(milliseconds)
    return {name: statistics.median(measured) for name, measured in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=30, help="runs of each (default: 30)")
    medians = measure(parser.parse_args().repeats)
    cost = medians["installed"] - medians["blocked"]
    for name, median in medians.items():
        print(f"pytest --co, plugin {name}: {median:.1f} ms (median)")
    print(f"cost: {cost:.1f} ms, target: less than {TARGET_MS:g} ms")
    return int(cost >= TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())

"""What quantization does to the embedded model: the tables of docs/embedded-model.md.

    python benchmarks/embedded_model.py [--cases 100] [--model FILE]

Runs the plugin on the embedded model at every level of the guide and prints, as Markdown, the
accuracy of each core family at the reference and each level's flips, drop and bounds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LEVELS = "q8,q6,q5,q4,q3,q2"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100, help="cases of each probe (default 100)")
    parser.add_argument("--model", type=Path, help="another GGUF than the embedded model")
    options = parser.parse_args()
    record = run(options.cases, options.model)
    print("\n".join([*levels_table(record), "", *families_table(record)]))


def run(cases: int, model: Path | None) -> dict[str, Any]:
    """The run record of one session with every level, in an empty directory."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "record.json")
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--quant-levels={LEVELS}"),
                *(f"--quant-cases={cases}", f"--quant-json={path}"),
                *([f"--quant-model={model.absolute()}"] if model else []),
            ],
            cwd=directory,
            stdout=sys.stderr,
            check=False,
        )
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return record


def levels_table(record: dict[str, Any]) -> Iterator[str]:
    """One line a level: size, accuracy over all informative probes, flips and bounds."""
    reference = record["reference"]
    pooled = {c["level"]: c["result"] for c in record["checks"] if c["scope"] == "pooled"}
    first = next(iter(pooled.values()))["counts"]
    yield f"| level | bits/weight | MB | accuracy, % | b / c against {reference} | drop, points |"
    yield "|---|---|---|---|---|---|"
    for level in record["levels"]:
        size = f"{level['bits_per_weight']:.2f} | {level['size'] / 1e6:.1f}"
        if level["name"] == reference:
            share = 100 * first["reference_correct"] / first["n"]
            yield f"| {reference} | {size} | {share:.1f} | | |"
            continue
        result = pooled[level["name"]]
        counts = result["counts"]
        yield (
            f"| {level['name']} | {size} | {100 * counts['level_correct'] / counts['n']:.1f} "
            f"| {counts['b']} / {counts['c']} "
            f"| {result['drop']:.1f} [{result['lower']:.1f}, {result['upper']:.1f}] |"
        )


def families_table(record: dict[str, Any]) -> Iterator[str]:
    """One line a probe: the share of right answers at the reference and at each level, in %."""
    names = [level["name"] for level in record["levels"]]
    found = {(m["probe"], m["level"]): m for m in record["measurements"]}
    yield f"| family | category | {' | '.join(names)} |"
    yield "|---|---|" + "---|" * len(names)
    for probe in dict.fromkeys(m["probe"] for m in record["measurements"]):
        tested = [found[probe, name] for name in names if (probe, name) in found]
        if tested[0]["uninformative"] or tested[0]["skipped"]:
            continue
        shares = [_share(tested[0], "reference"), *(_share(m, "level") for m in tested)]
        yield f"| {probe} | {tested[0]['category']} | {' | '.join(shares)} |"


def _share(measurement: dict[str, Any], side: str) -> str:
    cases = measurement["cases"]
    return f"{100 * sum(c[side]['verdict'] == 'correct' for c in cases) / len(cases):.0f}"


if __name__ == "__main__":
    main()

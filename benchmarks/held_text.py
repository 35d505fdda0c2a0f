"""Draw the held text that levels are compared on: one solved question of every short core probe.

    python benchmarks/held_text.py > baselines/held_text.jsonl

The text is drawn once and kept, so that a recorded divergence stays comparable when probes change.
Only cases that the embedded model never learns from are taken.
"""

from __future__ import annotations

import json
import sys
from itertools import islice

from pytest_quant.base.library import PROBES
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.reader import read_probes

# Characters of a question and its answer: long passages would be most of the text.
MOST = 250


def main() -> None:
    for path in sorted(PROBES.rglob("*.yaml")):
        for probe in read_probes(path, path.name):
            if probe.solution is None:
                continue
            after = len(probe.pinned)
            (case,) = islice(draw_cases(probe, after + 1), after, None)
            assert case.solution is not None
            if len(case.prompt) + len(case.solution) <= MOST:
                line = json.dumps([probe.id, case.prompt, case.solution], ensure_ascii=False)
                sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()

"""What the likelihood of right answers shows, and how many cases it takes, beside right and wrong.

    python benchmarks/soft_outcome.py [--write] [--model FILE] [--levels q8,q4,q2] [--cases 32]
                                      [--probes FILE ...] [--context 2048] [--longest 100000]

Asks every probe at the reference and at each level, reads the right answers there, and reads those
of each level a second time in batches of 16 tokens, which loses nothing. Prints, by category, what
each level lost, and after how many cases that is shown: right answers read, or questions answered,
taken in a random order (the median of 200). --write puts the tables of the embedded model into
docs/gate.md. Ends with status 1 if the second reading of any level fails. Answers are kept, so a
run that was stopped goes on where it was. About eight minutes on one core; --longest leaves out
probes of longer prompts.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import platformdirs
from tables import GATE_PAGE, write_tables

from pytest_quant.base.library import EMBEDDED_MODEL, PROBES
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.likelihood_regression import DEFAULT_LEAST, judged
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.gate.statistics import mcnemar_p
from pytest_quant.levels import parse_levels
from pytest_quant.metrics.measurement import outcomes
from pytest_quant.metrics.targets import (
    Mean,
    Pair,
    against_reference,
    log_odds_lost,
    points_lost,
)
from pytest_quant.probes.files import probe_files
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.protocol import Runtime, Scores
from pytest_quant.runtimes.responses import ResponseCache
from pytest_quant.session.bench import Bench
from pytest_quant.session.sampling import FixedSize
from pytest_quant.session.targets import TargetReader

_Item = TypeVar("_Item")

ORDERS = 200
OVERALL = "overall"
# A session of two levels with their records, of ten categories: what each check may spend.
BUDGET = Budget(0.05, pooled=10, category=60, probe=600)
SMALLER_BATCH = 16


@dataclass(frozen=True, slots=True)
class Found:
    """What one probe shows at one level: right and wrong, right answers, and these read again."""

    category: str
    answers: Sequence[tuple[bool, bool]]
    targets: Sequence[Pair]
    again: Sequence[Pair]
    silent: bool


class Models:
    """The files of the levels of a model, and what they answer and find likely."""

    def __init__(self, model: Path, levels: str, directory: Path, context: int | None) -> None:
        self.files = {"f16": model}
        self._context = context
        directory.mkdir(parents=True, exist_ok=True)
        for level in parse_levels(levels):
            path = directory / f"{model.stem}-{level.name}.gguf"
            if not path.exists():
                quantize(model, path, level.recipe, threads=1)
            self.files[level.name] = path
        self.bench = Bench("f16", self.open, self._origin, ResponseCache(directory / "responses"))
        self.seconds = 0.0

    @property
    def levels(self) -> list[str]:
        return [name for name in self.files if name != "f16"]

    def open(self, level: str, batch: int = 512) -> Runtime:
        return LlamaCppRuntime.open(
            self.files[level], threads=1, context=self._context, physical=batch
        )

    def _origin(self, level: str) -> tuple[str, ...]:
        return (str(self.files[level]), str(self.files[level].stat().st_mtime), str(self._context))

    def again(self, level: str) -> TargetReader:
        """Reads right answers in smaller batches."""
        smaller = self.open(level, SMALLER_BATCH)

        def score(_level: str, prompts: list[str], texts: list[list[str]]) -> Scores:
            started = time.process_time()
            scores = smaller.score(prompts, texts)
            self.seconds += time.process_time() - started
            return scores

        return TargetReader(None, score)


def measured(models: Models, level: str, probes: Sequence[Probe], cases: int) -> list[Found]:
    found = []
    reader = models.again(level)
    for number, probe in enumerate(probes):
        print(f"\r{level}: {number} of {len(probes)}  ", end="", file=sys.stderr, flush=True)
        measurement = models.bench.measure(probe, level, probe.id, FixedSize(_most(probe, cases)))
        again = reader.read(probe, level)[0] if measurement.targets else ()
        found.append(
            Found(
                probe.category,
                outcomes(measurement) if measurement.informative else (),
                against_reference(measurement.targets),
                [
                    (was.level, now.level)
                    for was, now in zip(measurement.targets, again, strict=True)
                ],
                bool(measurement.uninformative),
            )
        )
    return found


def _most(probe: Probe, cases: int) -> int:
    return min(cases, probe.cases) if not probe.is_drawn else cases


def drop(found: Sequence[Found], of: Callable[[Found], Sequence[Pair]]) -> Mean | None:
    pairs = [pairs for one in found if (pairs := of(one))]
    return log_odds_lost(pairs) if pairs else None


def cases_by_likelihood(found: Sequence[Found], alpha: float) -> int | None:
    """The median number of right answers until a loss is shown, probe by probe."""
    probes = [one.targets for one in found if one.targets]

    def needed(order: list[Sequence[Pair]]) -> int | None:
        for count in range(2, len(order) + 1):
            if judged(log_odds_lost(order[:count]), alpha)[0] == "fail":
                return sum(map(len, order[:count]))
        return None

    return _median(probes, needed)


def cases_by_answers(found: Sequence[Found], alpha: float) -> int | None:
    """The median number of answers until McNemar's test shows a loss, case by case."""
    cases = [pair for one in found for pair in one.answers]

    def needed(order: list[tuple[bool, bool]]) -> int | None:
        lost = won = 0
        for count, (before, now) in enumerate(order, 1):
            lost, won = lost + (before and not now), won + (now and not before)
            worse = before and not now and 100 * (lost - won) > DEFAULT_DROP * count
            if worse and mcnemar_p(lost, won) <= alpha:
                return count
        return None

    return _median(cases, needed)


def _median(items: Sequence[_Item], needed: Callable[[list[_Item]], int | None]) -> int | None:
    """Over random orders; ``None`` if more than half of them show nothing."""
    draws = random.Random(5)
    counts = [needed(draws.sample(items, len(items))) for _ in range(ORDERS)]
    shown = sorted(count if count is not None else 10**9 for count in counts)
    median = statistics.median_low(shown)
    return median if median < 10**9 else None


def tables(found: dict[str, list[Found]]) -> Iterator[str]:
    categories = list(dict.fromkeys(one.category for of in found.values() for one in of))
    yield "| log-odds lost | probes | only guessed | " + " | ".join(found) + " |"
    yield "|---|--:|--:|" + "--:|" * len(found)
    for name in (*categories, OVERALL):
        some = {level: _of(of, name) for level, of in found.items()}
        read = [one for one in next(iter(some.values())) if one.targets]
        cells = [_shown(drop(of, lambda one: one.targets)) for of in some.values()]
        silent = sum(one.silent for one in read)
        yield f"| {name} | {len(read)} | {silent} | " + " | ".join(cells) + " |"
    points = (
        points_lost([one.targets for one in of if one.targets]).value for of in found.values()
    )
    yield "| points of probability | | | " + " | ".join(f"{p:.2f}" for p in points) + " |"
    yield ""
    yield "| read again in smaller batches | " + " | ".join(found) + " |"
    yield "|---|" + "--:|" * len(found)
    again = {level: drop(of, lambda one: one.again) for level, of in found.items()}
    yield "| overall | " + " | ".join(map(_shown, again.values())) + " |"
    largest = (
        max(abs(m.value) for name in categories if (m := drop(_of(of, name), lambda o: o.again)))
        for of in found.values()
    )
    yield "| largest of a category | " + " | ".join(f"{value:.4f}" for value in largest) + " |"
    yield ""
    level = [*found][-1]
    yield f"| the loss of {level} is shown after | right answers read | answers | of answers |"
    yield "|---|--:|--:|--:|"
    for name in (*categories, OVERALL):
        of = _of(found[level], name)
        alpha = BUDGET.alpha_for("pooled" if name == OVERALL else "category")
        asked = sum(len(one.answers) for one in of)
        soft, hard = cases_by_likelihood(of, alpha), cases_by_answers(of, alpha)
        yield f"| {name} | {_count(soft)} | {_count(hard)} | {asked:,} |"


def _of(found: Sequence[Found], category: str) -> list[Found]:
    return [one for one in found if category in (OVERALL, one.category)]


def _shown(mean: Mean | None) -> str:
    if mean is None:
        return "-"
    error = "" if mean.error is None else f" ± {mean.error:.3f}"
    return f"{mean.value:z.3f}{error}"


def _count(cases: int | None) -> str:
    return "not shown" if cases is None else f"{cases:,}"


def false_alarms(found: dict[str, list[Found]]) -> list[str]:
    """The levels of which a second reading fails, in either direction."""
    failed = []
    for level, of in found.items():
        for name in {OVERALL, *(one.category for one in of)}:
            some = [one.again for one in _of(of, name) if one.again]
            alpha = BUDGET.alpha_for("pooled" if name == OVERALL else "category")
            for pairs in (some, [[(now, was) for was, now in of_probe] for of_probe in some]):
                if pairs and judged(log_odds_lost(pairs), alpha)[0] == "fail":
                    failed.append(f"{level}: {name}")
    return failed


def main() -> int:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL)
    parser.add_argument("--levels", default="q8,q4,q2")
    parser.add_argument("--cases", type=int, default=32)
    parser.add_argument("--probes", type=Path, nargs="*", default=[PROBES])
    parser.add_argument("--context", type=int)
    parser.add_argument("--longest", type=int, default=10**9)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()

    directory = platformdirs.user_cache_path("pytest-quant") / "soft-outcome"
    models = Models(arguments.model, arguments.levels, directory, arguments.context)
    probes = [
        probe
        for path in probe_files(arguments.probes)
        for probe in read_probes(path)
        if not _is_longer(probe, arguments.longest)
    ]
    found = {level: measured(models, level, probes, arguments.cases) for level in models.levels}
    models.bench.close()
    text = "\n".join(
        [
            *tables(found),
            "",
            f"{arguments.model.stem}: two right answers of each probe, answers to at most "
            f"{arguments.cases} cases, alpha {BUDGET.alpha_for('pooled'):.2g} over all probes and "
            f"{BUDGET.alpha_for('category'):.2g} in a category, a loss of more than "
            f"{DEFAULT_LEAST:g}; to read all right answers of a level in "
            f"batches of {SMALLER_BATCH} tokens took "
            f"{models.seconds / len(models.levels):.0f} seconds of one core.",
        ]
    )
    print("\n" + text)
    if arguments.write:
        write_tables(GATE_PAGE, "right answers, embedded model", text)
    failed = false_alarms(found)
    print(f"false alarms: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def _is_longer(probe: Probe, longest: int) -> bool:
    from pytest_quant.session.targets import first_cases

    return any(len(case.prompt) > longest for case in first_cases(probe))


if __name__ == "__main__":
    sys.exit(main())

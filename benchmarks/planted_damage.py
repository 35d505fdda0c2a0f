"""Which damage the gate sees: the tables of docs/gate.md.

    python benchmarks/planted_damage.py [--write] [--levels q8] [--only "rope base"]
    python benchmarks/planted_damage.py --model FILE --smallest --alone 1

Every fault of the catalogue is planted in every dose, or up to the smallest that is caught. What
the damaged level then shows on the same cases and texts is held against what the undamaged one
showed, by the gate's own checks; and how often a session would catch it is told by sessions drawn
anew from what was measured. Ends with status 1 if a fault is missed that costs 2 points of accuracy
or raises the mean KL divergence on the held text by a quarter, else with 0. Prints the tables;
--write puts them into docs/gate.md. Needs package gguf. A run that was stopped goes on where it
was. About ten minutes a level on two cores. The second line is for a larger model: no probe is
asked, and every so many-th dialogue of the held text is read, by the level alone, from what the
reference was recorded to predict. Of SmolLM2-135M all of them take half a minute a dose.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import platformdirs
from faults.catalogue import FAULTS
from faults.fault import Dose, Fault
from faults.measuring import Findings, Workbench
from gate_sessions import KINDS, Judge, Session, Text, count_outcomes, resampled
from tables import GATE_PAGE, title_of, write_tables

from pytest_quant.base.library import EMBEDDED_MODEL, EXPECTED_IMPACT
from pytest_quant.gate.tolerances import read_tolerances
from pytest_quant.levels import Level, parse_levels
from pytest_quant.metrics.divergence import Chunk

# What must be caught, and how often.
COST_POINTS, RATIO, SHARE = 2.0, 1.25, 0.95
# How many texts a session reads that has the reference; one that has not reads the other.
_AT_HAND = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One fault in one dose at one level, and what became of it.

    ``caught`` are the kinds of the checks that failed; ``share`` is the share of the sessions drawn
    anew in which any fails, ``by`` the share by kind. ``unasked`` counts the recorded cases
    that could not be asked, ``alone`` is the share of sessions that catch it by the level's file
    alone. ``ratios`` are those of the mean divergences, on the held text and on
    own responses: in the means of the record, 1 where a text could not be read.
    """

    fault: Fault
    dose: Dose
    error: str
    cost: float
    ratios: tuple[float, ...]
    unasked: int
    caught: frozenset[str]
    share: float
    by: Mapping[str, float]
    alone: float

    @property
    def matters(self) -> bool:
        return bool(self.error) or self.cost >= COST_POINTS or self.ratios[0] >= RATIO

    @property
    def found_out(self) -> bool:
        return self.share >= SHARE


def session_of(level: Level, clean: Findings, now: Findings, noise: float) -> Session:
    """What the gate is given: the cases and chunks that both sides have, and the level's noise."""
    was = {m.probe: m for m in clean.measurements}
    return Session(
        level.guide_level,
        tuple(count_outcomes(m, was[m.probe]) for m in now.measurements),
        tuple(
            _paired(then, today, noise) for then, today in zip(clean.texts, now.texts, strict=True)
        ),
    )


def _paired(then: Sequence[Chunk], now: Sequence[Chunk], noise: float) -> Text:
    was = {chunk.digest: chunk for chunk in then}
    pairs = [(was[chunk.digest], chunk) for chunk in now if chunk.digest in was]
    return Text(
        np.array([before.kld for before, _ in pairs]),
        np.array([after.kld for _, after in pairs]),
        np.array([after.tokens for _, after in pairs], np.int64),
        noise,
    )


def judged(
    fault: Fault,
    dose: Dose,
    level: Level,
    clean: Findings,
    now: Findings,
    repeats: int,
    noise: float,
) -> Row:
    """Hold one damaged level against the record, once and in sessions drawn anew.

    ``noise`` is that of the undamaged level: of a greater divergence it is a smaller share, and the
    limit would be lower.
    """
    if now.error:
        kinds = frozenset({"error"})
        return Row(fault, dose, now.error, np.nan, (), 0, kinds, 1.0, {"error": 1.0}, 1.0)
    judge = Judge(read_tolerances(EXPECTED_IMPACT))
    session = session_of(level, clean, now, noise)
    together, alone = slice(_AT_HAND), slice(_AT_HAND, None)
    recorded = sum(case.level is not None for m in clean.measurements for case in m.cases)
    random = np.random.default_rng(20_261_125)
    again = [resampled(session, random) for _ in range(repeats)]
    failed = [judge.alarms(_with(one, together)) for one in again]
    return Row(
        fault=fault,
        dose=dose,
        error="",
        cost=session.cost if session.probes else np.nan,
        ratios=session.ratios,
        unasked=recorded - int(session.cells.sum()),
        caught=judge.alarms(_with(session, together)),
        share=float(np.mean([bool(kinds) for kinds in failed])),
        by={k: s for k in KINDS if (s := float(np.mean([k in kinds for kinds in failed])))},
        alone=float(np.mean([bool(judge.alarms(_with(one, alone))) for one in again])),
    )


def _with(session: Session, texts: slice) -> Session:
    """A session that reads some of the texts."""
    return replace(session, texts=session.texts[texts])


def smallest_table(rows: Sequence[Row]) -> Iterator[str]:
    """One line a fault: the smallest dose that is caught, and what caught it."""
    yield (
        "| fault | it imitates | smallest dose caught | by | points lost there "
        "| KL divergence, text | responses |"
    )
    yield "|---|---|---|---|---|---|---|"
    for fault in dict.fromkeys(row.fault for row in rows):
        caught = [row for row in rows if row.fault == fault and row.found_out]
        name = f"| {fault.name} | {fault.imitates} |"
        if not caught:
            yield f"{name} none of {len(fault.doses)} | | | | |"
            continue
        row = caught[0]
        yield (
            f"{name} {_dose(row)} | {', '.join(sorted(row.caught))} | {_points(row)} "
            f"| {_times(row)} |"
        )


def doses_table(rows: Sequence[Row]) -> Iterator[str]:
    """One line a dose: what it did, and the share of sessions that catch it."""
    yield (
        "| fault | dose | points lost | KL divergence, text | responses "
        "| sessions that catch it, % | by kind, % | by its file alone, % |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        kinds = ", ".join(f"{kind} {100 * s:.0f}" for kind, s in sorted(row.by.items()))
        missed = " **missed**" if row.matters and not row.found_out else ""
        yield (
            f"| {row.fault.name} | {_dose(row)} | {_points(row)}{_unasked(row)} | {_times(row)} "
            f"| {100 * row.share:.0f}{missed} | {kinds} | {100 * row.alone:.0f} |"
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a process needs to know to work on a dose."""

    work: Path
    model: Path
    cases: int
    a_category: int
    alone: int | None
    threads: int
    repeats: int

    def workbench(self, level: Level) -> Workbench:
        return Workbench(
            self.work,
            self.model,
            level,
            cases=self.cases,
            a_category=self.a_category,
            alone=self.alone,
            threads=self.threads,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )


class Worker:
    """One process that plants doses; it opens the undamaged level once."""

    bench: Workbench
    level: Level
    repeats: int

    @classmethod
    def start(cls, settings: Settings, level: Level) -> None:
        cls.bench, cls.level = settings.workbench(level), level
        cls.repeats = settings.repeats

    @classmethod
    def work(cls, fault: Fault, *, smallest: bool) -> list[Row]:
        """A row for every dose, or up to the ``smallest`` that is caught."""
        bench, rows = cls.bench, list[Row]()
        for dose in fault.doses:
            found = bench.with_fault(fault, dose)
            row = judged(fault, dose, cls.level, bench.clean, found, cls.repeats, bench.noise)
            rows.append(row)
            if smallest and row.found_out:
                break
        return rows


def rows_of(
    level: Level, faults: Sequence[Fault], settings: Settings, jobs: int, *, smallest: bool
) -> list[Row]:
    """The rows of all faults, in the order of the catalogue."""
    with ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=Worker.start, initargs=(settings, level)
    ) as pool:
        found = [pool.submit(Worker.work, fault, smallest=smallest) for fault in faults]
        return [row for future in found for row in future.result()]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--levels", default="q8,q4", help="default: %(default)s")
    parser.add_argument("--cases", type=int, default=40, help="of a probe; default: %(default)s")
    parser.add_argument(
        "--a-category", type=int, default=2, help="probes of each category; default: %(default)s"
    )
    parser.add_argument("--alone", type=int, metavar="N", help="every Nth dialogue, and no probe")
    parser.add_argument("--repeats", type=int, default=200, help="sessions; default: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="of a process; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=2, help="processes; default: %(default)s")
    parser.add_argument(
        "--smallest", action="store_true", help="no larger dose than the smallest that is caught"
    )
    parser.add_argument("--only", nargs="+", default=[""], help="faults with this in their name")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/gate.md")
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL, help="default: %(default)s")
    parser.add_argument(
        "--work",
        type=Path,
        default=platformdirs.user_cache_path("pytest-quant") / "planted-damage",
        help="where to go on from; default: %(default)s",
    )
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if any(word in fault.name for word in options.only)]
    if not faults:
        parser.error(
            f"--only {' '.join(options.only)}: known are {', '.join(f.name for f in FAULTS)}"
        )
    settings = Settings(
        work=options.work,
        model=options.model,
        cases=options.cases,
        a_category=0 if options.alone else options.a_category,
        alone=options.alone,
        threads=options.threads,
        repeats=options.repeats,
    )
    title, missed = title_of(options.model), 0
    for level in parse_levels(options.levels):
        bench = settings.workbench(level)
        tables = [*_heading(title, level, bench.clean, bench.noise), ""]
        bench.close()
        rows = rows_of(level, faults, settings, options.jobs, smallest=options.smallest)
        tables += [*smallest_table(rows), "", *doses_table(rows), "", _verdict(rows)]
        missed += sum(row.matters and not row.found_out for row in rows)
        print("\n".join(tables), flush=True)
        if options.write:
            write_tables(GATE_PAGE, f"planted damage, {title}, {level.name}", "\n".join(tables))
    return 1 if missed else 0


def _heading(title: str, level: Level, clean: Findings, noise: float) -> Iterator[str]:
    cases = [case for m in clean.measurements for case in m.cases if case.level]
    right = sum(case.level.correct for case in cases if case.level)
    yield f"### {title}, {level.name}"
    yield ""
    if cases:
        yield (
            f"{len(clean.measurements)} probes, {len(cases)} cases, accuracy "
            f"{100 * right / len(cases):.1f} %."
        )
    texts = ("the held text", "own responses", "the held text, from recorded predictions")
    # Where there are no responses the level was read alone, and the first text is the last.
    read = [*zip(texts, clean.texts, strict=True)][0 if clean.texts[1] else _AT_HAND :]
    for what, chunks in read:
        yield (
            f"KL divergence on {what}: {_mean(chunks):.2g} nats a token over {len(chunks)} "
            f"chunks, {sum(chunk.tokens for chunk in chunks):,} tokens."
        )
    yield f"Of it the level's own noise, from itself in smaller batches: {100 * noise:.0f} %."


def _mean(chunks: Sequence[Chunk]) -> float:
    return float(np.average([c.kld for c in chunks], weights=[c.tokens for c in chunks]))


def _verdict(rows: Sequence[Row]) -> str:
    matter = [row for row in rows if row.matters]
    caught = sum(row.found_out for row in matter)
    alone = sum(row.alone >= SHARE for row in matter)
    return (
        f"Faults: {len({row.fault.name for row in rows})}, doses: {len(rows)}; {caught} of the "
        f"{len(matter)} that cost {COST_POINTS:g} points or raise the KL divergence on the text by "
        f"a quarter are caught in at least {100 * SHARE:.0f} % of sessions, {alone} of them also "
        "by the level's file alone."
    )


def _dose(row: Row) -> str:
    if isinstance(row.dose, str):
        return f"{row.fault.unit} {row.dose!r}"
    return f"{row.dose:g} {row.fault.unit}"


def _points(row: Row) -> str:
    return "" if row.error or np.isnan(row.cost) else f"{row.cost:.1f}"


def _times(row: Row) -> str:
    if row.error:
        return "cannot be run |"
    return " | ".join(f"{ratio:.3g} times" for ratio in row.ratios[:_AT_HAND])


def _unasked(row: Row) -> str:
    return f" ({row.unasked} cases could not be asked)" if row.unasked else ""


if __name__ == "__main__":
    sys.exit(main())

"""Which damage the gate sees: the tables of docs/gate.md.

    python benchmarks/planted_damage.py [--levels q8,q4] [--cases 32] [--only "rope base"]

Every fault of the catalogue is planted in every dose. What the damaged level then shows on the
same cases and texts is held against what the undamaged one showed, by the gate's own checks; and
how often a session would catch it is told by sessions drawn anew from what was measured. Ends with
status 1 if a fault is missed that costs 2 points of accuracy or raises the mean KL divergence by a
quarter. Needs package gguf. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from faults.catalogue import FAULTS
from faults.fault import Dose, Fault
from faults.measuring import Findings, Workbench
from gate_sessions import KINDS, Judge, Session, Text, count_outcomes, resampled

from pytest_quant.gate.tolerances import read_tolerances
from pytest_quant.levels import Level, parse_levels
from pytest_quant.library import EMBEDDED_MODEL, EXPECTED_IMPACT
from pytest_quant.metrics.divergence import Chunk

# What must be caught, and how often.
COST_POINTS, RATIO, SHARE = 2.0, 1.25, 0.95


@dataclass(frozen=True, slots=True)
class Row:
    """One fault in one dose at one level, and what became of it.

    ``caught`` are the kinds of the checks that failed; ``share`` is the share of the sessions drawn
    anew in which any fails, ``by`` the share by kind. ``unasked`` counts the recorded cases
    that could not be asked.
    """

    fault: Fault
    dose: Dose
    error: str
    cost: float
    ratio: float
    unasked: int
    caught: frozenset[str]
    share: float
    by: Mapping[str, float]

    @property
    def matters(self) -> bool:
        return bool(self.error) or self.cost >= COST_POINTS or self.ratio >= RATIO

    @property
    def found_out(self) -> bool:
        return self.share >= SHARE


def session_of(level: Level, clean: Findings, now: Findings) -> Session:
    """What the gate is given: the cases and chunks that both sides have."""
    was = {m.probe: m for m in clean.measurements}
    return Session(
        level.guide_level,
        tuple(count_outcomes(m, was[m.probe]) for m in now.measurements),
        tuple(
            text
            for then, today in zip(clean.texts, now.texts, strict=True)
            if len((text := _paired(then, today)).tokens)
        ),
    )


def _paired(then: Sequence[Chunk], now: Sequence[Chunk]) -> Text:
    was = {chunk.digest: chunk for chunk in then}
    pairs = [(was[chunk.digest], chunk) for chunk in now if chunk.digest in was]
    return Text(
        np.array([before.kld for before, _ in pairs]),
        np.array([after.kld for _, after in pairs]),
        np.array([after.tokens for _, after in pairs], np.int64),
    )


def judged(
    fault: Fault, dose: Dose, level: Level, clean: Findings, now: Findings, repeats: int
) -> Row:
    """Hold one damaged level against the record, once and in sessions drawn anew."""
    if now.error:
        kinds = frozenset({"error"})
        return Row(fault, dose, now.error, np.nan, np.nan, 0, kinds, 1.0, {"error": 1.0})
    judge = Judge(read_tolerances(EXPECTED_IMPACT))
    session = session_of(level, clean, now)
    recorded = sum(case.level is not None for m in clean.measurements for case in m.cases)
    random = np.random.default_rng(20_261_125)
    failed = [judge.alarms(resampled(session, random)) for _ in range(repeats)]
    return Row(
        fault=fault,
        dose=dose,
        error="",
        cost=session.cost,
        ratio=session.ratio,
        unasked=recorded - int(session.cells.sum()),
        caught=judge.alarms(session),
        share=float(np.mean([bool(kinds) for kinds in failed])),
        by={k: s for k in KINDS if (s := float(np.mean([k in kinds for kinds in failed])))},
    )


def smallest_table(rows: Sequence[Row]) -> Iterator[str]:
    """One line a fault: the smallest dose that is caught, and what caught it."""
    yield "| fault | it imitates | smallest dose caught | by | points lost there | KL divergence |"
    yield "|---|---|---|---|---|---|"
    for fault in dict.fromkeys(row.fault for row in rows):
        caught = [row for row in rows if row.fault is fault and row.found_out]
        name = f"| {fault.name} | {fault.imitates} |"
        if not caught:
            yield f"{name} none of {len(fault.doses)} | | | |"
            continue
        row = caught[0]
        yield (
            f"{name} {_dose(row)} | {', '.join(sorted(row.caught))} | {_points(row)} "
            f"| {_times(row)} |"
        )


def doses_table(rows: Sequence[Row]) -> Iterator[str]:
    """One line a dose: what it did, and the share of sessions that catch it."""
    yield "| fault | dose | points lost | KL divergence | sessions that catch it, % | by kind, % |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        kinds = ", ".join(f"{kind} {100 * s:.0f}" for kind, s in sorted(row.by.items()))
        missed = " **missed**" if row.matters and not row.found_out else ""
        yield (
            f"| {row.fault.name} | {_dose(row)} | {_points(row)}{_unasked(row)} | {_times(row)} "
            f"| {100 * row.share:.0f}{missed} | {kinds} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--levels", default="q8", help="default: %(default)s")
    parser.add_argument("--cases", type=int, default=32, help="of a probe; default: %(default)s")
    parser.add_argument(
        "--a-category", type=int, default=2, help="probes of each category; default: %(default)s"
    )
    parser.add_argument("--repeats", type=int, default=300, help="sessions; default: %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--only", help="faults with this in their name")
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL, help="default: %(default)s")
    parser.add_argument(
        "--work",
        type=Path,
        default=platformdirs.user_cache_path("pytest-quant") / "planted-damage",
        help="where to go on from; default: %(default)s",
    )
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if not options.only or options.only in fault.name]
    missed = 0
    for level in parse_levels(options.levels):
        bench = Workbench(
            options.work,
            options.model,
            level,
            cases=options.cases,
            a_category=options.a_category,
            threads=options.threads,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
        clean = bench.clean()
        rows = [
            judged(fault, dose, level, clean, bench.with_fault(fault, dose), options.repeats)
            for fault in faults
            for dose in fault.doses
        ]
        bench.close()
        print("\n".join([*_heading(level, clean), "", *smallest_table(rows), ""]))
        print("\n".join([*doses_table(rows), "", _verdict(rows), ""]), flush=True)
        missed += sum(row.matters and not row.found_out for row in rows)
    return 1 if missed else 0


def _heading(level: Level, clean: Findings) -> Iterator[str]:
    cases = [case for m in clean.measurements for case in m.cases if case.level]
    right = sum(case.level.correct for case in cases if case.level)
    yield f"### {level.name}"
    yield ""
    texts = "; ".join(
        f"{_mean(chunks):.2g} nats a token over {len(chunks)} chunks, "
        f"{sum(chunk.tokens for chunk in chunks):,} tokens"
        for chunks in clean.texts
    )
    yield (
        f"{len(clean.measurements)} probes, {len(cases)} cases, accuracy "
        f"{100 * right / len(cases):.1f} %; KL divergence {texts} (held text)"
    )


def _mean(chunks: Sequence[Chunk]) -> float:
    return float(np.average([c.kld for c in chunks], weights=[c.tokens for c in chunks]))


def _verdict(rows: Sequence[Row]) -> str:
    matter = [row for row in rows if row.matters]
    caught = sum(row.found_out for row in matter)
    return (
        f"{len({row.fault.name for row in rows})} faults in {len(rows)} doses; {caught} of the "
        f"{len(matter)} that cost {COST_POINTS:g} points or raise the KL divergence by a quarter "
        f"are caught in at least {100 * SHARE:.0f} % of sessions."
    )


def _dose(row: Row) -> str:
    if isinstance(row.dose, str):
        return f"{row.fault.unit} {row.dose!r}"
    return f"{row.dose:g} {row.fault.unit}"


def _points(row: Row) -> str:
    return "" if row.error else f"{row.cost:.1f}"


def _times(row: Row) -> str:
    return "cannot be run" if row.error else f"{row.ratio:.3g} times"


def _unasked(row: Row) -> str:
    return f" ({row.unasked} cases could not be asked)" if row.unasked else ""


if __name__ == "__main__":
    sys.exit(main())

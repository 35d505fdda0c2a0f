"""What asking in turn saves: the same verdicts as a fixed number of cases, for how many tokens?

    python benchmarks/sequential.py [--cases 512] [--families 3] [--keep FILE]
    python benchmarks/sequential.py --record FILE [--families 3]

Runs the plugin once on the embedded model, with a fixed number of cases of the first families of
every category in training/families.yaml, at all levels of the guide; or takes the record of such a
run, such as `benchmarks/embedded_model.py --record` keeps. When a check stops is a function of the
outcomes, and those of a sequential run are the first of a fixed one's: so one run tells both. The
script replays it as with ``--quant-max-cases``, asks nothing a second time, and prints as Markdown
which verdicts agree and what share of the tokens, read and written by the reference and the levels,
was spent. A probe's tokens are taken as spread evenly over its cases.

Twice: against the limits alone; and with every level also held against a record, that of the next
level above it, as if it had been shipped under that name.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import Counting, Settled, UpTo
from pytest_quant.gate.level_order import pass_alpha
from pytest_quant.gate.level_verdict import level_verdict
from pytest_quant.gate.regression import DEFAULT_DROP, regression_checks
from pytest_quant.gate.sequential import looks_up_to, screen
from pytest_quant.gate.tolerance_check import Alphas
from pytest_quant.gate.top_up import TopUp
from pytest_quant.gate.verdicts import Check, is_within, pooled_checks, tolerance_of
from pytest_quant.metrics.measurement import Effort, Measurement
from pytest_quant.record.run import RunRecord, read_record

REPOSITORY = Path(__file__).parents[1]
LEVELS = ("q8", "q6", "q5", "q4", "q3", "q2")

# A check by its scope, level and name.
Key = tuple[str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=512, help="cases of each probe (default 512)")
    parser.add_argument(
        "--families", type=int, default=3, help="so many of each category, 0 for all (default 3)"
    )
    parser.add_argument("--record", type=Path, help="the record of a run with --quant-cases")
    parser.add_argument("--keep", type=Path, help="where to keep the record of this run")
    options = parser.parse_args()
    chosen = families(options.families)
    with tempfile.TemporaryDirectory() as directory:
        path: Path = options.record or options.keep or Path(directory, "record.json")
        if options.record is None:
            run(options.cases, chosen, path.absolute())
        print("\n".join(comparison(read_record(path), chosen)))


def families(of_each: int) -> dict[str, str]:
    """Family -> category: the first so many of each category, all of them for 0."""
    listed = yaml.safe_load((REPOSITORY / "training" / "families.yaml").read_text("utf-8"))
    return {
        name: category for category, names in listed.items() for name in [*names][: of_each or None]
    }


def run(cases: int, chosen: Mapping[str, str], record: Path) -> None:
    """One session with a fixed number of cases; its run record is written to ``record``."""
    items = [
        f"{REPOSITORY / 'probes' / category}.yaml::{name}[{level}]"
        for level in LEVELS
        for name, category in chosen.items()
    ]
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--quant-levels={','.join(LEVELS)}"),
                *(f"--quant-cases={cases}", f"--quant-json={record}"),
                *("--quant-baselines=none", "--deselect=quant-gate::divergence"),
                *items,
            ],
            cwd=directory,
            stdout=sys.stderr,
            check=False,
        )


class Session:
    """What was measured with a fixed number of cases, and by what it is judged."""

    def __init__(self, record: RunRecord, chosen: Iterable[str], *, recorded: bool) -> None:
        wanted = set(chosen)
        self.reference = record.reference
        found = [m for m in record.measurements if m.probe in wanted]
        self.levels = [level for level in LEVELS if any(m.level == level for m in found)]
        self.recorded = recorded
        self.whole = {m.nodeid: m for m in (_beside_above(found) if recorded else found)}
        self.max_cases = max(len(m.cases) for m in found)
        self._limits = {
            (check.scope, check.level, check.subject): check.result.limit
            for check in record.checks
            if check.kind == "tolerance"
        }
        kinds = 2 if recorded else 1
        self.budget = Budget(
            record.alpha,
            pooled=kinds * len(self.levels),
            category=kinds * len({(m.category, m.level) for m in found}),
            probe=kinds * len(found),
        )

    def limit(self, level: str, category: str | None) -> float:
        scope = "category" if category else "pooled"
        return self._limits[scope, level, category or "overall"]

    def limit_of(self, measurement: Measurement) -> float:
        return self._limits["probe", measurement.level, measurement.nodeid]

    @property
    def alphas(self) -> Alphas:
        """Those of a probe's own checks."""
        return Alphas(self.budget.alpha_for("probe"), self.budget.alpha)

    @property
    def in_turn(self) -> UpTo:
        return UpTo(self.max_cases, self.limit_of, DEFAULT_DROP, self.alphas)

    def pooled(self, found: Sequence[Measurement], counting: Counting) -> tuple[Check, ...]:
        return pooled_checks(found, self.limit, self.budget, counting, self.levels)

    def verdicts(self, found: Sequence[Measurement], counting: Counting) -> dict[Key, str]:
        """The verdict of every check, and of every level."""
        checks = [
            *self.pooled(found, counting),
            *(
                Check("probe", m.level, m.nodeid, m.category, result)
                for m in found
                if m.informative
                for result in [
                    tolerance_of(
                        counting.of_probe(m, "tolerance"), self.limit_of(m), self.alphas, m.chance
                    )
                ]
            ),
        ]
        if self.recorded:
            checks += regression_checks(found, DEFAULT_DROP, self.budget, counting)
        levels = {("level", name, ""): level_verdict(name, found, checks) for name in self.levels}
        return levels | {(c.scope, c.level, c.name): c.result.verdict for c in checks}


def _beside_above(found: Sequence[Measurement]) -> Iterator[Measurement]:
    """With what the next level above got right as what was recorded; the reference is above all."""
    above = {(m.probe, level): m for m in found for level, name in _STEPS if name == m.level}
    for m in found:
        higher = above.get((m.probe, m.level))
        outcomes = [
            case.reference if higher is None else case.level for case in (higher or m).cases
        ]
        cases = [
            replace(case, recorded="correct" if answer and answer.correct else "wrong")
            for case, answer in zip(m.cases, outcomes, strict=True)
        ]
        yield replace(m, cases=tuple(cases), recorded_cases=len(cases) if m.informative else 0)


# Each level with that above it.
_STEPS = [*zip(LEVELS[1:], LEVELS, strict=False)]


class Replay:
    """A sequential session, played from one with a fixed number of cases."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._most = session.max_cases
        self._counting = session.in_turn
        self.found = {nodeid: self._asked(m) for nodeid, m in session.whole.items()}
        needs = (session.limit, DEFAULT_DROP, session.budget, self._counting)
        within: set[str] = set()
        for level in session.levels:
            found = {test: m for test, m in self.found.items() if m.level == level}
            alpha = pass_alpha(level, session.levels, within, session.budget.alpha)
            TopUp(*needs, self._more, lambda _: None).extend(found, alpha)
            self.found |= found
            if is_within(session.pooled([*found.values()], self._counting)):
                within.add(level)

    def _asked(self, whole: Measurement) -> Measurement:
        """What a probe's own test would have asked."""
        if whole.skipped:
            return whole
        looks = [look for look in looks_up_to(self._most) if look < len(whole.cases)]
        for look in [*looks, len(whole.cases)]:
            asked, last = _first(whole, look), look == len(whole.cases)
            right = sum(case.reference.correct for case in asked.cases)
            shown = screen(right, look, whole.chance, self._most, last=last)
            if shown:
                return replace(_alone(asked), uninformative=shown)
            if shown == "" and whole.informative and self._is_settled(asked):
                return asked
        return asked

    def _is_settled(self, m: Measurement) -> bool:
        limit = self._session.limit_of(m)
        return self._counting.is_settled(m.cases, limit, m.chance, m.recorded_cases)

    def _more(self, asked: Measurement, cases: int) -> Measurement:
        look = next(look for look in looks_up_to(self._most) if look >= cases)
        return _first(self._session.whole[asked.nodeid], look)


def _first(whole: Measurement, count: int) -> Measurement:
    cases = whole.cases[:count]
    share = len(cases) / len(whole.cases)
    return replace(
        whole,
        cases=cases,
        reference_effort=_part(whole.reference_effort, share),
        level_effort=_part(whole.level_effort, share) if whole.level_effort else None,
        complete=len(cases) == len(whole.cases),
    )


def _alone(asked: Measurement) -> Measurement:
    """Only the reference was asked."""
    cases = tuple(replace(case, level=None) for case in asked.cases)
    return replace(asked, cases=cases, level_effort=None)


def _part(effort: Effort, share: float) -> Effort:
    prompt, new = (round(share * tokens) for tokens in (effort.prompt_tokens, effort.new_tokens))
    return Effort(prompt, new, share * effort.seconds)


def comparison(record: RunRecord, chosen: Mapping[str, str]) -> Iterator[str]:
    """What was run, then for each way to judge it a table of tokens and one of verdicts."""
    for recorded in (False, True):
        session = Session(record, chosen, recorded=recorded)
        replay = Replay(session)
        if not recorded:
            asked = [m for m in session.whole.values() if m.level == session.levels[0]]
            yield (
                f"{len(asked)} probes of {len({m.category for m in asked})} categories, up to "
                f"{session.max_cases} cases each; {sum(m.informative for m in asked)} of them are "
                f"informative. Alpha {record.alpha:g}."
            )
        yield ""
        yield "Against the limits and the level above:" if recorded else "Against the limits:"
        yield ""
        yield from _tokens_table(session, replay)
        yield ""
        fixed = session.verdicts([*session.whole.values()], Settled())
        in_turn = session.verdicts([*replay.found.values()], session.in_turn)
        yield from _verdicts_table(fixed, in_turn)


def _tokens_table(session: Session, replay: Replay) -> Iterator[str]:
    yield f"| tokens | {session.max_cases} cases | up to {session.max_cases} in turn | share |"
    yield "|---|---|---|---|"
    whole, found = session.whole.values(), replay.found.values()
    rows: list[tuple[str, Callable[[Iterable[Measurement]], int]]] = [
        (session.reference, _reference_tokens),
        *((name, lambda ms, name=name: _level_tokens(ms, name)) for name in session.levels),
    ]
    totals = [0, 0]
    for name, tokens in rows:
        counts = [tokens(whole), tokens(found)]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        yield _row(name, counts)
    yield _row("all", totals)


def _row(name: str, counts: list[int]) -> str:
    before, now = counts
    return f"| {name} | {before:,} | {now:,} | {100 * now / before:.0f} % |"


def _reference_tokens(measurements: Iterable[Measurement]) -> int:
    """Of the reference, whose answers to a probe are shared by the levels."""
    most: dict[str, int] = {}
    for m in measurements:
        most[m.probe] = max(most.get(m.probe, 0), _sum(m.reference_effort))
    return sum(most.values())


def _level_tokens(measurements: Iterable[Measurement], level: str) -> int:
    return sum(_sum(m.level_effort) for m in measurements if m.level == level and m.level_effort)


def _sum(effort: Effort) -> int:
    return effort.prompt_tokens + effort.new_tokens


def _verdicts_table(fixed: Mapping[Key, str], in_turn: Mapping[Key, str]) -> Iterator[str]:
    """How many checks agree; and by name those that would have failed, or that contradict."""
    yield "| checks | " + " | ".join(_KINDS) + " |"
    yield "|---|" + "---|" * len(_KINDS)
    named: list[str] = []
    for scope in ("level", "pooled", "category", "probe"):
        kinds: Counter[str] = Counter()
        for key in [key for key in fixed.keys() | in_turn.keys() if key[0] == scope]:
            before, now = (found.get(key, "inconclusive") for found in (fixed, in_turn))
            kind = _kind(before, now)
            kinds[kind] += 1
            if kind in _KINDS[3:]:
                name = " ".join([scope, key[2].rpartition("::")[2]]).strip()
                named.append(f"- {name} at {key[1]}: {before}, in turn {now}")
        yield f"| {scope} | " + " | ".join(str(kinds[kind]) for kind in _KINDS) + " |"
    if named:
        yield ""
        yield from sorted(named)


_KINDS = (
    "same verdict",
    "decided only in turn",
    "pass only at the fixed number",
    "fail only at the fixed number",
    "contradicting",
)


def _kind(before: str, now: str) -> str:
    if before == now:
        return "same verdict"
    if before == "inconclusive":
        return "decided only in turn"
    return f"{before} only at the fixed number" if now == "inconclusive" else "contradicting"


if __name__ == "__main__":
    main()

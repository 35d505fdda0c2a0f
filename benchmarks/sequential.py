"""What asking in turn saves: the same verdicts as a fixed number of cases, for how many tokens?

    python benchmarks/sequential.py [--cases 512] [--levels q8,...,q2] [-k EXPRESSION]
    python benchmarks/sequential.py --record FILE

Runs the plugin on the embedded model with a fixed number of cases of each probe, or takes the
record (``--quant-json``) of such a run. When a check stops is a function of the outcomes, and those
of a sequential run are the first of a fixed one's; so one run tells both: the script replays it
with ``--quant-max-cases`` and prints, as Markdown, which verdicts agree and what share of the
tokens, read and written by the reference and the levels, was spent. A probe's tokens are taken as
spread evenly over its cases.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.sequential import is_enough, looks_up_to, screen
from pytest_quant.gate.top_up import TopUp
from pytest_quant.gate.verdicts import Check, level_verdict, pooled_checks, probe_result
from pytest_quant.measurement import Effort, Measurement, from_json, outcomes

LEVELS = "q8,q6,q5,q4,q3,q2"

# A check by its scope, level and subject.
Key = tuple[str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=512, help="cases of each probe (default 512)")
    parser.add_argument("--levels", default=LEVELS, help=f"default {LEVELS}")
    parser.add_argument("-k", dest="expression", default="", help="select probes as pytest does")
    parser.add_argument("--record", type=Path, help="the record of a run with --quant-cases")
    options = parser.parse_args()
    if options.record is not None:
        record = json.loads(options.record.read_text("utf-8"))
    else:
        record = run(options.cases, options.levels, options.expression)
    print("\n".join(comparison(record)))


def run(cases: int, levels: str, expression: str) -> dict[str, Any]:
    """The run record of one session with a fixed number of cases, in an empty directory."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "record.json")
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--quant-levels={levels}"),
                *(f"--quant-cases={cases}", f"--quant-json={path}"),
                *(["-k", expression] if expression else []),
            ],
            cwd=directory,
            stdout=sys.stderr,
            check=False,
        )
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return record


class Replay:
    """A sequential session, played from the record of one with a fixed number of cases."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.whole = {m["nodeid"]: from_json(m) for m in record["measurements"]}
        self.max_cases = max(len(m.cases) for m in self.whole.values())
        self._limits = {
            (check["scope"], check["level"], check["subject"]): check["result"]["limit"]
            for check in record["checks"]
        }
        self._budget = Budget(record["alpha"], **record["selected"])
        self.found = {nodeid: self._asked(m) for nodeid, m in self.whole.items()}
        by_probes = {nodeid: len(m.cases) for nodeid, m in self.found.items()}
        top_up = TopUp(self._limit, self._budget, self.max_cases, self._more, lambda _: None)
        top_up.extend(self.found)
        self.topped_up = sum(len(m.cases) - by_probes[m.nodeid] for m in self.found.values())

    def checks(self) -> list[Check]:
        found = [*self.found.values()]
        pooled = pooled_checks(found, self._limit, self._budget, self.max_cases)
        alpha = self._budget.alpha_for("probe")
        return [
            *pooled,
            *(
                Check(
                    "probe",
                    m.level,
                    m.nodeid,
                    m.category,
                    probe_result(
                        m, self._limits["probe", m.level, m.nodeid], alpha, self.max_cases
                    ),
                )
                for m in found
                if m.informative
            ),
        ]

    def _limit(self, level: str, category: str | None) -> float:
        scope = "category" if category else "pooled"
        limit: float = self._limits[scope, level, category or "overall"]
        return limit

    def _asked(self, whole: Measurement) -> Measurement:
        """What a probe's own test would have asked."""
        if whole.skipped:
            return whole
        looks = [look for look in looks_up_to(self.max_cases) if look < len(whole.cases)]
        for look in [*looks, len(whole.cases)]:
            asked, last = self._first(whole, look), look == len(whole.cases)
            right = sum(case.reference.correct for case in asked.cases)
            shown = screen(right, look, whole.chance, self.max_cases, last=last)
            if shown:
                return replace(_alone(asked), uninformative=shown)
            if shown == "" and whole.informative and self._is_enough(asked):
                return asked
        return asked

    def _is_enough(self, asked: Measurement) -> bool:
        limit = self._limits["probe", asked.level, asked.nodeid]
        alpha = self._budget.alpha_for("probe")
        return is_enough(outcomes(asked), limit, alpha, asked.chance, self.max_cases)

    def _more(self, asked: Measurement, cases: int) -> Measurement:
        look = next(look for look in looks_up_to(self.max_cases) if look >= cases)
        return self._first(self.whole[asked.nodeid], look)

    def _first(self, whole: Measurement, count: int) -> Measurement:
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


def comparison(record: Mapping[str, Any]) -> Iterator[str]:
    """Tables of tokens by level, and of verdicts by scope."""
    replay = Replay(record)
    fixed = [
        (c["scope"], c["level"], c["subject"], c["result"]["verdict"]) for c in record["checks"]
    ]
    in_turn = [(c.scope, c.level, c.subject, c.result.verdict) for c in replay.checks()]
    levels = [level["name"] for level in record["levels"] if level["verdict"] is not None]
    fixed += [("level", lv["name"], "", lv["verdict"]) for lv in record["levels"] if lv["verdict"]]
    checks = replay.checks()
    in_turn += [("level", name, "", level_verdict(checks, name)) for name in levels]
    yield from _tokens_table(record["reference"], levels, replay)
    yield ""
    yield from _verdicts_table(_by_key(fixed), _by_key(in_turn))


def _by_key(verdicts: Iterable[tuple[str, str, str, str]]) -> dict[Key, str]:
    return {(scope, level, subject): verdict for scope, level, subject, verdict in verdicts}


def _tokens_table(reference: str, levels: list[str], replay: Replay) -> Iterator[str]:
    yield f"| tokens | {replay.max_cases} cases | up to {replay.max_cases} in turn | share |"
    yield "|---|---|---|---|"
    whole, found = replay.whole.values(), replay.found.values()
    rows: list[tuple[str, Callable[[Iterable[Measurement]], int]]] = [
        (reference, _reference_tokens),
        *((name, lambda ms, name=name: _level_tokens(ms, name)) for name in levels),
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
    yield "| checks | same verdict | decided only in turn | decided only at the fixed number |" + (
        " contradicting |"
    )
    yield "|---|---|---|---|---|"
    others: list[str] = []
    for scope in ("level", "pooled", "category", "probe"):
        kinds: Counter[str] = Counter()
        for key in [key for key in fixed.keys() | in_turn.keys() if key[0] == scope]:
            before, now = (found.get(key, "inconclusive") for found in (fixed, in_turn))
            kind = _kind(before, now)
            kinds[kind] += 1
            if kind != "same":
                others.append(f"- {scope} {key[2]} at {key[1]}: {before}, in turn {now}")
        yield (
            f"| {scope} | {kinds['same']} | {kinds['gained']} | {kinds['lost']} "
            f"| {kinds['contradicting']} |"
        )
    if others:
        yield ""
        yield from sorted(others)


def _kind(before: str, now: str) -> str:
    if before == now:
        return "same"
    if before == "inconclusive":
        return "gained"
    return "lost" if now == "inconclusive" else "contradicting"


if __name__ == "__main__":
    main()

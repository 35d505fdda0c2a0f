"""Does a harmless change pass? Sessions that differ in nothing that matters, against one record.

    python benchmarks/aa.py [--write] [--levels q8,q4] [--cases 16] [--simulated 1000] [--step 5]
    python benchmarks/aa.py --model FILE --levels q8 --cases 4 --select "capital or sum" --step 5

Real sessions: pytest with the plugin, in processes of their own, against a baseline that the first
one recorded; they differ in threads, in the sequences decoded together, in the number of workers
and in the order of the probes, and each quantizes its levels anew; the last have the levels' files
alone, without the reference. Simulated ones: both sides drawn
from the same truth, with the flips and the noise of divergence that real changes bring. Prints the
tables; --write puts them into docs/gate.md. Ends with status 1 if more sessions fail than alpha
allows, else with 0. A run that was stopped goes on where it was. About ten minutes on two cores;
--step 5 runs every fifth session, which differ in everything, but not in every way. The second line
is for a larger model: few probes and cases, but all of the held text, which takes most of the time.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from gate_sessions import KINDS, Judge, Truth, drawn, upper_bound
from tables import GATE_PAGE, title_of, write_tables

from pytest_quant import __version__
from pytest_quant.base.library import EMBEDDED_MODEL, EXPECTED_IMPACT, PROBES
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.gate.tolerances import read_tolerances
from pytest_quant.levels import parse_levels
from pytest_quant.probes.files import probe_files
from pytest_quant.runtimes.llamacpp.quantize import quantize

ALPHA = 0.05
# Two sessions in which a model is the same flip this share of the answers: another batch size does
# 1.3 to 2.8 %, another format of the same quality up to 8.7 % (arXiv 2602.10144).
FLICKERS = (0.013, 0.028, 0.087)
# Log-normal spread of what a harmless change does to the divergence of a chunk.
SPREADS = (0.02, 0.2)


@dataclass(frozen=True, slots=True)
class Variant:
    """How one session is run."""

    threads: int
    parallel: int
    workers: int
    backwards: bool
    alone: bool = False

    @property
    def name(self) -> str:
        order = "backwards" if self.backwards else "forwards"
        alone = ", no reference" if self.alone else ""
        return f"threads {self.threads}, parallel {self.parallel}, -n{self.workers}, {order}{alone}"

    @property
    def arguments(self) -> list[str]:
        files = sorted(map(str, probe_files([PROBES])), reverse=self.backwards)
        return [
            f"--quant-threads={self.threads}",
            f"--quant-parallel={self.parallel}",
            f"-n{self.workers}",
            *files,
        ]


RECORDED = Variant(threads=1, parallel=16, workers=0, backwards=False)
VARIANTS = (
    *itertools.starmap(Variant, itertools.product((1, 2), (4, 16), (0, 2), (False, True))),
    *itertools.starmap(Variant, itertools.product((1, 2), (8,), (0, 2), (False,))),
    *itertools.starmap(Variant, itertools.product((1, 2), (16,), (0, 2), (False,), (True,))),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one session found: the checks that failed, and what differs from the recorded one.

    ``changed`` of ``answers`` responses of the levels are not the recorded bytes, ``flips`` of
    them changed their verdict; ``divergence`` is the greatest relative change of a mean divergence
    over the chunks that both have.
    """

    variant: Variant
    failed: tuple[str, ...]
    checks: int
    answers: int
    changed: int
    flips: int
    divergence: float


class Sessions:
    """Sessions in a directory, each run once."""

    def __init__(self, directory: Path, fixed: Sequence[str], model: Path, levels: str) -> None:
        self._directory, self._fixed = directory, list(fixed)
        self._model = [f"--quant-model={model}"]
        self._artifacts: list[str] = []
        directory.mkdir(parents=True, exist_ok=True)
        for level in parse_levels(levels):
            path = directory / f"{level.name}.gguf"
            if not path.exists():
                quantize(model, path, level.recipe, threads=1)
            self._artifacts.append(f"--quant-artifact={level.name}={path}")

    def recorded(self) -> dict[str, Any]:
        """The session that records the baseline."""
        return self._run("recorded", RECORDED, ["--quant-update-baselines=force"])

    def against(self, variant: Variant) -> dict[str, Any]:
        return self._run(variant.name.replace(", ", "_").replace(" ", "-"), variant, [])

    def _run(self, name: str, variant: Variant, more: Sequence[str]) -> dict[str, Any]:
        kept = self._directory / f"{name}.json"
        if not kept.exists():
            print(f"running {name}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory() as directory:
                record = Path(directory, "record.json")
                ended = subprocess.run(
                    [
                        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                        *(f"--rootdir={directory}", f"--quant-json={record}"),
                        # This project's own limit is for tests: a large model reads for longer.
                        *("-o", "faulthandler_timeout=0"),
                        f"--quant-cache-dir={directory}/cache",
                        f"--quant-baselines={self._directory / 'baselines'}",
                        *(self._artifacts if variant.alone else self._model),
                        *(*self._fixed, *more, *variant.arguments),
                    ],
                    cwd=directory,
                    env=_environment(),
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if ended.returncode not in (0, 1) or not record.exists():
                    raise SystemExit(f"{name}:\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}")
                shutil.move(record, kept)
        found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        return found


def _environment() -> dict[str, str]:
    """This process's own, without what would make the sessions refuse to record."""
    return {name: value for name, value in os.environ.items() if name != "CI"}


def outcome(variant: Variant, recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Outcome:
    """One session, held against the recorded one."""
    checks = [*now["checks"], *now["divergence_checks"]]
    was, answers = _answers(recorded), _answers(now)
    distances = [check["result"] for check in now["divergence_checks"]]
    return Outcome(
        variant=variant,
        failed=tuple(
            f"{check.get('kind', 'divergence')} {check.get('subject', check['level'])}"
            for check in checks
            if check["result"]["verdict"] == "fail"
        ),
        checks=len(checks),
        answers=len(answers),
        changed=sum(answers[key][0] != was[key][0] for key in answers),
        flips=sum(answers[key][1] != was[key][1] for key in answers),
        divergence=max((one["now"] / one["recorded"] - 1 for one in distances), key=abs),
    )


def _answers(record: Mapping[str, Any]) -> dict[tuple[str, int], tuple[str, bool]]:
    return {
        (measurement["nodeid"], case["index"]): (
            case["level"]["response"],
            case["level"]["verdict"] == "correct",
        )
        for measurement in record["measurements"]
        for case in measurement["cases"]
        if case["level"]
    }


def real_table(found: Sequence[Outcome]) -> Iterator[str]:
    """One line a session: what failed, and what differs."""
    yield "| session | failed checks | answers that differ | verdicts that differ | KL divergence |"
    yield "|---|---|---|---|---|"
    for one in found:
        failed = ", ".join(one.failed) or "none"
        yield (
            f"| {one.variant.name} | {failed} of {one.checks} | {one.changed} of {one.answers} "
            f"| {one.flips} | {100 * one.divergence:+.2g} % |"
        )


def simulated(count: int) -> dict[tuple[float, float], list[frozenset[str]]]:
    """What fails in sessions whose two sides have the same truth, by flips and noise."""
    judge = Judge(read_tolerances(EXPECTED_IMPACT), ALPHA)
    settings = [*itertools.product(FLICKERS, SPREADS)]
    random = np.random.default_rng(20_261_125)
    found: dict[tuple[float, float], list[frozenset[str]]] = {one: [] for one in settings}
    for (flicker, within), _ in zip(itertools.cycle(settings), range(count), strict=False):
        session = drawn(
            Truth(flicker=flicker, within=within, chunks=91), tuple(GUIDE_CATEGORIES), random
        )
        found[flicker, within].append(judge.alarms(session))
    return found


def simulated_table(found: Mapping[tuple[float, float], list[frozenset[str]]]) -> Iterator[str]:
    """One line a setting: how many sessions fail, and by which kind of check."""
    yield f"| flips, % | noise of a chunk, % | sessions | fail | {' | '.join(KINDS)} |"
    yield "|---|---|---|---|" + "---|" * len(KINDS)
    for (flicker, within), sessions in found.items():
        alarmed = sum(map(bool, sessions))
        kinds = (str(sum(kind in failed for failed in sessions)) for kind in KINDS)
        yield (
            f"| {100 * flicker:g} | {100 * within:g} | {len(sessions)} | {alarmed} "
            f"| {' | '.join(kinds)} |"
        )


def share(what: str, failed: int, n: int) -> str:
    return (
        f"{what}: {failed} of {n} sessions fail, {100 * failed / n:.1f} %, "
        f"at most {100 * upper_bound(failed, n):.1f} % with 95 % confidence; "
        f"alpha {100 * ALPHA:g} %."
    )


def _about(model: Path, fixed: Sequence[str]) -> str:
    """A digest of what sessions are about: with another model or other probes all begin anew."""
    files = [model, *sorted(probe_files([PROBES]))]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return hashlib.sha256(" ".join([__version__, *fixed, *digests]).encode()).hexdigest()[:16]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--levels", default="q8,q4", help="default: %(default)s")
    parser.add_argument("--cases", type=int, default=16, help="of a probe; default: %(default)s")
    parser.add_argument("--difficulty", default="1", help="of the probes; default: %(default)s")
    parser.add_argument("--select", help="probes, as -k of pytest")
    parser.add_argument("--step", type=int, default=1, help="of sessions; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=2, help="at a time; default: %(default)s")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/gate.md")
    parser.add_argument("--simulated", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL, help="default: %(default)s")
    parser.add_argument(
        "--work",
        type=Path,
        default=platformdirs.user_cache_path("pytest-quant") / "aa",
        help="where to go on from; default: %(default)s",
    )
    options = parser.parse_args()
    fixed = [
        f"--quant-levels={options.levels}",
        f"--quant-cases={options.cases}",
        f"--quant-difficulty={options.difficulty}",
        f"--quant-alpha={ALPHA}",
    ]
    if options.select:
        fixed += ["-k", options.select]
    model = options.model.absolute()
    sessions = Sessions(
        options.work.absolute() / _about(model, fixed), fixed, model, options.levels
    )
    variants = VARIANTS[:: options.step]
    recorded = sessions.recorded()
    with ThreadPoolExecutor(options.jobs) as pool:
        records = pool.map(sessions.against, variants)
        found = [outcome(v, recorded, now) for v, now in zip(variants, records, strict=True)]
    alarms = simulated(options.simulated)
    every = [failed for failures in alarms.values() for failed in failures]
    failed = sum(bool(one.failed) for one in found), sum(map(bool, every))
    tables = [*real_table(found), "", share("real", failed[0], len(found)), ""]
    tables += [*simulated_table(alarms), "", share("simulated", failed[1], len(every))]
    print("\n".join(tables), flush=True)
    if options.write:
        write_tables(GATE_PAGE, f"harmless changes, {title_of(options.model)}", "\n".join(tables))
    too_many = failed[0] > ALPHA * len(found) or failed[1] > ALPHA * len(every)
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())

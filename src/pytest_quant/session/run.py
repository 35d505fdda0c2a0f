"""A whole session in one call, without pytest: ``pytest_quant.run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from pytest_quant.base.library import BASELINES
from pytest_quant.base.paths import user_cache_directory
from pytest_quant.base.resources import usable_cpus
from pytest_quant.errors import CheckerBroken, QuantUsageError, RuntimeFailed
from pytest_quant.gate.level_verdict import Problem
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.levels import parse_level, parse_levels
from pytest_quant.probes.model import Probe
from pytest_quant.record.run import RunRecord
from pytest_quant.runtimes.protocol import Incomparable
from pytest_quant.session.conclusion import conclude
from pytest_quant.session.distances import Asked, measure_distances
from pytest_quant.session.events import Announced, Ended, Event, Watch
from pytest_quant.session.findings import Compared, Finding, Findings, Measured
from pytest_quant.session.plan import Plan
from pytest_quant.session.probe_files import ProbeFiles, default_paths
from pytest_quant.session.session import Session
from pytest_quant.session.settings import DEFAULT_ALPHA, Settings
from pytest_quant.session.suite_files import SuiteFiles
from pytest_quant.session.topping_up import top_up

PathLike = str | Path


def run(
    levels: Sequence[str],
    *,
    model: PathLike | None = None,
    artifacts: Mapping[str, PathLike] | None = None,
    reference: str | None = None,
    probes: Sequence[PathLike] = (),
    select: Callable[[Probe], bool] | None = None,
    cases: int | None = None,
    max_cases: int | None = None,
    alpha: float = DEFAULT_ALPHA,
    baselines: PathLike | None = None,
    require_baseline: bool = False,
    regression_drop: float = DEFAULT_DROP,
    divergence: bool = True,
    text: PathLike | None = None,
    threads: int | None = None,
    parallel: int | None = None,
    cache_dir: PathLike | None = None,
    progress: Watch | None = None,
) -> RunRecord:
    """Measure levels of a model, judge what quantization did to them, and return the run record.

    The arguments are the options of the same names (``--quant-...``, docs/options.md): ``levels``
    as ``["q4", "q8"]``; ``artifacts`` are ready-made files by level; ``probes`` are probe files and
    directories of them, else those of ``./probes``, else the library that ships; of these,
    ``select`` says which are asked; ``alpha`` is a share, ``regression_drop`` is in percentage
    points. ``progress`` is called with each `Event` of `pytest_quant.session.events`.

    What breaks at a level is in the record (``problems``), and the level's verdict is "broken".
    Raises ``QuantUsageError`` for a mistake in an argument, a file or the environment.
    """
    watch = progress or _unwatched
    base = Path.cwd()
    settings = Settings(
        levels=parse_levels(",".join(levels)),
        cache_dir=Path(cache_dir or user_cache_directory()).absolute(),
        baselines=Path(baselines or _baselines(base)).absolute(),
        regression_drop=regression_drop,
        model=Path(model).absolute() if model else None,
        artifacts={
            parse_level(name).name: Path(path).absolute()
            for name, path in (artifacts or {}).items()
        },
        reference=parse_level(reference) if reference else None,
        cases=cases,
        max_cases=max_cases,
        alpha=alpha,
        require_baseline=require_baseline,
        parallel=parallel,
        threads=threads,
        text=Path(text).absolute() if text else None,
        probe_paths=tuple(Path(path).absolute() for path in probes),
    )
    _check(settings)

    def announce(sentence: str) -> None:
        watch(Announced(sentence))

    roots = default_paths(settings.probe_paths, base)
    files = ProbeFiles(roots, map(str, roots), base, (".*",), SuiteFiles({}), whole=not probes)
    plan = Plan(settings, threads or usable_cpus(), announce)
    session = Session(plan, files, announce)
    try:
        session.prepare(run=True)
        return _run(session, select or _every, watch, divergence=divergence)
    finally:
        session.close()


def _run(
    session: Session, select: Callable[[Probe], bool], watch: Watch, *, divergence: bool
) -> RunRecord:
    plan, findings = session.plan, Findings()
    asked = [(name, probe) for name, probe in session.files.named() if select(probe)]
    if not asked:
        raise QuantUsageError("probes: none is selected; nothing can be measured")
    session.select((probe.category, level) for _, probe in asked for level in plan.tested)
    compares = divergence and bool(plan.sources)
    total, done = len(plan.tested) * (len(asked) + compares), 0
    problems: list[Problem] = []

    def end(test: str, level: str, find: Callable[[], Finding], probe: Probe | None) -> None:
        nonlocal done
        found, problem = None, ""
        try:
            found = find()
            findings.keep(test, found)
        except Incomparable as error:
            problem = str(error)
        except (CheckerBroken, RuntimeFailed) as error:
            problem = str(error)
            named = (probe.category, probe.difficulty) if probe else (None, None)
            problems.append(Problem(level, test, "broken", problem, *named))
        done += 1
        watch(Ended(test, level, done, total, found, problem))

    for level in plan.tested:
        for name, probe in asked:
            test = f"{name}[{level}]"
            end(test, level, partial(_measured, session, probe, level, test), probe)
        if compares:
            of_level = [
                Asked(probe, f"{name}[{level}]", findings.measurements.get(f"{name}[{level}]"))
                for name, probe in asked
            ]
            name = plan.reference.name
            watch(Announced(f"comparing {level}'s predictions with {name}'s, token by token"))
            test = f"quant-gate::divergence[{level}]"
            end(test, level, partial(_compared, session, level, of_level), None)
    for level, problem in top_up(session, findings):
        problems.append(Problem(level, f"quant-gate::cases[{level}]", "broken", problem))
    findings.problems = tuple(problems)
    return conclude(session, findings)


def _measured(session: Session, probe: Probe, level: str, test: str) -> Measured:
    measurement = session.measure(probe, level, test)
    return Measured(measurement, session.bench.runtimes)


def _compared(session: Session, level: str, asked: Sequence[Asked]) -> Compared:
    return Compared(level, measure_distances(session, level, asked))


def _check(settings: Settings) -> None:
    """Raises ``QuantUsageError`` for numbers that no session can have."""
    for name, number in (
        ("cases", settings.cases),
        ("max_cases", settings.max_cases),
        ("threads", settings.threads),
        ("parallel", settings.parallel),
    ):
        if number is not None and number < 1:
            raise QuantUsageError(f"{name}: found {number}, expected a number of at least 1")
    if settings.cases is not None and settings.max_cases is not None:
        raise QuantUsageError("cases and max_cases: give one of the two")
    if not 0 < settings.alpha < 0.5:
        raise QuantUsageError(
            f"alpha: found {settings.alpha}, expected a number between 0 and 0.5, such as 0.05"
        )
    if not 0 <= settings.regression_drop <= 100:
        raise QuantUsageError(
            f"regression_drop: found {settings.regression_drop}, expected percentage points from 0 "
            "to 100"
        )
    for path in (settings.model, settings.text, *settings.probe_paths):
        if path is not None and not path.exists():
            raise QuantUsageError(f"{path}: no such file or directory")


def _baselines(base: Path) -> Path:
    """Those of the current directory, else those that ship."""
    local = base / "baselines"
    return local if local.is_dir() else BASELINES


def _every(_probe: Probe) -> bool:
    return True


def _unwatched(_event: Event) -> None:
    return None

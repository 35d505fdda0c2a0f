"""A whole session in one call, without pytest: ``pytest_quant.run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pytest_quant.base.gate_names import DIVERGENCE, GATE, RESPONSES
from pytest_quant.errors import QuantUsageError, TimeOver, words_of
from pytest_quant.gate.level_verdict import Problem
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.probes.model import Probe
from pytest_quant.record.run import RunRecord
from pytest_quant.runtimes.hardware import FlashAttention
from pytest_quant.runtimes.protocol import Incomparable
from pytest_quant.session.arguments import PathLike, check_callable, flag, session_of
from pytest_quant.session.conclusion import conclude, end_in_order
from pytest_quant.session.distances import Asked, Stage, response_distances, text_distance
from pytest_quant.session.events import Announced, Ended, Event, Watch
from pytest_quant.session.findings import Compared, Finding, Findings, Measured
from pytest_quant.session.forecast import forecast
from pytest_quant.session.session import Session
from pytest_quant.session.settings import DEFAULT_ALPHA
from pytest_quant.session.topping_up import top_up
from pytest_quant.session.workload import spread


def run(
    levels: Sequence[str],
    *,
    model: PathLike | None = None,
    artifacts: Mapping[str, PathLike] | None = None,
    imatrix: PathLike | None = None,
    endpoints: Mapping[str, str] | None = None,
    reference: str | None = None,
    probes: Sequence[PathLike] = (),
    select: Callable[[Probe], bool] | None = None,
    cases: int | None = None,
    max_cases: int | None = None,
    max_tokens: int | None = None,
    time: str | float | None = None,
    alpha: float = DEFAULT_ALPHA,
    baselines: PathLike | None = None,
    require_baseline: bool = False,
    regression_drop: float = DEFAULT_DROP,
    margin: float | None = None,
    divergence: bool = True,
    text: PathLike | None = None,
    text_context: int | None = None,
    threads: int | None = None,
    parallel: int | None = None,
    chat_template: PathLike | None = None,
    template_options: Mapping[str, Any] | None = None,
    system: PathLike | None = None,
    thinking: str = "auto",
    thinking_budget: int | None = None,
    gpu_layers: int | None = None,
    main_gpu: int | None = None,
    tensor_split: Sequence[float] = (),
    flash_attn: FlashAttention = "auto",
    context: int | None = None,
    cache_dir: PathLike | None = None,
    progress: Watch | None = None,
) -> RunRecord:
    """Measure levels of a model, judge what quantization did to them, and return the run record.

    The arguments are the options of the same names (``--quant-...``, docs/options.md): ``levels``
    as ``["q4", "q8"]``; ``artifacts`` are ready-made files by level, ``endpoints`` URLs of servers
    (``http://localhost:8000/v1#MODEL``); ``probes`` are probe files and
    directories of them, else those of ``./probes``, else the library that ships; of these,
    ``select`` says which are asked; ``alpha`` is a share, ``regression_drop`` is in percentage
    points; ``time`` is in seconds, or as ``"30m"``; ``template_options`` as
    ``{"enable_thinking": False}``. ``progress`` is called with each `Event` of
    `pytest_quant.session.events`.

    What breaks at a level is in the record (``problems``), and the level's verdict is "broken".
    Raises ``QuantUsageError`` for a mistake in an argument, a file or the environment, before
    anything is asked, and whatever ``select`` and ``progress`` raise.
    """
    for name, function in (("select", select), ("progress", progress)):
        check_callable(name, function)
    watch = progress or _unwatched
    session = session_of(
        levels,
        model=model,
        artifacts=artifacts,
        imatrix=imatrix,
        endpoints=endpoints,
        reference=reference,
        probes=probes,
        cases=cases,
        max_cases=max_cases,
        max_tokens=max_tokens,
        time=time,
        alpha=alpha,
        baselines=baselines,
        require_baseline=require_baseline,
        regression_drop=regression_drop,
        margin=margin,
        text=text,
        text_context=text_context,
        threads=threads,
        parallel=parallel,
        chat_template=chat_template,
        template_options=template_options,
        system=system,
        thinking=thinking,
        thinking_budget=thinking_budget,
        gpu_layers=gpu_layers,
        main_gpu=main_gpu,
        tensor_split=tensor_split,
        flash_attn=flash_attn,
        context=context,
        cache_dir=cache_dir,
        announce=lambda sentence: watch(Announced(sentence)),
    )
    if select:
        session.selection["select"] = getattr(select, "__name__", "a function")
    return conduct(session, watch, select=select, divergence=flag("divergence", divergence))


def conduct(
    session: Session,
    watch: Watch,
    *,
    select: Callable[[Probe], bool] | None = None,
    divergence: bool = True,
) -> RunRecord:
    """From a session that is not begun to its record; its models are closed in any case."""
    try:
        # What costs nothing comes first: the files of levels may have to be made.
        session.files.read_all()
        if missing := session.files.without_probes():
            raise QuantUsageError(
                f"probes: {missing[0]}: holds no probes; give a YAML file of probes (.yaml, .yml), "
                "or a directory with such files"
            )
        asked = [
            (name, probe) for name, probe in session.files.named() if not select or select(probe)
        ]
        if not asked:
            raise QuantUsageError("probes: none is selected; nothing can be measured")
        session.prepare_plan(run=True)
        return _run(session, asked, watch, divergence=divergence)
    finally:
        session.close()


def _run(
    session: Session, asked: Sequence[tuple[str, Probe]], watch: Watch, *, divergence: bool
) -> RunRecord:
    plan, findings = session.plan, Findings()
    session.select((probe.category, level) for _, probe in asked for level in plan.tested)
    compares = divergence and bool(plan.sources)
    stages: list[Stage] = ["text", "responses"] if "responses" in plan.sources else ["text"]
    stages = stages if compares else []
    session.compared = plan.tested if compares else []
    session.workload = forecast(session, [(p, level) for _, p in asked for level in plan.tested])
    if session.workload:
        watch(Announced("; ".join(session.workload.told())))
    total, done = len(plan.tested) * (len(asked) + len(stages)), 0
    problems: list[Problem] = []

    def end(test: str, level: str, find: Callable[[], Finding], probe: Probe | None) -> None:
        nonlocal done
        found, problem = None, ""
        try:
            found = find()
            findings.keep(test, found)
        except (Incomparable, TimeOver) as error:
            problem = str(error)
        # Runtimes that others bring may raise anything: what was learned before is kept.
        except (Exception, SystemExit) as error:
            problem = words_of(error)
            named = (probe.category, probe.difficulty) if probe else (None, None)
            problems.append(Problem(level, test, "broken", problem, *named))
        done += 1
        watch(Ended(test, level, done, total, found, problem))

    def compare(level: str, stage: Stage) -> None:
        of_level = [
            Asked(probe, f"{name}[{level}]", findings.measurements.get(f"{name}[{level}]"))
            for name, probe in asked
        ]
        name = DIVERGENCE if stage == "text" else RESPONSES
        on = "token by token" if stage == "text" else "on its responses"
        watch(Announced(f"{level}: comparing with {plan.reference.name} {on}"))
        find = partial(_compared, session, level, of_level, stage)
        end(f"{GATE}::{name}[{level}]", level, find, None)

    # What needs no question, and shows a broken file in a minute, comes before all of them.
    for level in plan.tested if stages else ():
        compare(level, "text")
    in_order = spread(asked, lambda named: named[1]) if session.time.is_given else asked
    for level in plan.tested:
        for name, probe in in_order:
            test = f"{name}[{level}]"
            end(test, level, partial(_measured, session, probe, level, test), probe)
        if "responses" in stages:
            compare(level, "responses")
    for level, problem in top_up(session, findings):
        problems.append(Problem(level, f"quant-gate::cases[{level}]", "broken", problem))
    findings.problems = tuple(problems)
    record = conclude(session, findings)
    end_in_order(session, record)
    return record


def _measured(session: Session, probe: Probe, level: str, test: str) -> Measured:
    session.time.check_level(level, session.plan.tested)
    measurement = session.measure(probe, level, test)
    return Measured(measurement, session.bench.runtimes)


def _compared(session: Session, level: str, asked: Sequence[Asked], stage: Stage) -> Compared:
    if stage == "text":
        found = text_distance(session, level)
    else:
        found = response_distances(session, level, asked)
    return Compared(level, found, stage, session.bench.runtimes)


def _unwatched(_event: Event) -> None:
    return None

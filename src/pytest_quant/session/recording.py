"""``--quant-update-baselines``: from a session's record to the files that later runs use.

Done by the controller, once, when everything has been measured. A session that measured only a
part of the probes (``-k``, ``-x``, a crash, an interruption) puts that part into the file that
there is, and says so.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from pytest_quant.base.harmless import bounded, harmless
from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.gate.baseline import (
    Baseline,
    place_of,
    recorded_chunks,
    recorded_probe,
)
from pytest_quant.gate.baseline_file import DamagedBaseline, write_baseline
from pytest_quant.gate.baseline_update import Update, plan_update
from pytest_quant.record.run import RunRecord
from pytest_quant.runtimes.backend import backend_of
from pytest_quant.session.baselines import recorded_artifact, shown_path
from pytest_quant.session.predictions import NewPredictions
from pytest_quant.session.session import Session


@dataclass(frozen=True, slots=True)
class Planned:
    """What is about to be written to ``path``; ``fails``: the level fails its checks."""

    update: Update
    path: str
    fails: bool


def check_may_record(session: Session, environment: Mapping[str, str]) -> None:
    """Raises ``QuantUsageError`` for what no recording may do, before anything is measured.

    Under CI a baseline is to be met, not made. A file of another model, or of a newer version, is
    not this session's to replace.
    """
    update = session.plan.settings.update
    under_ci = environment.get("CI", "").lower() not in ("", "0", "false", "no")
    if update == "yes" and under_ci:
        raise QuantUsageError(
            "--quant-update-baselines: the variable CI is set, and a run that records its own "
            "baselines checks nothing\nrecord on your machine and commit the files, or insist: "
            "--quant-update-baselines=force"
        )
    if update != "no" and session.plan.model_name:
        for level in session.plan.tested:
            _old(session, level)


def record_baselines(session: Session, record: RunRecord) -> Iterator[Planned | str]:
    """Say what changes, then write it, then say where; one level after the other.

    Raises ``QuantUsageError`` in the end if a level could not be recorded.
    """
    problems, existing = [], session.files.existing()
    try:
        predictions = NewPredictions(session, record)
    except RuntimeFailed as error:
        raise QuantUsageError(
            f"--quant-update-baselines: {record.reference} cannot be read: {error}"
        ) from None
    for level in session.plan.tested:
        try:
            yield from _record_level(session, record, level, existing, predictions)
        except QuantUsageError as error:
            yield f"{level}: not recorded: {error}"
            problems.append(f"{level} is not recorded: {error}")
    if problems:
        raise QuantUsageError("--quant-update-baselines: " + "\n".join(problems))


def _record_level(
    session: Session, record: RunRecord, level: str, existing: Set[str], predictions: NewPredictions
) -> Iterator[Planned | str]:
    path = session.plan.baselines.path(level)
    old, damage = _old(session, level)
    # What does not fit into the model's context is not there for it.
    skipped = {m.probe for m in record.of_level(level) if m.skipped}
    settings = session.plan.settings
    chosen = settings.cases is not None or settings.max_cases is not None
    update = plan_update(
        old,
        _new(session, record, level, predictions),
        session.files.is_gone,
        existing=existing - skipped,
        unfinished={place_of(m) for m in record.of_level(level) if chosen or not m.complete},
        damage=damage,
    )
    if update.refused:
        raise QuantUsageError(harmless(bounded(update.refused, 1000)))
    yield Planned(update, shown_path(path), fails=record.level(level).verdict == "fail")
    if not update.is_needed:
        return
    beside = session.plan.baselines.predictions_path
    try:
        is_new = predictions.write(beside)
        write_baseline(update.baseline, path)
    except OSError as error:
        raise QuantUsageError(
            f"--quant-baselines: {path} cannot be written: {error.strerror}; "
            "every response is in the cache, so run again with another directory"
        ) from error
    if is_new:
        yield f"{record.reference}: wrote {shown_path(beside)}, for runs that do not have it"
    yield f"{level}: wrote {shown_path(path)}"


def _old(session: Session, level: str) -> tuple[Baseline | None, str]:
    """The file that there is, or why it cannot be read."""
    try:
        return session.plan.baselines.read(level), ""
    except DamagedBaseline as error:
        return None, error.problem


def _new(session: Session, record: RunRecord, level: str, predictions: NewPredictions) -> Baseline:
    """Everything that was measured completely at one level."""
    artifacts = session.plan.lineup.artifacts
    backend = backend_of(artifacts[level].path)
    contents = backend.contents(artifacts[level], session.plan.settings.cache_dir)
    runtimes = {entry.name: entry.runtime for entry in record.levels}
    measured = {place_of(m): recorded_probe(m) for m in record.of_level(level)}
    return Baseline(
        model=record.model,
        level=level,
        created=record.created,
        created_by=_user(),
        version=record.version,
        prompt=session.prompt_form(level),
        reference=recorded_artifact(artifacts[record.reference], runtimes[record.reference]),
        artifact=recorded_artifact(artifacts[level], runtimes[level], contents),
        probes={key: probe for key, probe in measured.items() if probe is not None},
        divergences={d.source: recorded_chunks(d.chunks) for d in record.divergences_of(level)}
        | predictions.divergences(level),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"

"""``--quant-update-baselines``: from a session's record to the files that later runs use.

Done by the controller, once, when everything has been measured. A session that measured only a
part of the probes (``-k``, ``-x``, a crash, an interruption) puts that part into the file that
there is, and says so.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline import (
    Baseline,
    probe_key,
    recorded_chunks,
    recorded_probe,
)
from pytest_quant.gate.baseline_file import read_baseline, write_baseline
from pytest_quant.gate.baseline_update import plan_update
from pytest_quant.plugin.baselines import recorded_artifact, shown_path
from pytest_quant.record import RunRecord
from pytest_quant.reports.recording import update_lines
from pytest_quant.runtimes.llamacpp.contents import read_contents

if TYPE_CHECKING:
    from pytest_quant.plugin.state import State


def check_may_record(update: str, environment: Mapping[str, str]) -> None:
    """Raises ``QuantUsageError`` under CI: there a baseline is to be met, not made."""
    under_ci = environment.get("CI", "").lower() not in ("", "0", "false", "no")
    if update == "yes" and under_ci:
        raise QuantUsageError(
            "--quant-update-baselines: the variable CI is set, and a run that records its own "
            "baselines checks nothing\nrecord on your machine and commit the files, or insist: "
            "--quant-update-baselines=force"
        )


def record_baselines(state: State, record: RunRecord) -> Iterator[str]:
    """Say what changes, then write it; one level after the other, as lines for a person.

    Raises ``QuantUsageError`` for a file that cannot be written.
    """
    for level in state.tested:
        path = state.baselines.path(level)
        update = plan_update(_old(path), _new(state, record, level), state.is_gone)
        yield from update_lines(update, shown_path(path))
        if update.refused or not update.is_needed:
            continue
        try:
            write_baseline(update.baseline, path)
        except OSError as error:
            raise QuantUsageError(
                f"--quant-baselines: {path} cannot be written: {error.strerror}; every response is "
                "in the cache, so run again with another directory"
            ) from error
        yield f"{level}: wrote {shown_path(path)}"


def _old(path: Path) -> Baseline | None:
    try:
        return read_baseline(path)
    except QuantUsageError:
        return None  # of another version, or damaged: it is to be replaced


def _new(state: State, record: RunRecord, level: str) -> Baseline:
    """Everything that was measured completely at one level."""
    artifacts = state.lineup.artifacts
    contents = read_contents(artifacts[level].path, state.settings.cache_dir)
    runtimes = {entry.name: entry.runtime for entry in record.levels}
    measured = {probe_key(m.nodeid): recorded_probe(m) for m in record.of_level(level)}
    return Baseline(
        model=record.model,
        level=level,
        created=record.created,
        created_by=_user(),
        version=record.version,
        prompt=contents.prompt_form,
        reference=recorded_artifact(artifacts[record.reference], runtimes[record.reference]),
        artifact=recorded_artifact(artifacts[level], runtimes[level], contents),
        probes={key: probe for key, probe in measured.items() if probe is not None},
        divergences={d.source: recorded_chunks(d.chunks) for d in record.divergences_of(level)},
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"

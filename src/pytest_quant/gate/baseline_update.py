"""Recording: what a new baseline would change in the old one, and whether it may."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_quant.gate.baseline import (
    RIGHT,
    Baseline,
    RecordedArtifact,
    RecordedChunk,
    RecordedProbe,
    with_later_cases,
)
from pytest_quant.gate.baseline_changes import Changes, Coverage, IsGone, changes, shortened
from pytest_quant.gate.divergence_regression import mean_over

_MOST_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """Cases of one category whose outcome is new, or not what it was.

    ``changed`` cases ask something else than they did, so their outcomes are not compared.
    """

    category: str
    created: int = 0
    better: int = 0
    worse: int = 0
    gone: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class DivergenceChange:
    """What becomes of the chunks of one source.

    ``was`` and ``now`` are means in nats per token: over the chunks that both records hold, over
    each one's own if they share none, ``None`` where there is none. ``added`` and ``gone`` count
    the others. ``measured``: not merely kept.
    """

    source: str
    was: float | None
    now: float | None
    added: int
    gone: int
    measured: bool


@dataclass(frozen=True, slots=True)
class Update:
    """The plan for one level: ``baseline`` is to be written unless ``refused`` says why not.

    ``kept`` recorded probes were not measured completely and stay as they are, and so do
    ``kept_cases`` of those that were. Of ``existing`` probes ``unrecorded`` have no record then.
    ``changes`` are those of artifact, runtime, template and reference. ``damage`` says why the file
    that is replaced cannot be read, if it cannot.
    """

    level: str
    old: Baseline | None
    baseline: Baseline
    rows: tuple[CategoryChange, ...]
    divergences: tuple[DivergenceChange, ...]
    changes: Changes
    kept: int
    kept_cases: int
    existing: int
    unrecorded: int
    damage: str
    refused: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether anything differs that has to do with what was measured."""
        return self.old is None or _essence(self.old) != _essence(self.baseline)


def plan_update(
    old: Baseline | None,
    new: Baseline,
    is_gone: IsGone,
    *,
    existing: Collection[str] = (),
    unfinished: Collection[str] = (),
    damage: str = "",
) -> Update:
    """Put what was measured in the place of what was recorded.

    ``new`` holds the probes that were measured completely, ``existing`` are the ids of all that
    could have been. Recorded probes that ``new`` lacks are kept, unless they no longer exist. The
    same holds for cases of probes that are ``unfinished``: a session asked fewer than they have. A
    file is about one artifact and one runtime, so the plan is refused if something would be kept
    from others, or from a file that cannot be read, for the reason ``damage``.
    """
    before: Mapping[str, RecordedProbe] = old.probes if old else {}
    if old is not None:
        found = {key: new.probes[key] for key in unfinished if key in new.probes}
        unfinished = {old.key_of(key, probe.digests) or key for key, probe in found.items()}
    new = _as_recorded(new, old)
    kept = {key: p for key, p in before.items() if key not in new.probes and not is_gone(key)}
    measured = {
        key: with_later_cases(probe, before[key]) if key in unfinished and key in before else probe
        for key, probe in new.probes.items()
    }
    kept_cases = sum(p.answered - new.probes[key].answered for key, p in measured.items())
    told = _changes(old, new) if old else Changes()
    whole = not kept and not kept_cases
    divergences = _divergences(old, new, told, whole=whole) if old else new.divergences
    merged = replace(new, probes=kept | measured, divergences=divergences)
    update = Update(
        level=new.level,
        old=old,
        baseline=merged,
        rows=_rows(before, merged.probes),
        divergences=tuple(_divergence_changes(old, new, merged)),
        changes=told,
        kept=len(kept),
        kept_cases=kept_cases,
        existing=len(set(existing)),
        unrecorded=len(set(existing) - _ids(merged)),
        damage=damage,
    )
    return replace(update, refused=_refusal(update, new, len(set(existing) - _ids(new))))


def _as_recorded(new: Baseline, old: Baseline | None) -> Baseline:
    """With each probe under the key that it has in the record, wherever the session ran."""
    if old is None:
        return new
    keys = ((key, old.key_of(key, probe.digests), probe) for key, probe in new.probes.items())
    return replace(new, probes={known or key: probe for key, known, probe in keys})


def _refusal(update: Update, new: Baseline, missing: int) -> str:
    """Why ``new`` may not be written, empty if it may; ``missing`` existing probes it lacks."""
    measured, cases = len(new.probes), update.baseline.cases
    if not measured:
        return "no probe was measured completely"
    if source := _not_finite(new):
        return f"its divergence ({source}) is not a finite number"
    if update.damage and missing:
        return (
            f"{_only(measured, measured + missing, 'probes')} measured, and the file that holds "
            f"the others cannot be read: {update.damage}. Restore it from version control, or "
            "record all probes in one run"
        )
    if update.kept:
        part = f"{_only(measured, measured + update.kept, 'probes')} measured"
    elif update.kept_cases:
        part = f"{_only(cases - update.kept_cases, cases, 'cases')} asked"
    else:
        return ""
    if differs := "; ".join(_differs(update.changes)):
        return (
            f"{part}, and what is recorded of the others was measured otherwise: {differs}. Record "
            "all of them in one run, or delete the file first"
        )
    return ""


def _only(count: int, whole: int, what: str) -> str:
    return f"only {count:,} of {whole:,} {what} {'was' if count == 1 else 'were'}"


def _ids(baseline: Baseline) -> set[str]:
    return {key.rpartition("::")[2] for key in baseline.probes}


def _not_finite(new: Baseline) -> str:
    """What a divergence was measured on that cannot be written, empty if there is none."""
    broken = (s for s, chunks in new.divergences.items() if not all(map(_is_finite, chunks)))
    return next(broken, "")


def _is_finite(chunk: RecordedChunk) -> bool:
    return math.isfinite(chunk.kld)


def _divergences(
    old: Baseline, new: Baseline, told: Changes, *, whole: bool
) -> Mapping[str, tuple[RecordedChunk, ...]]:
    """What was measured, and of what was not the recorded chunks, if they are of the same file.

    A run of a part reads responses to other probes than a whole one: its chunks join the others.
    """
    if [*_differs(told)]:
        return new.divergences
    found = {}
    for source in {**old.divergences, **new.divergences}:
        now = {chunk.digest: chunk for chunk in new.divergences.get(source, ())}
        before = old.divergences.get(source, ()) if not (whole and now) else ()
        # In the recorded order, so that a diff shows what changed and nothing else.
        found[source] = tuple(({chunk.digest: chunk for chunk in before} | now).values())
    return found


def _divergence_changes(
    old: Baseline | None, new: Baseline, merged: Baseline
) -> Iterator[DivergenceChange]:
    recorded = old.divergences if old else {}
    for source in sorted({**recorded, **merged.divergences}, reverse=True):
        before, after = recorded.get(source, ()), merged.divergences.get(source, ())
        was, now = ({chunk.digest for chunk in chunks} for chunks in (before, after))
        yield DivergenceChange(
            source=source,
            was=mean_over(before, was & now or was),
            now=mean_over(after, was & now or now),
            added=len(now - was),
            gone=len(was - now),
            measured=source in new.divergences,
        )


def _changes(old: Baseline, new: Baseline) -> Changes:
    was, now = _essence(old), _essence(new)
    told = changes(was, now.artifact, now.reference, now.prompt, now.version, Coverage())
    # The same file may go by another recipe.
    return replace(told, artifact=()) if was.artifact.digest == now.artifact.digest else told


def _differs(told: Changes) -> Iterator[str]:
    """What must be the same in all that one file holds, and is not."""
    for part, sentences in told.conditions.items():
        yield f"{part}: {', '.join(shortened(sentences, _MOST_SENTENCES))}"


def _essence(baseline: Baseline) -> Baseline:
    """A baseline without who recorded it, and without the number of threads: answers do not depend
    on it.
    """
    return replace(
        baseline,
        created="",
        created_by="",
        artifact=_without_threads(baseline.artifact),
        reference=_without_threads(baseline.reference),
    )


def _without_threads(artifact: RecordedArtifact) -> RecordedArtifact:
    runtime = {name: value for name, value in artifact.runtime.items() if name != "threads"}
    return replace(artifact, runtime=runtime)


def _rows(
    before: Mapping[str, RecordedProbe], after: Mapping[str, RecordedProbe]
) -> tuple[CategoryChange, ...]:
    rows: dict[str, CategoryChange] = {}
    for key in sorted(before.keys() | after.keys()):
        category = (after.get(key) or before[key]).category
        row = rows.setdefault(category, CategoryChange(category))
        rows[category] = _added(row, _compared(before.get(key), after.get(key)))
    return tuple(rows.values())


def _added(row: CategoryChange, counts: dict[str, int]) -> CategoryChange:
    return replace(row, **{name: getattr(row, name) + n for name, n in counts.items()})


def _compared(old: RecordedProbe | None, new: RecordedProbe | None) -> dict[str, int]:
    counts = dict.fromkeys(("created", "better", "worse", "gone", "changed"), 0)
    was, now = (old.level or "" if old else ""), (new.level or "" if new else "")
    for i in range(max(len(was), len(now))):
        if i >= len(was):
            counts["created"] += 1
        elif i >= len(now):
            counts["gone"] += 1
        elif old and new and old.digests[i] != new.digests[i]:
            counts["changed"] += 1
        elif (was[i] == RIGHT) != (now[i] == RIGHT):
            counts["better" if now[i] == RIGHT else "worse"] += 1
    return counts

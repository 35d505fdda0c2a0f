"""Recording: what a new baseline would change in the old one, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_quant.gate.baseline import (
    RIGHT,
    Baseline,
    RecordedArtifact,
    RecordedChunk,
    RecordedProbe,
)
from pytest_quant.gate.baseline_changes import IsGone


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
class Update:
    """The plan for one level: ``baseline`` is to be written unless ``refused`` says why not.

    ``kept`` recorded probes were not measured completely and stay as they are.
    """

    level: str
    old: Baseline | None
    baseline: Baseline
    rows: tuple[CategoryChange, ...]
    kept: int
    refused: str

    @property
    def is_needed(self) -> bool:
        """Whether anything but the time of recording and the one who asked is different."""
        if self.old is None:
            return True
        stamped = replace(self.old, created=self.baseline.created)
        return self.baseline != replace(stamped, created_by=self.baseline.created_by)


def plan_update(old: Baseline | None, new: Baseline, is_gone: IsGone) -> Update:
    """Put what was measured in the place of what was recorded.

    ``new`` holds the probes that were measured completely. Recorded probes that it lacks are
    kept, unless they no longer exist; but a file is about one artifact and one runtime, so the
    plan is refused if some would be kept from others.
    """
    before: Mapping[str, RecordedProbe] = old.probes if old else {}
    kept = {key: p for key, p in before.items() if key not in new.probes and not is_gone(key)}
    refused = ""
    if not new.probes:
        refused = "no probe was measured completely"
    elif old and kept and (differs := "; ".join(_differs(old, new))):
        refused = (
            f"only {len(new.probes)} of {len(new.probes) + len(kept)} probes were measured, and "
            f"they do not go together with the others: {differs}. Record all probes in one run"
        )
    divergences = _divergences(old, new, whole=not kept) if old else new.divergences
    merged = replace(new, probes=kept | dict(new.probes), divergences=divergences)
    return Update(new.level, old, merged, _rows(before, merged.probes), len(kept), refused)


def _divergences(
    old: Baseline, new: Baseline, *, whole: bool
) -> Mapping[str, tuple[RecordedChunk, ...]]:
    """What was measured, and of what was not the recorded chunks, if they are of the same file.

    A run of a part reads responses to other probes than a whole one: its chunks join the others.
    """
    if [*_differs(old, new)]:
        return new.divergences
    found = {}
    for source in {**old.divergences, **new.divergences}:
        now = new.divergences.get(source, ())
        measured = {chunk.digest for chunk in now}
        before = old.divergences.get(source, ()) if not (whole and now) else ()
        found[source] = (*now, *(chunk for chunk in before if chunk.digest not in measured))
    return found


def _differs(old: Baseline, new: Baseline) -> Iterator[str]:
    if old.model != new.model:
        yield f"the file is about the model {old.model!r}"
    if old.artifact.digest != new.artifact.digest:
        yield "the artifact is another"
    if _identity(old.reference) != _identity(new.reference):
        yield "the reference is another"
    if old.artifact.runtime != new.artifact.runtime or old.version != new.version:
        yield "the runtime is another"
    if old.prompt != new.prompt:
        yield "the prompt template is another"


def _identity(artifact: RecordedArtifact) -> tuple[str, str]:
    return artifact.level, artifact.digest


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

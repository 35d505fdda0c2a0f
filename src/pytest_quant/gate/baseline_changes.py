"""What is different from the record: the artifact piece by piece, the runtime, the questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_quant.gate.baseline import Baseline, RecordedArtifact, RecordedProbe
from pytest_quant.measurement import CaseResult, Measurement

# Tells whether a recorded probe, by its node id without the level, no longer exists.
IsGone = Callable[[str], bool]

_LONG = "sha256:"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many cases of a session were ``compared`` with their record.

    ``new`` ones are not recorded, ``changed`` ones ask something else than they did, and
    ``gone`` ones were recorded and not answered.
    """

    compared: int = 0
    new: int = 0
    gone: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """Sentences about what differs from the record; an empty tuple means "as before"."""

    artifact: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """What a session did with the baseline of a level; without a file only ``path`` is known.

    ``required`` says that a missing one is a failure; ``behaves_like`` is the level of fewer
    bits whose recorded divergence this one reaches, or empty.
    """

    level: str
    path: str
    found: bool
    required: bool = False
    created: str = ""
    created_by: str = ""
    version: str = ""
    coverage: Coverage = Coverage()
    changes: Changes = Changes()
    behaves_like: str = ""


def with_recorded(measurement: Measurement, baseline: Baseline) -> Measurement:
    """The measurement with each case's recorded outcome, where this very case has one."""
    probe = baseline.probe(measurement.nodeid)
    if probe is None:
        return measurement
    cases = recorded_beside(measurement.cases, probe)
    return replace(measurement, cases=cases, recorded_cases=probe.answered)


def recorded_beside(cases: Iterable[CaseResult], probe: RecordedProbe) -> tuple[CaseResult, ...]:
    """The cases with their recorded outcomes, as above."""
    return tuple(replace(case, recorded=probe.outcome(case.index, case.digest)) for case in cases)


def coverage(
    baseline: Baseline, measurements: Iterable[Measurement], is_gone: IsGone = lambda _: False
) -> Coverage:
    """How the measurements of the baseline's level and the record overlap."""
    compared = new = gone = changed = 0
    for measurement in measurements:
        probe = baseline.probe(measurement.nodeid)
        answered = [case for case in measurement.cases if case.level is not None]
        recorded = probe.answered if probe else 0
        for case in answered:
            if case.index >= recorded or probe is None:
                new += 1
            elif probe.holds(case.index, case.digest):
                compared += 1
            else:
                changed += 1
        gone += max(0, recorded - len(answered))
    gone += sum(probe.answered for key, probe in baseline.probes.items() if is_gone(key))
    return Coverage(compared, new, gone, changed)


def changes(
    baseline: Baseline,
    artifact: RecordedArtifact,
    reference: RecordedArtifact,
    prompt: str,
    version: str,
    covered: Coverage,
) -> Changes:
    """What differs between the record and a session's artifact, reference, prompt and probes."""
    was = baseline.artifact
    counts = [
        f"{count:,} {what}"
        for what in ("new", "gone", "changed")
        if (count := getattr(covered, what))
    ]
    runtime = [*_differences(was.runtime, artifact.runtime)]
    if baseline.version != version:
        runtime.append(f"pytest-quant {baseline.version} -> {version}")
    known = baseline.reference
    return Changes(
        artifact=tuple(_artifact_changes(was, artifact)),
        runtime=tuple(runtime),
        prompt=() if baseline.prompt == prompt else (f"{baseline.prompt} -> {prompt}",),
        probes=(f"{', '.join(counts)} of {_cases(covered):,} cases",) if counts else (),
        reference=()
        if known.digest == reference.digest
        else (f"{known.level} {known.digest[:12]} -> {reference.level} {reference.digest[:12]}",),
    )


def _cases(covered: Coverage) -> int:
    return covered.compared + covered.new + covered.gone + covered.changed


def _artifact_changes(was: RecordedArtifact, now: RecordedArtifact) -> Iterator[str]:
    """Types first, then contents, then metadata."""
    if was.recipe != now.recipe:
        yield f"recipe {was.recipe} -> {now.recipe}"
    if was.digest == now.digest:
        return
    found = [*_tensor_changes(was.tensors, now.tensors), *_metadata_changes(was, now)]
    yield from found or ["the file, though neither its tensors nor its metadata"]


def _tensor_changes(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    owner = {content: name for name, content in was.items()}
    common = [name for name in now if name in was and now[name] != was[name]]
    kinds = {name: (was[name].split()[0], now[name].split()[0]) for name in common}
    yield from (f"{name} {old} -> {new}" for name, (old, new) in kinds.items() if old != new)
    yield from (f"{name} is new" for name in now if name not in was)
    yield from (f"{name} is gone" for name in was if name not in now)
    for name in (name for name, (old, new) in kinds.items() if old == new):
        other = owner.get(now[name])
        yield f"{name} holds what {other} held" if other else f"{name} has other contents"


def _metadata_changes(was: RecordedArtifact, now: RecordedArtifact) -> Iterator[str]:
    yield from _differences(was.metadata, now.metadata)


def _differences(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    for name in dict.fromkeys([*was, *now]):
        old, new = was.get(name), now.get(name)
        if old == new:
            continue
        if str(old).startswith(_LONG) and str(new).startswith(_LONG):
            yield f"{name} has other contents"
        else:
            yield f"{name} {'none' if old is None else old} -> {'none' if new is None else new}"


def shortened(sentences: Sequence[str], most: int) -> list[str]:
    """At most so many sentences; the rest is counted."""
    rest = len(sentences) - most
    return [*sentences] if rest <= 0 else [*sentences[:most], f"and {rest} more"]

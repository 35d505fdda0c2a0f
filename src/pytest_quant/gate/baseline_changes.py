"""What is different from the record: the artifact piece by piece, the runtime, the questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pytest_quant.base.amounts import counted
from pytest_quant.gate.baseline import (
    Baseline,
    RecordedArtifact,
    RecordedProbe,
    digests_of,
    place_of,
)
from pytest_quant.metrics.measurement import CaseResult, Measurement
from pytest_quant.metrics.targets import Target

# Tells whether a recorded probe, by its node id without the level, no longer exists.
IsGone = Callable[[str], bool]

DivergenceUse = Literal["compared", "not recorded", "not measured"]
# Of how likely right answers are: "not measured" if any that is recorded was not read again.
LikelihoodUse = DivergenceUse

_LONG = "sha256:"
# So many changes of a kind are told one by one.
_FEW = 3


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many cases of a session were ``compared`` with their record.

    ``new`` ones are not recorded, ``changed`` ones ask something else than they did, ``gone``
    ones are of probes that no longer exist, and ``unasked`` ones are recorded and were not asked,
    or not answered. Where cases are asked in turn, ``unneeded`` ones are recorded and were not
    asked because the checks of their probe were settled without them.
    """

    compared: int = 0
    new: int = 0
    gone: int = 0
    changed: int = 0
    unasked: int = 0
    unneeded: int = 0

    @property
    def recorded(self) -> int:
        """How many outcomes of the level the record holds."""
        return self.compared + self.lacking + self.unneeded

    @property
    def lacking(self) -> int:
        """How many of them should have been compared, and were not."""
        return self.gone + self.changed + self.unasked


@dataclass(frozen=True, slots=True)
class Changes:
    """Sentences about what differs from the record; an empty tuple means "as before"."""

    artifact: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The sentences about each part, by its name for a person."""
        return {
            "artifact": self.artifact,
            "runtime": self.runtime,
            "template": self.prompt,
            "probes": self.probes,
            "reference": self.reference,
        }

    @property
    def differing(self) -> dict[str, tuple[str, ...]]:
        """The parts that are not as before."""
        return {part: sentences for part, sentences in self.parts.items() if sentences}

    @property
    def conditions(self) -> dict[str, tuple[str, ...]]:
        """The same, but for the probes: under what else they were asked."""
        return {part: told for part, told in self.differing.items() if part != "probes"}


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """What a session did with the baseline of a level; without a file only ``path`` is known.

    ``required`` says that less than all of it is a failure; ``diverges`` names the level of fewer
    bits whose recorded divergence this one reaches (``like q3``), or is empty; ``divergence``
    says whether it was compared with its record, and ``likelihood`` whether that of right answers
    was.
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
    diverges: str = ""
    divergence: DivergenceUse = "compared"
    likelihood: LikelihoodUse = "compared"

    @property
    def is_short(self) -> bool:
        """Whether a record is required, and not all of it, or nothing at all, was compared."""
        covered = self.coverage
        whole = covered.compared > 0 and not covered.lacking
        whole = whole and "not measured" not in (self.divergence, self.likelihood)
        return self.required and not (self.found and whole)


def with_recorded(measurement: Measurement, baseline: Baseline) -> Measurement:
    """The measurement with each case's recorded outcome, where this very case has one, and an
    answer had as much room.
    """
    probe = baseline.probe(place_of(measurement), digests_of(measurement))
    if probe is None:
        return measurement
    measurement = replace(measurement, targets=targets_beside(measurement.targets, probe))
    if not probe.is_asked_alike(measurement.room):
        return measurement
    cases = recorded_beside(measurement.cases, probe)
    return replace(measurement, cases=cases, recorded_cases=probe.answered)


def likelihood_use(baseline: Baseline, measurements: Iterable[Measurement]) -> LikelihoodUse:
    """Whether the right answers that the level's baseline holds were all read again."""
    if not baseline.targets:
        return "not recorded"
    read = sum(t.recorded is not None for m in measurements for t in m.targets)
    return "compared" if read >= baseline.targets else "not measured"


def recorded_beside(cases: Iterable[CaseResult], probe: RecordedProbe) -> tuple[CaseResult, ...]:
    """The cases with their recorded outcomes, as above."""
    return tuple(replace(case, recorded=probe.outcome(case.index, case.digest)) for case in cases)


def targets_beside(targets: Iterable[Target], probe: RecordedProbe) -> tuple[Target, ...]:
    """The targets with what is recorded of them; of the reference only if it is not at hand."""
    known = {target.key: target for target in probe.targets}
    return tuple(
        replace(
            target,
            recorded=was.level,
            reference=was.reference if target.reference is None else target.reference,
        )
        if (was := known.get(target.key))
        else target
        for target in targets
    )


def coverage(
    baseline: Baseline, measurements: Iterable[Measurement], is_gone: IsGone = lambda _: False
) -> Coverage:
    """How the measurements of the baseline's level and the record overlap."""
    compared = new = changed = unneeded = 0
    met = set()
    for measurement in measurements:
        key = baseline.key_of(place_of(measurement), digests_of(measurement))
        probe = baseline.probes[key] if key else None
        met.add(key)
        answered = [case for case in measurement.cases if case.level is not None]
        recorded = probe.answered if probe else 0
        alike = probe is not None and probe.is_asked_alike(measurement.room)
        for case in answered:
            if case.index >= recorded or probe is None:
                new += 1
            elif alike and probe.holds(case.index, case.digest):
                compared += 1
            else:
                changed += 1
        # What is left of a probe that could have gone on was not needed.
        if measurement.informative and not measurement.complete:
            unneeded += max(0, recorded - len(answered))
    gone = sum(p.answered for key, p in baseline.probes.items() if key not in met and is_gone(key))
    unasked = baseline.cases - compared - changed - unneeded - gone
    return Coverage(compared, new, gone, changed, unasked, unneeded)


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
    # What older records do not know of their runtime is no difference.
    unknown = {"kernels", "devices", "flash_attention", "kv", "served"} - was.runtime.keys()
    told = {name: value for name, value in artifact.runtime.items() if name not in unknown}
    runtime = [sentence for _, sentence in _differing(was.runtime, told)]
    if baseline.version != version:
        runtime.append(f"pytest-quant {baseline.version} -> {version}")
    known = baseline.reference
    return Changes(
        artifact=tuple(artifact_changes(was, artifact)),
        runtime=tuple(runtime),
        prompt=() if baseline.prompt == prompt else (f"{baseline.prompt} -> {prompt}",),
        probes=(f"{', '.join(counts)} of {counted(_cases(covered), 'case')}",) if counts else (),
        reference=()
        if known.digest == reference.digest
        else (f"{known.level} {known.digest[:12]} -> {reference.level} {reference.digest[:12]}",),
    )


def _cases(covered: Coverage) -> int:
    return covered.compared + covered.new + covered.gone + covered.changed


def artifact_changes(was: RecordedArtifact, now: RecordedArtifact) -> Iterator[str]:
    """What says most comes first: recipe, types, metadata, then single tensors."""
    if was.recipe != now.recipe:
        yield f"recipe {was.recipe} -> {now.recipe}"
    if was.digest == now.digest:
        return
    found = [
        *_type_changes(was.tensor_types, now.tensor_types),
        *_several(dict(_differing(was.metadata, now.metadata)), "entries of the metadata"),
        *_tensor_changes(was.tensors, now.tensors),
    ]
    yield from found or ["the file, though neither its tensors nor its metadata"]


def _type_changes(was: Mapping[str, int], now: Mapping[str, int]) -> Iterator[str]:
    changed = [name for name in dict.fromkeys([*was, *now]) if was.get(name) != now.get(name)]
    if changed:
        told = (f"{name} {was.get(name, 0)} -> {now.get(name, 0)}" for name in changed)
        yield f"tensors by type: {', '.join(told)}"


def _tensor_changes(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    owner = {content: name for name, content in was.items()}
    common = [name for name in now if name in was and now[name] != was[name]]
    kinds = {name: (was[name].split()[0], now[name].split()[0]) for name in common}
    retyped = {n: f"{n} {old} -> {new}" for n, (old, new) in kinds.items() if old != new}
    same = [name for name in common if name not in retyped]
    held = {name: owner[now[name]] for name in same if now[name] in owner}
    rest = [name for name in same if name not in held]
    moved = {f"{n} what {other} held": f"{n} holds what {other} held" for n, other in held.items()}
    yield from _several({n: f"{n} is new" for n in now if n not in was}, "tensors are new")
    yield from _several({n: f"{n} is gone" for n in was if n not in now}, "tensors are gone")
    yield from _several(moved, "tensors hold other ones' contents")
    yield from _several(retyped, "tensors are of another type")
    yield from _several({n: f"{n} has other contents" for n in rest}, "tensors have other contents")


def _several(sentences: Mapping[str, str], what: str) -> Iterator[str]:
    """Each sentence, or if they are many one for all, with the first names."""
    if len(sentences) <= _FEW:
        yield from sentences.values()
    else:
        names = ", ".join(list(sentences)[:_FEW])
        yield f"{len(sentences)} {what}: {names}, ..."


def _differing(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The names of what differs, with a sentence for each."""
    for name in dict.fromkeys([*was, *now]):
        old, new = was.get(name), now.get(name)
        if old == new:
            continue
        if str(old).startswith(_LONG) and str(new).startswith(_LONG):
            yield name, f"{name} has other contents"
        else:
            shown = ("none" if value is None else value for value in (old, new))
            yield name, f"{name} {' -> '.join(map(str, shown))}"


def shortened(sentences: Sequence[str], most: int) -> list[str]:
    """At most so many sentences; the rest is counted."""
    rest = len(sentences) - most
    return [*sentences] if rest <= 0 else [*sentences[:most], f"and {rest} more"]

"""Before the first question: how much will be asked, and a timed batch that says how fast.

The batch is small and ends in time, so that it costs less than a second; where every answer is kept
of an earlier session no model is opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pytest_quant.errors import RuntimeFailed, Told
from pytest_quant.gate.counting import BySize
from pytest_quant.gate.sequential import FIRST_LOOK
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import Batch, Lacking, Limits, PromptTooLong
from pytest_quant.session.replies import prompts_of
from pytest_quant.session.session import Session
from pytest_quant.session.workload import WRITTEN, Share, Speed, Workload, comparing_tokens, weight

# Of each category so many probes are looked at.
_SAMPLED = 2
_READ_S = 0.4
_WRITE_S = 0.5
# As many are read and written at once; longer prompts would fill the batch by themselves.
_SEQUENCES = 8
_SHORT = 600
# So many new tokens of each.
_NEW = 12


def forecast(session: Session, selected: Sequence[tuple[Probe, str]]) -> Workload | None:
    """What these probes at these levels will ask; ``None`` if nothing can be asked of a model."""
    if not selected or session.plan.recorded_reference is not None:
        return None
    try:
        return _forecast(session, selected)
    # Runtimes that others bring may raise anything. What is wrong shows when a test asks.
    except Exception:
        return None


def _forecast(session: Session, selected: Sequence[tuple[Probe, str]]) -> Workload:
    chosen = session.plan.settings
    by_category: defaultdict[str, list[Probe]] = defaultdict(list)
    for probe, _ in selected:
        if probe not in by_category[probe.category]:
            by_category[probe.category].append(probe)
    levels = [*dict.fromkeys(level for _, level in selected)]
    samples = {name: _sample(probes) for name, probes in by_category.items()}
    shares: dict[str, Share] = {}
    prompts: list[str] = []
    for name, probes in by_category.items():
        drawn = [(probe, *_first(session, probe, levels[0])) for probe in samples[name]]
        texts = [prompt for _, cases, _ in drawn for case in cases for prompt in prompts_of(case)]
        prompts += texts[:FIRST_LOOK]
        kept = [known for _, _, known in drawn]
        shares[name] = Share(
            probes=len(probes),
            cases={level: _planned(session, level, name, probes) for level in levels},
            reference=max(_planned(session, level, name, probes) for level in levels),
            read=sum(map(len, texts)) / max(1, len(texts)) / 4,
            written=sum(_written(probe) for probe in probes) / len(probes),
            kept=sum(kept) / len(kept) if kept else 0.0,
        )
    compared, comparing = len(session.compared), comparing_tokens(chosen.text)
    whole = Workload(shares, len(levels), compared, comparing, chosen.time)
    return whole if whole.is_kept else replace(whole, speed=_speed(session, prompts))


def _sample(probes: Sequence[Probe]) -> list[Probe]:
    """Those in the middle of equal parts, by what they take."""
    ranked = sorted(probes, key=weight)
    step = len(ranked) / min(_SAMPLED, len(ranked))
    return [ranked[int(step * (i + 0.5))] for i in range(min(_SAMPLED, len(ranked)))]


def _first(session: Session, probe: Probe, level: str) -> tuple[tuple[Case, ...], bool]:
    """The first cases of a probe, and whether their answers are kept; none for a mistake in it."""
    try:
        return session.first_part(probe, level)
    except Told:
        return (), False


def _written(probe: Probe) -> int:
    return probe.max_tokens if probe.by == "text" else 0


def _planned(session: Session, level: str, category: str, probes: Iterable[Probe]) -> int:
    """How many cases of a category are asked of a level, if most of its probes tell something."""
    chosen, probes = session.plan.settings, [*probes]
    each = chosen.cases or chosen.max_cases
    if each is not None:
        return each * len(probes)
    counting = session.counting
    if not isinstance(counting, BySize):
        return FIRST_LOOK * len(probes)
    return max(counting.size(level, category), counting.own(level, category) * len(probes) // 2)


def _speed(session: Session, prompts: Sequence[str]) -> Speed | None:
    """That of the reference; ``None`` if not even one prompt was read in time."""
    short = [prompt for prompt in prompts if len(prompt) <= _SHORT][:_SEQUENCES]
    if not short:
        return None
    try:
        # The first one also makes what the others find.
        alone = session.bench.timed(short[:1], Limits(1, deadline_s=_READ_S))
        if (reading := _read_speed(alone)) is None:
            return None
        reading = _read_speed(session.bench.timed(short, Limits(1, deadline_s=_READ_S))) or reading
        wrote = session.bench.timed(short, Limits(_NEW, deadline_s=_WRITE_S))
    except (Lacking, PromptTooLong, RuntimeFailed):
        # Whatever cannot be asked says so in its test.
        return None
    written = sum(len(r.tokens) for r in wrote.responses)
    seconds = wrote.seconds - sum(r.prompt_tokens for r in wrote.responses) / reading
    return Speed(reading, written / seconds if seconds > 0 and written else reading / WRITTEN)


def _read_speed(batch: Batch) -> float | None:
    """Tokens a second; ``None`` if the deadline came before."""
    tokens = sum(r.prompt_tokens for r in batch.responses if r.finish != "deadline")
    return tokens / batch.seconds if tokens and batch.seconds > 0 else None

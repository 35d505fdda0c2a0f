"""In words and numbers: what it brings to ask the reference where a level is unsure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.fallback import (
    FEWEST_PROBES,
    Both,
    Found,
    Wanted,
    at_share,
    both_answers,
    curve,
    fall_back,
)
from pytest_quant.base.amounts import counted
from pytest_quant.record.run import RunRecord

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
KEPT = Wanted(0.99, of_reference=True)
_COLUMNS = 80


def answers_of(record: RunRecord) -> dict[str, list[Both]]:
    """The answers of each level, of which enough are known."""
    found = {level.name: both_answers(record.measurements, level.name) for level in record.levels}
    return {level: of for level, of in found.items() if _probes(of) >= FEWEST_PROBES}


def _probes(answers: Sequence[Both]) -> int:
    return len({one.probe for one in answers})


def fallback_lines(record: RunRecord, level: str, wanted: Wanted) -> Iterator[str]:
    """A table of shares, what the wanted accuracy takes, and the same by category."""
    answers = both_answers(record.measurements, level)
    probes = _probes(answers)
    yield (
        f"{level} with {record.reference} to fall back on: {counted(len(answers), 'answer')} to "
        f"{counted(probes, 'probe')}, of which the probabilities are known"
    )
    if probes < FEWEST_PROBES:
        yield f"too few: at least {FEWEST_PROBES} probes tell something"
        return
    yield ""
    yield from _table(answers)
    yield ""
    found = fall_back(answers, wanted)
    yield from _folded(sentence(record.reference, level, wanted, found))
    names = sorted({one.category for one in answers})
    if found and len(names) > 1:
        yield ""
        yield from _by_category(answers, names, found)
    yield ""
    yield from _folded(
        "Unsure: the probability of the chosen option, or the geometric mean of those of an "
        "answer's tokens, is below the threshold. What has bounds is measured on probes that took "
        "no part in choosing it (ten-fold), at 95 % for probes like these; the tables go by the "
        f"very answers by which it was chosen. Tokens and time: of what {record.reference} alone "
        "takes, as measured in this run."
    )


def sentences(record: RunRecord) -> list[str]:
    """What it takes to keep nearly all of the reference's right answers, by level."""
    return [
        f"{level}, {sentence(record.reference, level, KEPT, fall_back(answers, KEPT))}"
        for level, answers in answers_of(record).items()
    ]


def sentence(reference: str, level: str, wanted: Wanted, found: Found | None) -> str:
    """What the wanted accuracy takes; nothing is ``found`` where no threshold brings it."""
    if found is None:
        return f"{_aim(wanted)}: no threshold brings it, not even {reference} alone"
    told = (
        f"{_aim(wanted)}: fall back below a probability of {_threshold(found)}; "
        f"{_bounds(found.share)} % of the answers do, {_bounds(found.accuracy)} % are right, "
        f"{_bounds(found.of_reference)} % of {reference}'s"
    )
    if found.threshold == 0.0:
        told = (
            f"{_aim(wanted)}: {level} keeps it by itself on these answers; held-out probes: "
            f"{_bounds(found.of_reference)} % of {reference}'s, {_bounds(found.share)} % "
            "falling back"
        )
    costs = [
        f"{_bounds(cost, '.2f')} of the {name}"
        for name, cost in (("tokens", found.tokens), ("time", found.seconds))
        if cost is not None
    ]
    return f"{told}; {' and '.join(costs)}" if costs else told


def _table(answers: Sequence[Both]) -> Iterator[str]:
    points = curve(answers)
    nothing, everything = points[0], points[-1]
    yield f"{'falls back, %':>13} {'below':>7} {'right, %':>9} {'at random':>10}"
    for share in SHARES:
        point = at_share(points, share)
        at_random = nothing.accuracy + point.share * (everything.accuracy - nothing.accuracy)
        below = "all" if share == 1.0 else f"{point.threshold:.3f}" if point.share else "-"
        yield (
            f"{100 * point.share:>13.1f} {below:>7} {100 * point.accuracy:>9.1f} "
            f"{100 * at_random:>10.1f}"
        )


def _by_category(answers: Sequence[Both], names: Sequence[str], found: Found) -> Iterator[str]:
    """What one threshold, chosen over all categories, does in each."""
    header = f"{'answers':>7} {'falls back, %':>13} {'right, %':>9} {'alone':>6}"
    yield f"{'at that threshold':<22} {header}"
    for name in names:
        mine = [one for one in answers if one.category == name]
        falls = [one.sure < found.threshold for one in mine]
        right = sum(
            one.reference if fell else one.level for one, fell in zip(mine, falls, strict=True)
        )
        yield (
            f"{name:<22} {len(mine):>7,} {100 * sum(falls) / len(mine):>13.1f} "
            f"{100 * right / len(mine):>9.1f} {100 * sum(o.level for o in mine) / len(mine):>6.1f}"
        )


def _aim(wanted: Wanted) -> str:
    if wanted.of_reference:
        return f"to keep {100 * wanted.share:g} % of the reference's right answers"
    return f"for {100 * wanted.share:g} % right answers"


def _threshold(found: Found) -> str:
    return "any" if found.threshold == float("inf") else f"{found.threshold:.3f}"


def _bounds(found: Estimate, form: str = ".1f") -> str:
    return f"{found.value:{form}} [{found.lower:{form}}, {found.upper:{form}}]"


def _folded(text: str) -> Iterator[str]:
    yield from wrap(text, _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)

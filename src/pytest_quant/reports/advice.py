"""What to do: one sentence for each verdict that occurs."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.base.amounts import in_points
from pytest_quant.gate.baseline_changes import BaselineUse
from pytest_quant.gate.tolerances import GUIDE_LIMITS
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.baselines import told_of
from pytest_quant.reports.decided import (
    group_checks,
    limit_words,
    remedy,
    silent_categories,
    why_failed,
)
from pytest_quant.reports.plain_text import counted, shown

# Of the divergence, by what is read.
_READ = {
    "text": "on the held text",
    "recorded": "on the held text",
    "responses": "on the reference's responses",
    "depth": "in one long reading",
}


def advice(record: RunRecord) -> Iterator[str]:
    """What to do, the worst levels first."""
    names: dict[str, list[str]] = {}
    for level in record.levels:
        if level.verdict:
            names.setdefault(level.verdict, []).append(level.name)
    yield from _hold_back(record, names.get("fail", []))
    if broken := names.get("broken"):
        yield f"Hold {', '.join(broken)} back: tests of it could not be run."
    if passed := names.get("pass"):
        yield from _let_go(record, passed)
    for name in names.get("inconclusive", ()):
        yield f"{name} is undecided: {_how_to_decide(record, name)}"
    if silent := names.get("not compared"):
        yield (
            f"{', '.join(silent)}: nothing was compared. Ask a model that can do the probes, or "
            "write probes that it can do (quant_probes)."
        )
    unasked = names.get("not asked", [])
    if compared := [name for name in unasked if record.divergences_of(name)]:
        yield f"{', '.join(compared)}: asked no question, so its divergence is all that is known."
    if unknown := [name for name in unasked if name not in compared]:
        yield f"{', '.join(unknown)}: not asked, so nothing is known."


def _hold_back(record: RunRecord, failed: list[str]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for name in failed:
        reasons.setdefault(why_failed(record, name), []).append(name)
    for reason, levels in reasons.items():
        yield f"Hold {', '.join(levels)} back: {reason}."


def _let_go(record: RunRecord, passed: list[str]) -> Iterator[str]:
    """What may be said of levels within the limit: that they may ship, only where the limits are
    the user's own, or a baseline was met, all of it; the guide's limits are nobody's promise.
    """
    if record.time and record.time.over:
        yield f"{', '.join(passed)}: within the limit in what there was time to ask."
        return
    if record.missing or record.stopped:
        yield f"{', '.join(passed)}: within the limit so far; run again for what is missing."
        return
    if record.other_failures:
        failed = counted(record.other_failures, "other test")
        yield f"{', '.join(passed)}: within the limit, but {failed} of this session failed."
        return
    uses = {use.level: use for use in told_of(record) if use.found}
    clear: dict[str, list[str]] = {}
    for name in passed:
        use = uses.get(name)
        asked = _asked(record, name)
        if reason := _why_not_yet(use):
            yield f"{name}: within the limit, but {reason}."
            continue
        if left_out := record.level(name).deselected:
            yield (
                f"{name}: within the limit over {asked}; "
                f"{counted(left_out, 'probe')} {'was' if left_out == 1 else 'were'} deselected."
            )
            continue
        within, met = _shown_within(record, name, asked), _is_met(record, name, use)
        if not met and GUIDE_LIMITS in record.level(name).limits_from:
            yield f"{name} is {within}. {_as_to_the_guide(record, name, use)}"
        else:
            first = "its baseline is met, and it is " if met else ""
            clear.setdefault(f"{first}shown to be {within}", []).append(name)
    for why, names in clear.items():
        yield f"{', '.join(names)} may ship: {why}."


def _is_met(record: RunRecord, name: str, use: BaselineUse | None) -> bool:
    """Whether a level was shown to be no worse than recorded: in every category that is within its
    limit, and in its divergence, where that is recorded.
    """
    if use is None or not use.coverage.compared or use.likelihood == "not measured":
        return False
    return not [*_unmet(record, name)]


def _unmet(record: RunRecord, name: str) -> Iterator[str]:
    """What of a level is not shown to be no worse than recorded."""
    within = {
        c.category
        for c in group_checks(record, name)
        if c.scope == "category" and c.result.verdict == "pass"
    }
    shown_equal = {
        c.category
        for c in record.checks
        if (c.level, c.kind, c.scope, c.result.verdict) == (name, "regression", "category", "pass")
    }
    yield from sorted(str(category) for category in within - shown_equal)
    for check in record.divergence_checks:
        if check.level == name and check.result.verdict != "pass":
            rise = 100 * (check.result.now / check.result.recorded - 1)
            yield f"the divergence {_READ[check.source]} ({rise:+.1f} %)"
    if any((c.level, c.result.verdict) == (name, "fail") for c in record.likelihood_checks):
        yield "the right answers"


def _as_to_the_guide(record: RunRecord, name: str, use: BaselineUse | None) -> str:
    """What a level within the guide's limits lost, beside what these let it lose."""
    lost = next((c.result for c in group_checks(record, name) if c.scope == "pooled"), None)
    told = ""
    if lost is not None:
        bounds = f"[{lost.lower:.1f}, {lost.upper:.1f}]"
        guide = in_points(lost.limit)
        told = f"It lost {lost.drop:.1f} {bounds} points in all; the guide lets it lose {guide}. "
    if use is None or not use.coverage.compared:
        return (
            f"{told}Whether that may ship, a limit of yours says (--quant-margin), or a baseline."
        )
    unmet = [*_unmet(record, name)]
    which = f" in {', '.join(unmet[:3])}{' and others' if len(unmet) > 3 else ''}" if unmet else ""
    told += f"It is not shown to be as good as recorded{which}, nor to be worse. "
    return f"{told}Whether that may ship, a limit of yours says (--quant-margin)."


def _shown_within(record: RunRecord, name: str, asked: str) -> str:
    checks = [c for c in group_checks(record, name) if c.result.verdict == "pass"]
    if not checks:
        sets = [c for c in record.checks if (c.level, c.scope) == (name, "set")]
        return f"within {limit_words(record.level(name), sets)}, over {asked}"
    categories = sum(check.scope == "category" for check in checks)
    counted_ones = "the only category" if categories == 1 else f"each of {categories} categories"
    silent = silent_categories(record, name)
    but = f"; nothing is known of {shown(', '.join(silent), 100)}" if silent else ""
    limits = limit_words(record.level(name), checks)
    return f"within {limits} in {counted_ones}, over {asked}{but}"


def _asked(record: RunRecord, level: str) -> str:
    """How much says something about a level."""
    found = [m for m in record.of_level(level) if m.informative]
    cases = sum(len(m.cases) for m in found)
    probes = f"{counted(len(found), 'probe')} ({counted(cases, 'case')})"
    shown_within = {
        check.subject
        for check in record.checks
        if (check.level, check.scope, check.result.verdict) == (level, "set", "pass")
    }
    sets = [m for m in record.sets if m.level == level and m.probe in shown_within]
    asked = sum(len(m.cases) for m in sets)
    tests = f"{counted(len(sets), 'test')} in Python ({counted(asked, 'case')})"
    if not sets:
        return probes
    return f"{probes} and {tests}" if found else tests


def _why_not_yet(use: BaselineUse | None) -> str:
    """What of a level's record speaks against letting it go, empty if nothing does."""
    if use is None:
        return ""
    covered = use.coverage
    if not covered.compared and covered.recorded:
        return "nothing of its record was compared"
    if covered.lacking:
        return f"only {covered.compared:,} of {covered.recorded:,} recorded cases were compared"
    if use.divergence != "compared" and use.changes.artifact:
        return "not the file that was recorded, and how far it diverges was not compared"
    return ""


def _how_to_decide(record: RunRecord, level: str) -> str:
    """What would settle a level that is undecided."""
    mine = record.of_level(level)
    if not mine and record.sets:
        return "its tests in Python have too few cases."
    cut = record.time is not None and record.time.over
    if len(mine) < record.level(level).selected and not cut:
        return "run again for what is missing."
    excuses = [c.result.uninformative for c in group_checks(record, level)]
    if told := remedy(record, level):
        return told
    if cut and not (excuses and all(excuses)):
        return "a longer --quant-time would ask more."
    if excuses and all(excuses):
        return f"{excuses[0]}."
    return "more cases of these probes would not settle it."

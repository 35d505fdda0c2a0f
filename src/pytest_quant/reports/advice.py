"""What to do: one sentence for each verdict that occurs."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.gate.baseline_changes import BaselineUse
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import counted
from pytest_quant.reports.results import pooled_check


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
    if unasked := names.get("not asked"):
        yield f"{', '.join(unasked)}: not asked, so nothing is known."


def _hold_back(record: RunRecord, failed: list[str]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for name in failed:
        reasons.setdefault(_why_failed(record, name), []).append(name)
    for reason, levels in reasons.items():
        yield f"Hold {', '.join(levels)} back: {reason}."


def _why_failed(record: RunRecord, level: str) -> str:
    """The gravest reason why a level fails."""
    failed = [c for c in record.checks if (c.level, c.result.verdict) == (level, "fail")]
    if any(check.kind == "tolerance" for check in failed):
        return "shown to lose more than the limit"
    others = [(c.level, c.result.verdict) for c in record.divergence_checks]
    others += [(c.level, c.result.verdict) for c in record.likelihood_checks]
    if failed or (level, "fail") in others:
        return "worse than the recorded baseline"
    if any((p.level, p.kind) == (level, "failed") for p in record.problems):
        return "tests of it in Python failed"
    return "less was compared than its required baseline holds"


def _let_go(record: RunRecord, passed: list[str]) -> Iterator[str]:
    """What may be said of levels within the limit: that they may ship, only where all of what is
    recorded of them was compared.
    """
    if record.missing:
        yield f"{', '.join(passed)}: within the limit so far; run again for what is missing."
        return
    if record.other_failures:
        failed = counted(record.other_failures, "other test")
        yield f"{', '.join(passed)}: within the limit, but {failed} of this session failed."
        return
    uses = {use.level: use for use in record.baselines if use.found}
    clear: dict[str, list[str]] = {}
    for name in passed:
        asked = _asked(record, name)
        if reason := _why_not_yet(uses.get(name)):
            yield f"{name}: within the limit, but {reason}."
        elif left_out := record.level(name).deselected:
            yield (
                f"{name}: within the limit over {asked}; "
                f"{counted(left_out, 'probe')} {'was' if left_out == 1 else 'were'} deselected."
            )
        else:
            clear.setdefault(asked, []).append(name)
    for asked, names in clear.items():
        yield f"{', '.join(names)} may ship: shown to be within the limit over {asked}."


def _asked(record: RunRecord, level: str) -> str:
    """How much says something about a level."""
    found = [m for m in record.of_level(level) if m.informative]
    cases = sum(len(m.cases) for m in found)
    return f"{counted(len(found), 'probe')} ({counted(cases, 'case')})"


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
    """The cases per probe that would settle a level's pooled check."""
    mine = record.of_level(level)
    if len(mine) < record.level(level).selected:
        return "run again for what is missing."
    pooled = pooled_check(record, level)
    assert pooled is not None
    result = pooled.result
    if result.uninformative:
        return f"{result.uninformative}."
    if result.cases_needed is None:
        return "more cases of these probes would not settle it."
    probes = sum(1 for m in record.of_level(level) if m.informative)
    option = "--quant-cases" if record.max_cases is None else "--quant-max-cases"
    return f"about {option}={-(-result.cases_needed // probes)} would settle it."

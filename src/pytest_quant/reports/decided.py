"""What of a level is decided, in words: within which limits, in which categories, what is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_quant.base.amounts import counted, in_points
from pytest_quant.base.durations import about
from pytest_quant.gate.forecast import Stock, cases_of_each, left
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import shown

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Open:
    """A tolerance check over several probes that is undecided.

    ``more`` cases would decide it at the rates seen so far, ``None`` if no number would. Asking
    them takes about ``seconds`` at the pace of the others. With ``each`` cases of every probe they
    would be asked, ``None`` if the probes do not have them: there are ``left`` more.
    """

    check: Check
    more: int | None
    seconds: float
    each: int | None
    left: int | None


def group_checks(record: RunRecord, level: str) -> list[Check]:
    """The tolerance checks of a level over several probes."""
    return [
        check
        for check in record.checks
        if (check.level, check.kind) == (level, "tolerance")
        and check.scope in ("pooled", "category")
    ]


def open_checks(record: RunRecord, level: str) -> list[Open]:
    """What is undecided at a level, and what it would take: categories, else all together."""
    found = [
        check
        for check in group_checks(record, level)
        if check.result.verdict == "inconclusive" and not check.result.uninformative
    ]
    categories = [check for check in found if check.scope == "category"]
    # All together matters where the user set a limit for it, and nothing else is left.
    if not categories and record.level(level).verdict != "inconclusive":
        return []
    return [_open(record, check) for check in categories or found]


def _open(record: RunRecord, check: Check) -> Open:
    members = [
        m
        for m in record.of_level(check.level)
        if m.informative and check.category in (None, m.category)
    ]
    needed, n = check.result.cases_needed, check.result.counts.n
    more = None if needed is None else max(1, needed - n)
    stocks = [Stock(len(m.cases), _there(record, m)) for m in members]
    return Open(
        check,
        more,
        (more or 0) * _seconds_a_case(members),
        None if more is None else cases_of_each(stocks, more),
        left(stocks),
    )


def _there(record: RunRecord, m: Measurement) -> int | None:
    """How many cases a probe has, if that is known to be too few."""
    # Of one that was asked a given number it is not known whether it has more.
    asked_all = m.complete and record.cases is None
    return len(m.cases) if asked_all else record.supply.get(m.nodeid)


def _seconds_a_case(members: list[Measurement]) -> float:
    """What it took to ask a case of these probes, of the reference and of the level."""
    cases = sum(len(m.cases) for m in members)
    efforts = [e for m in members for e in (m.reference_effort, m.level_effort) if e is not None]
    return sum(effort.seconds for effort in efforts) / cases if cases else 0.0


def open_words(one: Open) -> str:
    """``world_knowledge (about 210 more cases, 15 s)``, or how few its probes have."""
    if one.more is None and not one.check.result.limit:
        return f"{one.check.subject} (that nothing at all is lost cannot be shown)"
    if one.more is None:
        return f"{one.check.subject} (so near its limit that no number of cases would decide)"
    if one.each is None:
        rest = f"; its probes have {one.left or 'no'} more"
    else:
        rest = f", {time}" if (time := about(one.seconds)) else ""
    return f"{one.check.subject} (about {counted(one.more, 'more case')}{rest})"


def limit_words(level: LevelRecord, checks: list[Check]) -> str:
    """``1 to 5 points (the guide's limits)``, of the categories among the checks."""
    limits = [c.result.limit for c in checks if c.scope == "category"] or [
        c.result.limit for c in checks
    ]
    low, high = min(limits), max(limits)
    points = in_points(low) if low == high else f"{low:g} to {high:g} points"
    return f"{points}{f' ({level.limits_from})' if level.limits_from else ''}"


def silent_categories(record: RunRecord, level: str) -> list[str]:
    """The categories that were selected and say nothing about a level."""
    selected = {m.category for m in record.of_level(level)}
    telling = {
        check.category
        for check in group_checks(record, level)
        if check.category is not None and not check.result.uninformative
    }
    return sorted(selected - telling)


def decided_words(record: RunRecord, level: LevelRecord) -> str:
    """What the verdict on a level rests on; empty where nothing of its quality was judged."""
    checks = group_checks(record, level.name)
    categories = [c for c in checks if c.scope == "category" and not c.result.uninformative]
    if level.verdict == "fail" and not checks:
        return why_failed(record, level.name)
    if not checks or level.verdict not in ("pass", "inconclusive", "fail"):
        return ""
    return "; ".join(_parts(record, level, checks, categories))


def _parts(
    record: RunRecord, level: LevelRecord, checks: list[Check], categories: list[Check]
) -> Iterator[str]:
    failed = [c for c in checks if c.result.verdict == "fail"]
    beyond = [c for c in failed if c.scope == "category"] or failed
    within = [c for c in categories if c.result.verdict == "pass"]
    if beyond:
        yield f"beyond {limit_words(level, beyond)} in {_named([c.subject for c in beyond])}"
    elif level.verdict == "fail":
        yield why_failed(record, level.name)
    if still := open_checks(record, level.name):
        open_ones = _named([open_words(one) for one in still])
        yield open_ones if level.verdict == "inconclusive" else f"undecided: {open_ones}"
    if within:
        few = "" if len(within) == len(categories) else f"{len(within)} of "
        yield f"within {limit_words(level, within)} in {few}{_categories(len(categories))}"
    if silent := silent_categories(record, level.name):
        yield f"nothing is known of {shown(', '.join(silent), 100)}"


def _named(names: list[str]) -> str:
    """The first few, and how many more there are."""
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _categories(count: int) -> str:
    return "1 category" if count == 1 else f"{count} categories"


def remedy(record: RunRecord, level: str) -> str:
    """What would decide what is open at a level; empty if nothing would."""
    still = [one for one in open_checks(record, level) if one.more is not None]
    enough = [one for one in still if one.each is not None]
    lacking = [one.check.subject for one in still if one.each is None]
    nothing = any(not check.result.limit for check in group_checks(record, level))
    told = []
    if enough:
        option = "--quant-cases" if record.cases is not None else "--quant-max-cases"
        time = about(sum(one.seconds for one in enough))
        if record.time:
            told.append(f"a --quant-time that is {time or '1 s'} longer would ask what it takes")
        else:
            told.append(
                f"{option}={max(one.each or 0 for one in enough)}, so many cases of each probe, "
                f"would ask what it takes{f', in about {time}' if time else ''}"
            )
    if lacking:
        told.append(
            f"the probes of {_named(lacking)} have too few cases: write more (quant_probes), or "
            "accept a larger drop (--quant-margin)"
        )
    if nothing:
        told.append(
            "a limit of 0 points can be shown to be exceeded, not to be kept: accept some loss, as "
            "--quant-margin=0.5"
        )
    return f"{'; '.join(told)}." if told else ""


def why_failed(record: RunRecord, level: str) -> str:
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

"""What a judge said of free text, in a line for each level."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.analysis.estimates import Estimate
from pytest_quant.judge.preferences import Preference
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import counted, shown

_MODEL_WIDTH = 40
_PROBLEM_WIDTH = 300


def judged_lines(record: RunRecord, level: str) -> Iterator[str]:
    """What was preferred, and how far the judge agrees with itself."""
    if record.judgement is None:
        return
    model = shown(record.judgement.model, _MODEL_WIDTH)
    for found in record.judgement.preferences:
        if found.level != level:
            continue
        unread = f", {found.unreadable} unreadable" if found.unreadable else ""
        rest = (
            f"; {found.judged} of {counted(found.pairs, 'pair')}"
            if found.judged < found.pairs
            else ""
        )
        yield (
            f"judged by {model}: {found.wins} better than {record.reference}, {found.ties} as good "
            f"({found.equal} the same text), {found.losses} worse{unread}{rest}"
        )
        yield f"preferred by it (50 %: as good): {preferred(found)}"


def judge_problem(record: RunRecord) -> Iterator[str]:
    """Why a judge said nothing, or not everything."""
    if record.judgement and record.judgement.problem:
        model = shown(record.judgement.model, _MODEL_WIDTH)
        yield f"judge {model}: {shown(record.judgement.problem, _PROBLEM_WIDTH)}"


def preferred(found: Preference) -> str:
    """The share preferred over the reference, and whether the judge is to be believed."""
    if found.preferred is None:
        return "in no pair that could be read"
    orders = f", orders agree in {_per_cent(found.agreement)}" if found.agreement else ""
    doubt = "" if found.consistent else ", not shown to exceed chance"
    return f"{_per_cent(found.preferred)}{orders}{doubt}"


def _per_cent(share: Estimate) -> str:
    return f"{share.value:.1f} % [{share.lower:.1f}, {share.upper:.1f}]"

"""Asking the judge of free text that the user named, when every verdict has been reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_quant.base.amounts import counted
from pytest_quant.judge.endpoint import Endpoint
from pytest_quant.judge.pairwise import free_text_pairs, judge
from pytest_quant.judge.preferences import JudgedPair, Judgement, preferences
from pytest_quant.judge.prompt import TEMPLATE
from pytest_quant.record.run import RunRecord
from pytest_quant.session.session import Session
from pytest_quant.session.settings import JudgeSettings


def not_yet_judged(record: RunRecord, settings: JudgeSettings) -> RunRecord:
    """The record as it stays if the session is stopped now."""
    return _with(record, settings, "nothing was judged: the session was stopped")


def with_judgement(
    session: Session, record: RunRecord, settings: JudgeSettings, key: str
) -> RunRecord:
    """The record with what the judge says, or why it says nothing; verdicts stay as they are."""
    levels = free_text_pairs(record.measurements)
    chosen = {name: pairs[: settings.pairs] for name, pairs in levels.items()}
    if asked := sum(pair.differs for pairs in chosen.values() for pair in pairs):
        session.plan.announce(
            f"{settings.model} compares {counted(asked, 'response')} with the reference's"
        )
    endpoint = Endpoint(settings.url, settings.model, settings.timeout_s, key)
    judged, why = judge(endpoint, chosen.values())
    problem, count = "", sum(map(len, chosen.values()))
    if why:
        problem = (
            f"{len(judged)} of {counted(count, 'pair')} judged, then {settings.url} gave {why}"
        )
    elif not count:
        problem = "nothing was judged: " + (
            "of a reference that is not at hand no text is known"
            if record.reference_recorded
            else "no free text that the reference and a level wrote (check: constraints)"
        )
    return _with(record, settings, problem, judged, {name: len(of) for name, of in levels.items()})


def _with(
    record: RunRecord,
    settings: JudgeSettings,
    problem: str,
    judged: Sequence[JudgedPair] = (),
    available: Mapping[str, int] | None = None,
) -> RunRecord:
    return replace(
        record,
        judgement=Judgement(
            endpoint=settings.url,
            model=settings.model,
            prompt=TEMPLATE,
            most_pairs=settings.pairs,
            preferences=preferences(judged, available or {}),
            judged=tuple(judged),
            problem=problem,
        ),
    )

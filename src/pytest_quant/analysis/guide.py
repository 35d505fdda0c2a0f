"""What the guide says beyond tolerances: its tables, its cliff, its lists, its scenarios."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_quant.base.library import EXPECTED_IMPACT, GUIDE_TABLES

# What a column counts, as a share of responses: right answers, programs that parse, programs that
# do not, programs in which something insecure was found.
Measure = Literal["accuracy", "parses", "syntax errors", "vulnerabilities"]

LEVELS = ("f16", "q8", "q6", "q5", "q4", "q3", "q2")
# The guide's lists of what a level loses, least first.
LISTS = ("resilient", "moderate", "sensitive")
# The names of the case studies, as --quant-table takes them.
CASE_STUDIES = ("medical", "code", "mmlu", "gsm8k", "humaneval")


@dataclass(frozen=True, slots=True)
class GuideColumn:
    """``scores`` by level in per cent; ``tasks`` are the tasks whose probes fill the column."""

    head: str
    measure: Measure
    tasks: tuple[str, ...]
    scores: Mapping[str, float]
    better: Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class GuideTable:
    """One of the guide's tables; ``latency`` and ``memory`` by level, relative to f16."""

    name: str
    title: str
    table: str
    columns: tuple[GuideColumn, ...]
    latency: Mapping[str, float]
    memory: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ListEntry:
    """What one of the guide's lists names, and the probes that stand for it."""

    name: str
    probes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """``cliff`` are the levels around the steepest drop, ``scenarios`` the levels for each.

    ``lists`` are the entries of what is most resilient, moderately affected and most sensitive,
    by ``resilient``, ``moderate`` and ``sensitive``, in that order.
    """

    sensitivity: Mapping[str, str]
    tables: tuple[GuideTable, ...]
    cliff: tuple[str, str]
    scenarios: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, tuple[ListEntry, ...]]


def read_guide() -> Guide:
    """The tables that ship with the package."""
    impact = json.loads(EXPECTED_IMPACT.read_text("utf-8"))
    data = json.loads(GUIDE_TABLES.read_text("utf-8"))
    tasks = impact["measured"]["tasks"]
    return Guide(
        sensitivity={name: c["sensitivity"] for name, c in impact["categories"].items()},
        tables=tuple(_table(name, data["case_studies"][name], tasks) for name in CASE_STUDIES),
        cliff=(data["cliff"]["higher"], data["cliff"]["lower"]),
        scenarios={k: tuple(levels) for k, levels in data["deployment"]["scenarios"].items()},
        lists={
            name: tuple(
                ListEntry(entry, tuple(probes))
                for entry, probes in zip(
                    impact["sensitivity_lists"][name], data["lists"]["probes"][name], strict=True
                )
            )
            for name in LISTS
        },
    )


def _table(name: str, raw: Mapping[str, Any], tasks: Mapping[str, Any]) -> GuideTable:
    return GuideTable(
        name=name,
        title=raw["title"],
        table=raw["table"],
        columns=tuple(
            GuideColumn(
                head=column["head"],
                measure=column["measure"],
                tasks=tuple(column["from"]),
                scores={k: v for k, v in tasks[column["task"]].items() if k in LEVELS},
                better=tasks[column["task"]]["better"],
            )
            for column in raw["columns"]
        ),
        latency=raw["latency"],
        memory=raw["memory"],
    )

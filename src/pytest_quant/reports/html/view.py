"""What the page shows of a run record, as plain values for its template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from markupsafe import Markup

from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.facets import FacetRow, by_two_facets
from pytest_quant.metrics.pairs import pair_counts
from pytest_quant.metrics.patterns import hallucinations, pattern_counts
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.abilities import ability_table
from pytest_quant.reports.advice import advice
from pytest_quant.reports.analysis_lines import level_lines, session_lines
from pytest_quant.reports.baselines import (
    missing_baselines,
    recorded_lines,
    shortfall_text,
    unused_baselines,
)
from pytest_quant.reports.divergences import noise_lines
from pytest_quant.reports.failures import as_before, divergence_text, failure_text
from pytest_quant.reports.fallback import sentences
from pytest_quant.reports.html.probes import by_probe, shade
from pytest_quant.reports.likelihood import likelihood_text, rows, unread_lines
from pytest_quant.reports.plots import figures, sizes
from pytest_quant.reports.plots.fallback import fallback_curves
from pytest_quant.reports.results import (
    by_reason,
    category_checks,
    failed_checks,
    file_words,
    levels_under_test,
    pooled_check,
    set_checks,
    silent_categories,
)
from pytest_quant.reports.standing import session_verdict, standing_lines, why_unjudged
from pytest_quant.reports.terminal import tokens_per_second
from pytest_quant.reports.thinking import thinking_notes

_WORST_FAILURES = 6
_MOST_FAILURES = 50
_MOST_PATTERNS = 14
_TITLES = {
    "levels": "Levels",
    "heat": "Drop by category and level",
    "abilities": "What each ability lost",
    "probes": "Drop by probe",
    "failures": "What failed",
    "baselines": "Against the recorded baselines",
    "curves": "Degradation",
    "size": "Size against quality",
    "likelihood": "How likely the right answers are",
    "fallback": "Where a level is unsure: asking the reference instead",
    "together": "What the levels buy and cost",
    "patterns": "How answers are wrong",
    "context": "Long context: length by depth",
    "cases": "Cases",
    "silent": "Probes that say nothing here",
    "provenance": "Provenance",
}


def view(record: RunRecord) -> dict[str, Any]:
    """The values of the template, but for the cases; ``sections`` are those that the page has, by
    the name of their anchor, in the order in which they come.
    """
    values = _values(record)
    failures = values["failures"]
    there = {
        "levels": True,
        "heat": values["heat"],
        "abilities": values["abilities"],
        "probes": values["by_probe"],
        "failures": any(
            failures[kind] for kind in ("count", "far", "unlikely", "problems", "short")
        ),
        "baselines": values["baselines"] or values["no_baselines"],
        "curves": values["close_curve"],
        "size": values["pareto"] or values["divergence_by_size"],
        "divergence": record.divergences,
        "likelihood": values["likelihoods"] or values["unread"],
        "fallback": values["fallback"],
        "together": values["together"] or values["notes"],
        "patterns": values["patterns"] or values["behaviour"],
        "context": values["grids"],
        "cases": True,
        "silent": values["silent"],
        "provenance": True,
    }
    titles = _TITLES | {"divergence": f"KL divergence from {record.reference}"}
    return {**values, "sections": {name: titles[name] for name in there if there[name]}}


def _values(record: RunRecord) -> dict[str, Any]:
    levels = levels_under_test(record)
    return {
        "record": record,
        "state": session_verdict(record),
        "standing": list(standing_lines(record)),
        "advice": list(advice(record)),
        "reference": record.level(record.reference),
        "reference_speed": tokens_per_second(record, record.reference),
        "levels": [_level(record, level) for level in levels],
        "heat": list(_heat(record, levels)),
        "abilities": ability_table(record, [level.name for level in levels]),
        "guide_curve": _markup(figures.guide_curve(record)),
        "close_curve": _markup(figures.close_curve(record)),
        "category_curves": [(name, Markup(svg)) for name, svg in figures.category_curves(record)],
        "pareto": _markup(sizes.pareto(record)),
        "divergence_by_size": _markup(sizes.divergence_by_size(record)),
        "by_probe": by_probe(record, levels),
        "baselines": [
            {
                "level": use.level,
                "lines": [*recorded_lines(record, use.level), *as_before(use.changes)],
            }
            for use in record.baselines
            if use.found
        ],
        "together": [*session_lines(record), *thinking_notes(record)],
        "notes": [
            (level.name, lines)
            for level in levels
            if (lines := list(level_lines(record, level.name)))
        ],
        "noise": list(noise_lines(record)),
        "no_baselines": [*missing_baselines(record), *unused_baselines(record)],
        "divergence": _markup(figures.divergence(record)),
        "likelihoods": rows(record, [level.name for level in levels]),
        "unread": list(unread_lines(record)),
        "fallback": _markup(fallback_curves(record)),
        "fallback_sentences": sentences(record),
        "patterns": _patterns(record, levels),
        "behaviour": list(_behaviour(record, levels)),
        "grids": _grids(record),
        "failures": _failures(record),
        "silent": by_reason(record.measurements),
        "probes": len({m.probe for m in record.measurements}),
        "artifacts": [record.level(record.reference), *levels],
        "file_words": partial(file_words, record),
        "prompts": _prompts([record.level(record.reference), *levels]),
    }


def _level(record: RunRecord, level: LevelRecord) -> dict[str, Any]:
    return {
        "level": level,
        "pooled": pooled_check(record, level.name),
        "why_unjudged": why_unjudged(record, level),
        "speed": tokens_per_second(record, level.name),
    }


def _heat(record: RunRecord, levels: list[LevelRecord]) -> Iterator[dict[str, Any]]:
    """A row for each category, and one for all."""
    checks, silent = category_checks(record), silent_categories(record)
    for category in sorted({category for category, _ in (*checks, *silent)}):
        places = [(category, level.name) for level in levels]
        cells = [_cell(checks.get(place), silent.get(place, "")) for place in places]
        yield {"name": category, "cells": cells}
    sets = set_checks(record)
    for test in sorted({test for test, _ in sets}):
        cells = [_cell(sets.get((test, level.name))) for level in levels]
        yield {"name": test, "cells": cells}
    pooled = [_cell(pooled_check(record, level.name)) for level in levels]
    if any(pooled):
        yield {"name": "overall", "cells": pooled}


def _cell(check: Check | None, silent: str = "") -> dict[str, Any] | None:
    """``silent``: why there is nothing to tell, whether there is a check or not."""
    if check is None:
        return {"check": None, "silent": silent} if silent else None
    return {
        "check": check,
        "result": check.result,
        "shade": shade(check.result.drop),
        "silent": silent or check.result.uninformative,
    }


def _patterns(record: RunRecord, levels: list[LevelRecord]) -> list[dict[str, Any]]:
    """How often each error pattern occurs at each level and, on the same cases, before."""
    counts: dict[str, dict[str, list[int]]] = {}
    for row in pattern_counts(record.measurements):
        cell = counts.setdefault(row.pattern, {}).setdefault(row.level, [0, 0])
        cell[0] += row.reference
        cell[1] += row.count
    total = Counter({name: sum(sum(c) for c in cells.values()) for name, cells in counts.items()})
    most = max((max(c) for cells in counts.values() for c in cells.values()), default=0)
    return [
        {
            "name": name,
            "cells": [
                {
                    "reference": before,
                    "count": now,
                    "before_width": round(100 * before / most, 1),
                    "width": round(100 * now / most, 1),
                }
                for before, now in (counts[name].get(level.name, [0, 0]) for level in levels)
            ],
        }
        for name, _ in total.most_common(_MOST_PATTERNS)
    ]


def _behaviour(record: RunRecord, levels: list[LevelRecord]) -> Iterator[dict[str, Any]]:
    """What is told of the errors besides their patterns, where any probe can tell it."""
    made_up = {row.level: row for row in hallucinations(record.measurements)}
    if made_up:
        told = [made_up.get(level.name) for level in levels]
        cells = [row and _share(row.count, row.reference, row.responses) for row in told]
        yield {"name": "made something up", "cells": cells}
    pairs = [pair_counts(record.of_level(level.name)) for level in levels]
    if any(now.pairs for _, now in pairs):
        cells = [_share(now.broken, before.broken, now.pairs) for before, now in pairs]
        yield {"name": "pairs broken", "cells": cells}


def _share(count: int, reference: int, of: int) -> dict[str, int]:
    return {"count": count, "reference": reference, "of": of}


def _grids(record: RunRecord) -> list[dict[str, Any]]:
    """Length by depth of a fact, for each level that was asked long passages."""
    return [
        {
            "level": grid.level,
            "least": min(cell.n for cell in grid.cells.values()),
            "most": max(cell.n for cell in grid.cells.values()),
            "columns": grid.columns,
            "rows": [
                (row, [_place(grid.cells.get((row, column))) for column in grid.columns])
                for row in grid.rows
            ],
        }
        for grid in by_two_facets(record.measurements, "length", "depth")
    ]


def _place(counts: FacetRow | None) -> dict[str, Any] | None:
    if counts is None:
        return None
    drop = 100 * (counts.reference_correct - counts.level_correct) / counts.n
    return {
        "n": counts.n,
        "before": 100 * counts.reference_correct / counts.n,
        "now": 100 * counts.level_correct / counts.n,
        "shade": shade(drop),
    }


def _failures(record: RunRecord) -> dict[str, Any]:
    """Why checks failed, the worst first: some at once, more on demand, the others counted."""
    failed = failed_checks(record)
    told = [(check, failure_text(record, check)) for check in failed[:_MOST_FAILURES]]
    return {
        "count": len(failed),
        "problems": record.problems[:_MOST_FAILURES],
        "short": [(use.level, shortfall_text(use)) for use in record.baselines if use.is_short],
        "worst": told[:_WORST_FAILURES],
        "further": told[_WORST_FAILURES:],
        "untold": max(0, len(failed) - _MOST_FAILURES),
        "far": [
            (check, divergence_text(record, check))
            for check in record.divergence_checks
            if check.result.verdict == "fail"
        ],
        "unlikely": [
            (check, likelihood_text(record, check))
            for check in record.likelihood_checks
            if check.result.verdict == "fail"
        ],
    }


def _prompts(levels: list[LevelRecord]) -> dict[str, list[str]]:
    """How models are asked, and which."""
    found: dict[str, list[str]] = {}
    for level in levels:
        if level.prompt:
            found.setdefault(level.prompt, []).append(level.name)
    return found


def _markup(svg: str | None) -> Markup | None:
    return None if svg is None else Markup(svg)

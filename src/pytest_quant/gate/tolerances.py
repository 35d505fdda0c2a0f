"""How much a level may lose: read from the guide's tables, so that nobody has to trust us.

The numbers live in ``baselines/expected_impact.json``, each with the table it comes from; this
module holds the rule that turns them into one limit per level and category.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from pytest_quant.base.amounts import in_points
from pytest_quant.base.categories import CATEGORIES
from pytest_quant.base.files import read_json
from pytest_quant.errors import QuantUsageError

Sensitivity = Literal["resilient", "moderate", "sensitive"]

# A project's own limits: (level as the project names it, category, or None for all probes).
Overrides = Mapping[tuple[str, str | None], float]

# Whose limits hold where the user set none.
GUIDE_LIMITS = "the guide's limits"

_PLACE_IN_RANGE: dict[Sensitivity, float] = {"resilient": 0.0, "moderate": 0.5, "sensitive": 1.0}
_BASE = "f16"
_LEVELS = ("f16", "q8", "q6", "q5", "q4", "q3", "q2")
# The scores are printed to one decimal, so their differences have no more.
_DECIMALS = 1


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Allowed drops in percentage points, and what the guide expects in words.

    ``ranges``: (low, high) per level; ``sensitivity`` per category; ``measured``: drop per task
    and level; ``expected``: a phrase per category and level, ``None`` where the guide has none.
    ``margin`` is what the user accepts in the place of all of these.
    """

    ranges: Mapping[str, tuple[float, float]]
    sensitivity: Mapping[str, Sensitivity]
    pooled_sensitivity: Sensitivity
    measured: Mapping[str, Mapping[str, float]]
    expected: Mapping[str, Mapping[str, str | None]]
    smallest_limit: float
    overrides: Overrides
    margin: float | None = None

    def tolerance(
        self,
        level: str,
        category: str | None = None,
        task: str | None = None,
        *,
        name: str | None = None,
    ) -> float:
        """The limit for a level (by its name in the guide), in percentage points.

        ``category`` ``None`` means all probes of the level together. One that is not the guide's
        has the limits that it was registered with, else those of all probes. A ``task`` that the
        guide measured at this level takes the place of the category. The margin wins over both, an
        override over all; it is looked up by ``name``, what the project calls the level, where that
        differs. Raises
        ``QuantUsageError`` for a level or a task that the tables do not have, and for a category
        that nobody registered.
        """
        _require_known("level", level, self.ranges)
        if category is not None and category not in self.sensitivity:
            CATEGORIES.get(category)
        if task is not None:
            _require_known("task", task, self.measured)
        override = self.overrides.get((name or level, category), self.margin)
        if override is not None:
            return override
        measured = self.measured[task].get(level) if task is not None else None
        limit = self._limit_of_class(level, category) if measured is None else measured
        return max(limit, self.smallest_limit)

    def source(self, level: str, category: str | None) -> str:
        """Whose the limit is, in words; ``level`` as the project calls it."""
        if (level, category) in self.overrides:
            return "set by quant_tolerances"
        return GUIDE_LIMITS if self.margin is None else "your margin"

    def _limit_of_class(self, level: str, category: str | None) -> float:
        sensitivity = self.pooled_sensitivity
        if category is not None and category in self.sensitivity:
            sensitivity = self.sensitivity[category]
        elif category and (stated := CATEGORIES.get(category).tolerances.get(level)) is not None:
            return stated
        low, high = self.ranges[level]
        return low + _PLACE_IN_RANGE[sensitivity] * (high - low)


def read_tolerances(
    path: Path, overrides: Overrides | None = None, margin: float | None = None
) -> Tolerances:
    """Read and validate an expected-impact file.

    Raises ``QuantUsageError`` naming the file and the field if it cannot be read or does not
    follow the schema, and naming the entry if an override does not fit the tables.
    """
    data = _read_json(path)
    _validate(data, path)
    sensitivity = {name: entry["sensitivity"] for name, entry in data["categories"].items()}
    expected = {
        name: MappingProxyType({level: entry["expected"][level] for level in _LEVELS[1:]})
        for name, entry in data["categories"].items()
    }
    measured = {
        task: MappingProxyType(_measured_drops(scores))
        for task, scores in data["measured"]["tasks"].items()
    }
    tolerances = Tolerances(
        ranges=MappingProxyType(_ranges(data, path)),
        sensitivity=MappingProxyType(sensitivity),
        pooled_sensitivity=data["pooled"]["sensitivity"],
        measured=MappingProxyType(measured),
        expected=MappingProxyType(expected),
        smallest_limit=data["smallest_limit"]["points"],
        overrides=MappingProxyType(dict(overrides or {})),
        margin=margin,
    )
    for (level, category), points in tolerances.overrides.items():
        if category is not None and category not in sensitivity:
            CATEGORIES.get(category)
        if not 0 <= points <= 100:
            raise QuantUsageError(
                f"tolerance override for {level}, {category or 'all probes'}: {in_points(points)}; "
                "a drop of accuracy lies between 0 and 100 percentage points"
            )
    return tolerances


def _ranges(data: Mapping[str, Any], path: Path) -> dict[str, tuple[float, float]]:
    tables = [data["ranges"][section]["levels"] for section in ("section_5", "section_2")]
    ranges: dict[str, tuple[float, float]] = {}
    for level in _LEVELS:
        rows = [table[level] for table in tables if level in table]
        for row in rows:
            if row["low"] > row["high"]:
                raise QuantUsageError(
                    f"{path}: ranges of {level}: low {row['low']:g} is above high "
                    f"{row['high']:g}; swap them"
                )
        ranges[level] = (min(row["low"] for row in rows), min(row["high"] for row in rows))
    for level, entry in data["read_as"].items():
        ranges[level] = ranges[entry["level"]]
    return ranges


def _measured_drops(scores: Mapping[str, Any]) -> dict[str, float]:
    sign = 1 if scores["better"] == "higher" else -1
    return {
        level: round(sign * (scores[_BASE] - scores[level]), _DECIMALS)
        for level in _LEVELS
        if level in scores and level != _BASE
    }


def _read_json(path: Path) -> Any:
    try:
        return read_json(path)
    except OSError as error:
        raise QuantUsageError(
            f"{path}: cannot read the expected impact: {error.strerror}"
        ) from error
    except ValueError as error:
        raise QuantUsageError(f"{path}: not valid JSON: {error}") from error


def _validate(data: Any, path: Path) -> None:
    schema_file = resources.files(__package__).joinpath("expected_impact.schema.json")
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    error = best_match(Draft202012Validator(schema).iter_errors(data))
    if error is not None:
        field = error.json_path.removeprefix("$").lstrip(".") or "the whole file"
        found = error.message if len(error.message) <= 200 else f"{error.message[:200]} ..."
        raise QuantUsageError(
            f"{path}: {field}: {found}\n"
            "the form is in pytest_quant/gate/expected_impact.schema.json"
        )


def _require_known(what: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise QuantUsageError(f"{what} {name!r} is not in the tables; known: {', '.join(known)}")

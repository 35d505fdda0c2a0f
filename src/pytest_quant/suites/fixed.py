"""A probe that asks given questions and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_quant.probes.model import Probe
from pytest_quant.suites.rows import Row


def fixed_probe(questions: Sequence[tuple[Row, Mapping[str, Any]]], **fields: Any) -> Probe:
    """A probe of questions from a file, in its order, each with the values of its template.

    A question that is asked twice counts once. ``fields`` are those of ``Probe``.
    """
    first, _ = questions[0]
    prompt: str = fields["prompt"]
    distinct = {prompt.format_map(values): values for _, values in reversed(questions)}
    pinned = tuple(reversed(distinct.values()))
    return Probe(path=first.path, line=first.line, pinned=pinned, cases=len(pinned), **fields)

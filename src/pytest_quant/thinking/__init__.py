"""Tells what a model thinks from what it answers, by the marks that model families use."""

from pytest_quant.thinking.allowance import WINDOW, Allowance, may_end_a_mark
from pytest_quant.thinking.empty import empty_thought, has_thought, opens_thinking, shut
from pytest_quant.thinking.reading import Reading, closes_thinking, left_open, only_marks, read

__all__ = [
    "WINDOW",
    "Allowance",
    "Reading",
    "closes_thinking",
    "empty_thought",
    "has_thought",
    "left_open",
    "may_end_a_mark",
    "only_marks",
    "opens_thinking",
    "read",
    "shut",
]

"""Tells what a model thinks from what it answers, by the marks that model families use."""

from pytest_quant.thinking.reading import Reading, left_open, only_marks, read

__all__ = ["Reading", "left_open", "only_marks", "read"]

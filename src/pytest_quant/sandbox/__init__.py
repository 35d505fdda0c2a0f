"""Runs Python code that nobody trusts: in a process that sees, writes and uses next to nothing."""

from pytest_quant.sandbox.process import Ended, Limits, require, run

__all__ = ["Ended", "Limits", "require", "run"]

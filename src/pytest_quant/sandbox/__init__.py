"""Runs Python code that nobody trusts: in a process that sees, writes and uses next to nothing."""

from pytest_quant.sandbox.process import Ended, Limits, Running, linked, require, run

__all__ = ["Ended", "Limits", "Running", "linked", "require", "run"]

"""Parses hostile Python code, and never runs any."""

from __future__ import annotations

import ast
import warnings


def parsed(text: str) -> ast.Module | SyntaxError | None:
    """The syntax tree of hostile text, the error at a place in it, or ``None`` if it cannot be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError):
            return None

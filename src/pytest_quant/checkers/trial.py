"""Runs a program against its tests in the sandbox, and tells which one it failed.

The tests are Python code, trusted configuration. Every ``assert`` in them becomes a comparison
that knows its own words, so that a failure names the test, what was expected and what came.
"""

from __future__ import annotations

import ast
import secrets
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from pytest_quant.sandbox import Limits, run

_MAX_WORDS = 160
_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


@dataclass(frozen=True, slots=True)
class Trial:
    """How a program fared, and one sentence about it."""

    result: Literal["passed", "failed test", "crash", "timeout"]
    reason: str


def try_program(program: str, tests: str, seconds: int) -> Trial:
    """Run ``program``, then the watched ``tests`` where its names are known.

    ``seconds`` of processor time for all of it. Raises ``SandboxUnavailable`` if nothing can be
    isolated here.
    """
    script = resources.files(__package__).joinpath("trial_inside.py").read_text("utf-8")
    # A program that ends the process early, or prints what it likes, does not know the word.
    word = secrets.token_hex(16)
    data = "\0".join((word, program, tests)).encode("utf-8", "replace")
    # Only what waits for something is ended by the clock, which a busy machine must not decide.
    ended = run(script, data, Limits(cpu_seconds=seconds, wall_seconds=20.0 + 5 * seconds))
    said = ended.output.decode("utf-8", "replace").split("\n", 2)
    if len(said) == 3 and said[0] == word:
        match said[1]:
            case "passed":
                return Trial("passed", "passes every test")
            case "failed test":
                return Trial("failed test", said[2])
            case _:
                return Trial("crash", said[2])
    if ended.how == "timeout":
        return Trial("timeout", f"ran longer than {seconds} s of processor time")
    return Trial("crash", f"ended the process before the tests did (status {ended.status})")


@lru_cache(maxsize=64)
def watched(tests: str) -> str:
    """The tests, each of whose assertions tells what came where it does not hold.

    Raises ``ValueError`` if they cannot be read or assert nothing.
    """
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"the tests are not Python code: {error}") from error
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        raise ValueError("the tests assert nothing; expected statements such as: assert f(2) == 4")
    return ast.unparse(ast.fix_missing_locations(_Watch().visit(tree)))


class _Watch(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        """``assert a == b`` compares with both sides at hand, any other looks at its truth.

        Both are worked out where their words are known, so that what they raise is told with them.
        """
        match node.test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                name, arguments = "__equal__", [left, right]
            case test:
                name, arguments, left = "__true__", [test], test
        words = ast.unparse(left)
        if len(words) > _MAX_WORDS:
            words = f"{words[: _MAX_WORDS - 3]}..."
        later = [ast.Lambda(_NO_ARGUMENTS, argument) for argument in arguments]
        return ast.Expr(ast.Call(ast.Name(name, ast.Load()), [*later, ast.Constant(words)], []))

"""Runs a program against its tests, each in a sandbox of its own, and tells which one it failed.

The program only computes: it gets arguments and hands back values, and never learns what is
expected. The tests are Python code, trusted configuration. Every ``assert`` in them becomes a
comparison that knows its own words, so that a failure names the test, what was expected and what
came.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

from pytest_quant.checkers.parsing import parsed
from pytest_quant.sandbox import Ended, Limits, linked

_MAX_WORDS = 160
_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])
_SHARED = ("wire", "handles", "peer")


@dataclass(frozen=True, slots=True)
class Trial:
    """How a program fared, and one sentence about it."""

    result: Literal["passed", "failed test", "crash", "timeout"]
    reason: str


def try_program(
    program: str, tests: str, seconds: int, *, entry: str, beginning: str = ""
) -> Trial:
    """Run ``program``, and the watched ``tests`` where its names are at hand.

    ``seconds`` of processor time for each of the two. The functions of a ``beginning`` but
    ``entry`` are the tests' own, whatever the program makes of them. Raises
    ``SandboxUnavailable`` if nothing can be isolated here.
    """
    parts = (program, _with_helpers(beginning, entry), tests, entry)
    data = "\0".join(part.replace("\0", " ") for part in parts).encode("utf-8", "replace")
    # Only what waits for something is ended by the clock, which a busy machine must not decide.
    limits = Limits(cpu_seconds=seconds, wall_seconds=20.0 + 5 * seconds)
    with linked(_script("tests_inside"), data, _script("program_inside"), limits) as (judge, other):
        said = judge.ended()
        found, _, reason = said.output.decode("utf-8", "replace").partition("\n")
        match found:
            case "passed" if said.how == "exited":
                return Trial("passed", "passes every test")
            case "failed test" | "crash":
                return Trial(found, reason)
            case "over" if reason == "ended":
                return _ended(other.ended(), seconds)
            case "over":
                return Trial("crash", f"broke off its tests: {reason}")
        return _ended(said, seconds)


def _ended(ended: Ended, seconds: int) -> Trial:
    if ended.how == "timeout":
        return Trial("timeout", f"ran longer than {seconds} s of processor time")
    return Trial("crash", f"ended the process before the tests did (status {ended.status})")


def _with_helpers(beginning: str, entry: str) -> str:
    """The beginning as code that can be run, if it defines a function besides ``entry``."""
    code = f"{beginning.rstrip()}\n    pass\n"
    tree = parsed(code) if beginning.strip() else None
    if not isinstance(tree, ast.Module):
        return ""
    helpers = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name != entry]
    return code if helpers else ""


@cache
def _script(side: str) -> str:
    """One side with the modules that it imports, as code that needs no file."""
    texts = {
        f"{__name__}.{name}": resources.files(__name__).joinpath(f"{name}.py").read_text("utf-8")
        for name in (*_SHARED, side)
    }
    return (
        "import sys\n"
        f"for name, text in {texts!r}.items():\n"
        "    module = sys.modules[name] = type(sys)(name)\n"
        "    exec(compile(text, name, 'exec'), vars(module))\n"
        "module.main()\n"
    )


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

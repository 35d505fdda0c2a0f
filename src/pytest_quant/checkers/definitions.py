"""Completes a program with what the response defines for it elsewhere: imports, helpers, constants.

Only names that the program uses and nobody binds are looked for, so that a program that stands on
its own stays as it is. Nothing is run.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterable, Iterator

from pytest_quant.checkers.parsing import parsed

_BUILTIN = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
# The longest chain of a helper that needs another that needs another.
_MOST_ROUNDS = 8


def completed(program: str, sources: Iterable[str]) -> str:
    """``program`` behind the statements of ``sources`` that bind what it lacks, in their order.

    Where several bind a name, the last of them counts.
    """
    if not _unbound(program):
        return program
    statements = [statement for source in sources for statement in _statements(source)]
    taken: set[int] = set()
    whole = program
    for _ in range(_MOST_ROUNDS):
        lacking = _unbound(whole)
        found = {
            max(i for i, (names, _) in enumerate(statements) if name in names)
            for name in lacking
            if any(name in names for names, _ in statements)
        }
        if lacking:
            found |= {i for i, (names, _) in enumerate(statements) if "*" in names}
        if found <= taken:
            break
        taken |= found
        added = "\n".join(statements[i][1] for i in sorted(taken))
        whole = _behind_its_future(added, program)
    return whole


def _behind_its_future(added: str, program: str) -> str:
    """``added`` before the program, but behind what has to stand first in it."""
    tree = parsed(program)
    first = 0
    for node in tree.body if isinstance(tree, ast.Module) else ():
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            first = node.end_lineno or first
    lines = program.split("\n")
    return "\n".join([*lines[:first], added, *lines[first:]])


def _statements(source: str) -> Iterator[tuple[set[str], str]]:
    """The statements of a text that is code, each with the names that it binds."""
    tree = parsed(source)
    if not isinstance(tree, ast.Module):
        return
    lines = source.split("\n")
    for node in tree.body:
        names = set(_bound(node))
        if names:
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(one.lineno for one in decorators)])
            yield names, "\n".join(lines[first - 1 : node.end_lineno])


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.ImportFrom(module="__future__"):
            pass
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.Assign() | ast.AnnAssign():
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    yield target.id
        case ast.Try() | ast.If():
            for inner in [*node.body, *node.orelse]:
                yield from _bound(inner)


def _unbound(program: str) -> set[str]:
    """The global names that a program uses and does not bind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            top = symtable.symtable(program, "<program>", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return set()
    bound, used = set(_BUILTIN), set()
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        for symbol in table.get_symbols():
            outermost = table is top or symbol.is_global()
            if outermost and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
            if outermost and symbol.is_referenced():
                used.add(symbol.get_name())
    return used - bound

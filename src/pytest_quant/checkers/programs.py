"""Finds the program in a response: in a fenced block, bare, or as the rest of a given beginning.

Nothing is run here. What a model wrote is only parsed, and of a very long response only the end.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pytest_quant.checkers.definitions import completed
from pytest_quant.checkers.parsing import parsed

MAX_CHARACTERS = 40_000
# How often at most a response without fences is parsed from, and up to, another line.
_MAX_TRIES = 8

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`{]*)[^`]*")
_PYTHON = frozenset({"", "python", "python3", "py", "py3"})
_IMPORTS = re.compile(r"(?:import|from) [\w.]")
_MOST_IMPORTS = 40
_BEGINS_CODE = re.compile(r"(?:async def|def|class|import|from) |@\w|[A-Za-z_]\w* = ")


@dataclass(frozen=True, slots=True)
class Program:
    """Python code that defines what was asked for; or, in ``problem``, why there is none.

    ``closed``: it stood in a complete block, so that a cut response does not matter.
    """

    text: str
    closed: bool = False
    problem: str = ""


def find_program(response: Blocks, entry: str, beginning: str = "") -> Program:
    """The program that defines ``entry``, with what the response defines for it elsewhere.

    ``beginning`` is code that the response continues, such as imports and a signature; it stands
    before the program, whether the response repeats it or not. ``problem`` is "syntax error" for
    code that does not parse, "no code" where there is none that concerns ``entry``.
    """
    python = [block for block in response.blocks if block.language in _PYTHON] or response.blocks
    python = _joined(python)
    # A complete block before one that was cut; among those the last one that defines what is
    # asked for, since the very last may only show how to use it.
    ordered = [block for block in reversed(python) if block.closed]
    ordered += [block for block in python if not block.closed]
    for find in (_whole, _continued):
        for block in ordered:
            if program := find(block.text, entry, beginning):
                others = (other.text for other in python if other is not block)
                imports = _import_lines(response.outside)
                elsewhere = chain(imports, others, _pieces(block.text))
                return Program(completed(program, elsewhere), block.closed)
    if ordered:
        block = ordered[0]
        return Program(
            block.text, block.closed, "syntax error" if _is_broken(block.text) else "no code"
        )
    text = response.outside
    program = _bare(text, entry, beginning) or _continued(text, entry, beginning)
    if program:
        return Program(completed(program, chain(_import_lines(text), _pieces(text))))
    begun = re.search(rf"^\s*(?:async )?def {re.escape(entry)}\b", text, re.MULTILINE)
    return Program(text, problem="syntax error" if begun else "no code")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its content, its language, and whether a fence ends it."""

    text: str
    language: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """A response taken apart: its fenced blocks, in order, and what stands beside them."""

    blocks: list[Block]
    outside: str

    @classmethod
    def of(cls, response: str) -> Blocks:
        """What is inside an indented block is moved left with its fence."""
        found: list[Block] = []
        outside: list[str] = []
        inside: list[str] = []
        opened: re.Match[str] | None = None
        for line in response[-MAX_CHARACTERS:].split("\n"):
            match = _FENCE.fullmatch(line)
            if opened is None:
                opened, inside = match, []
                if not match:
                    outside.append(line)
            elif match and not match["language"] and match["fence"].startswith(opened["fence"]):
                found.append(_block(opened, inside, closed=True))
                opened = None
            else:
                inside.append(line)
        if opened is not None:
            found.append(_block(opened, inside, closed=False))
        return cls(found, "\n".join(outside))


def _block(opened: re.Match[str], lines: list[str], *, closed: bool) -> Block:
    text = "\n".join(line.removeprefix(opened["indent"]) for line in lines)
    return Block(text, opened["language"].lower(), closed)


def _joined(blocks: list[Block]) -> list[Block]:
    """The blocks, those made one of which the second goes on in the middle of the first."""
    joined: list[Block] = []
    for block in blocks:
        before = joined[-1] if joined else None
        if before and before.closed and block.text.lstrip("\n")[:1] in (" ", "\t"):
            both = f"{before.text}\n{block.text}"
            if not _is_broken(both):
                joined[-1] = Block(both, before.language, block.closed)
                continue
        joined.append(block)
    return joined


def _is_broken(text: str) -> bool:
    return not isinstance(parsed(text), ast.Module)


def _whole(text: str, entry: str, beginning: str) -> str:
    """``text`` behind what goes before it, if it is code that defines ``entry``."""
    tree = parsed(text)
    if not isinstance(tree, ast.Module) or not _defines(tree, entry):
        return ""
    # The beginning ends with a signature: given any body, its imports and helpers are there.
    before = f"{beginning.rstrip()}\n    pass\n\n\n" if beginning.strip() else ""
    return text if _is_broken(before) else before + text


def _continued(text: str, entry: str, beginning: str) -> str:
    """``text`` as the rest of ``beginning``, if the two together define ``entry``."""
    if not beginning.strip():
        return ""
    head = f"{beginning.rstrip()}\n"
    for body in _bodies(text):
        tree = parsed(head + body)
        if isinstance(tree, ast.Module) and _defines(tree, entry):
            return head + body
    return ""


def _bodies(text: str) -> Iterator[str]:
    """The lines up to the first that stands at the margin again, as the body of a function."""
    lines = text.strip("\n").rstrip().split("\n")
    # Some runtimes take the white space off the first line.
    first, rest = lines[0], lines[1:]
    end = next((i for i, line in enumerate(rest) if line[:1].strip()), len(rest))
    yield "\n".join([first, *rest[:end]])
    yield "\n".join([f"    {first.lstrip()}", *rest[:end]])
    yield textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")


def _bare(text: str, entry: str, beginning: str) -> str:
    """Code without fences: from a line that looks like code, as far as it is code."""
    return next(filter(None, (_whole(piece, entry, beginning) for piece in _pieces(text))), "")


def _pieces(text: str) -> Iterator[str]:
    """From each of the first lines that look like code, as far as it is code."""
    lines = text.split("\n")
    begins = [i for i, line in enumerate(lines) if _BEGINS_CODE.match(line)]
    for begin in begins[:_MAX_TRIES]:
        yield _as_far_as_code(lines[begin:])


def _import_lines(text: str) -> list[str]:
    """The lines of prose that import something."""
    lines = [line for line in text.split("\n") if _IMPORTS.match(line)]
    return [line for line in lines[:_MOST_IMPORTS] if not _is_broken(line)]


def _as_far_as_code(lines: list[str]) -> str:
    for _ in range(_MAX_TRIES):
        tree = parsed("\n".join(lines))
        if isinstance(tree, ast.Module):
            return "\n".join(lines)
        if tree is None or not tree.lineno:
            break
        # Without the statement in which the error is.
        end = min(tree.lineno, len(lines)) - 1
        while end > 0 and not lines[end][:1].strip():
            end -= 1
        lines = lines[:end]
    return ""


def _defines(tree: ast.Module, entry: str) -> bool:
    """Whether ``entry`` is defined, as a function with more than a docstring or as a value."""
    for node in reversed(tree.body):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == entry:
                return any(not _is_text(statement) for statement in node.body)
            case ast.ClassDef() if node.name == entry:
                return True
            case ast.Assign() if any(_names(target, entry) for target in node.targets):
                return True
    return False


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _names(target: ast.expr, entry: str) -> bool:
    return isinstance(target, ast.Name) and target.id == entry

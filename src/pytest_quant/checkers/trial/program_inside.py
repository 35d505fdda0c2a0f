"""The side of the program: runs it, and does with what it defines whatever the tests ask.

Nothing here is trusted by the other side: a program may do with this process what it likes. It
travels into the sandbox as text, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys

from pytest_quant.checkers.trial.peer import Over, Peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_PRINTED = 2**20


class _Printed:
    """What is printed, until the tests hear it; of a flood the first megabyte."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = _MOST_PRINTED

    def write(self, text: str) -> int:
        """As of a stream."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """As of a stream."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As of a stream."""

    def isatty(self) -> bool:
        """As of a stream."""
        return False

    def taken(self) -> str:
        """What was printed since it was last taken."""
        text = "".join(self._parts)
        self._parts, self._room = [], _MOST_PRINTED
        return text


class _Program(Peer):
    def __init__(self, source: int, sink: int) -> None:
        super().__init__(source, sink)
        self._stream = _Printed()
        self._hand_over(self._begin)
        self._names: dict[str, Any] = {"__name__": "program"}
        self._hand_over(self._names)

    def printed(self) -> str:
        return self._stream.taken()

    def _begin(self, program: str, keyboard: Any) -> tuple[list[str], list[str]]:
        """Run the program; which names it defines, and which of them are modules."""
        sys.stdout = sys.stderr = self._stream
        sys.stdin = keyboard
        if "random" in program:
            __import__("random").seed(0)
        exec(compile(program, "<program>", "exec"), self._names)  # noqa: S102
        names = [name for name in self._names if type(name) is str and name[:2] != "__"]
        return names, [name for name in names if type(self._names[name]) is type(sys)]


def main() -> None:
    """Answer until the tests have no more questions."""
    source, sink = os.dup(0), os.dup(1)
    nowhere = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    program = _Program(source, sink)
    try:
        while True:
            program.serve()
    except Over:
        os._exit(0)

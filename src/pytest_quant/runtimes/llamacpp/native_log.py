"""What llama.cpp says: its log is the only place where it tells why something failed, and which
kernels it chose.
"""

from __future__ import annotations

import os
from collections import Counter, deque

from pytest_quant.base.amounts import counted

_lines: deque[tuple[int, str]] = deque(maxlen=40)
_ERROR = 4
_echoed_level = 99

# Told of every tensor that is rearranged while a model is loaded; the layout's name comes last.
_REPACKED = "repack: repack tensor "
_repacked: Counter[str] = Counter()


def keep(level: int, text: bytes) -> None:
    """Take what llama.cpp logs."""
    line = text.decode("utf-8", errors="replace")
    _lines.append((level, line))
    if _REPACKED in line:
        _repacked[line.split()[-1]] += 1
    if level == _echoed_level:
        os.write(2, text)


def clear() -> None:
    _lines.clear()
    _repacked.clear()


def echo_errors() -> None:
    """Write what llama.cpp calls an error to stderr at once: this process may not live on."""
    global _echoed_level
    _echoed_level = _ERROR


def last_lines(count: int = 4) -> str:
    """The last lines that were logged, oldest first: of errors, if there are any."""
    said = [text for level, text in _lines if level >= _ERROR] or [text for _, text in _lines]
    lines = [line for line in "".join(said).splitlines() if line.strip(" .")]
    return "\n".join(lines[-count:]) or "(llama.cpp logged nothing)"


def kernels() -> str:
    """For which kernels weights were rearranged since the log was cleared.

    Such as ``34 tensors as q4_K_8x8``, or ``as stored``.
    """
    kinds = sorted(_repacked.items())
    told = (f"{counted(count, 'tensor')} as {kind}" for kind, count in kinds)
    return ", ".join(told) or "as stored"

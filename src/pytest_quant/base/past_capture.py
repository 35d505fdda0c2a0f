"""A way to say why the process ends, past pytest's capture of standard error.

What is captured is shown when a test has ended. Where a library aborts in the middle of one, that
never comes.
"""

from __future__ import annotations

import os
from contextlib import suppress

_stderr = 2


def keep_stderr() -> None:
    """Remember where standard error leads now, before a test's output is captured."""
    global _stderr
    if _stderr == 2:
        with suppress(OSError):
            _stderr = os.dup(2)


def say(text: str) -> None:
    """Write to where standard error led, at once, on a line of its own."""
    with suppress(OSError):
        os.write(_stderr, f"\n{text}\n".encode("utf-8", "backslashreplace"))

"""What a command says while it works, on the standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress

from pytest_quant.base.harmless import harmless

# Seconds between two lines about how far it is.
_EVERY_S = 10.0


def tell(text: str) -> None:
    """Progress goes to the standard error, if anybody listens."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(harmless(text), file=sys.stderr)


def progress_of(what: str) -> Callable[[int, int], None]:
    """Tells after the first of so many, then from time to time, and at the end."""
    began = time.monotonic()
    last = -_EVERY_S

    def told(done: int, total: int) -> None:
        nonlocal last
        spent = time.monotonic() - began
        if spent - last >= _EVERY_S or done == total:
            last = spent
            left = spent / done * (total - done)
            tell(f"{what} {done} of {total}, about {left:.0f} s left")

    return told

"""How llama.cpp's threads wait for each other.

OpenMP's waiting threads spin by default. On a machine with any other work they thereby keep the
cores from the very threads that they wait for: beside one busy process, the same decoding took
20 s instead of 2.5 s. Threads that sleep at once cost a fifth of the speed on a quiet machine;
spinning for some ten microseconds first costs nothing there and little beside other work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# GNU's OpenMP counts the turns of its waiting loop; others only know whether to sleep.
_SETTINGS = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"}


@contextmanager
def short_spinning() -> Iterator[None]:
    """Load OpenMP inside this, and its threads soon sleep while they wait.

    OpenMP reads these variables once, when its library is loaded. A user who set one of them has
    decided. The environment is left as it was.
    """
    if any(name in os.environ for name in _SETTINGS):
        yield
        return
    os.environ.update(_SETTINGS)
    try:
        yield
    finally:
        for name in _SETTINGS:
            del os.environ[name]

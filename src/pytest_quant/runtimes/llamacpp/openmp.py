"""How llama.cpp's threads wait for each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_POLICY = "OMP_WAIT_POLICY"


@contextmanager
def sleeping_threads() -> Iterator[None]:
    """Load OpenMP inside this and its waiting threads sleep, unless the user chose otherwise.

    They spin by default. On a machine with any other work, spinning threads keep the cores from
    the very threads that they wait for: the same decoding took 30 s spinning and 2 s sleeping
    beside two busy processes. OpenMP reads the policy once, when its library is loaded.
    """
    if _POLICY in os.environ:
        yield
        return
    os.environ[_POLICY] = "passive"
    try:
        yield
    finally:
        del os.environ[_POLICY]

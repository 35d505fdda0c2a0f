"""What holds of every generator of cases, whatever it asks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import islice
from types import ModuleType
from typing import Any


def public_functions(*modules: ModuleType) -> set[str]:
    """The names of the functions and classes that the modules themselves define for others."""
    return {
        name
        for module in modules
        for name, found in vars(module).items()
        if callable(found) and found.__module__ == module.__name__ and not name.startswith("_")
    }


def assert_pure_and_seeded(
    draw: Callable[[], Iterable[dict[str, Any]]], *, count: int = 40, more_than: int = 20
) -> None:
    """Two draws of ``count`` agree, leave the global source alone, and repeat little."""
    before = random.getstate()
    one, two = (list(islice(draw(), count)) for _ in range(2))
    assert one == two
    assert random.getstate() == before
    assert len({str(values) for values in one}) > more_than

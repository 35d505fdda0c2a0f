"""From JSON back to the dataclasses that it was made of; the way there is ``asdict``."""

from __future__ import annotations

from typing import Any, TypeVar

from cattrs import Converter

_T = TypeVar("_T")
# What is read was written by this package, or has met a schema: errors need no path of their own.
_CONVERTER = Converter(detailed_validation=False)


def structured(raw: Any, kind: type[_T]) -> _T:
    """An object of a dataclass; what else is in ``raw`` is left out.

    Raises ``ValueError``, ``KeyError`` or ``TypeError`` for what does not fit.
    """
    return _CONVERTER.structure(raw, kind)

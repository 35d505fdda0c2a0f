"""Lengths of time as people write and read them: ``1h30m``, ``90s``, ``about 12 min``."""

from __future__ import annotations

import math
import re

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_PARTS = re.compile(
    rf"(?:{_NUMBER}\s*h(?:ours?)?)?\s*(?:{_NUMBER}\s*m(?:in(?:utes?)?)?)?\s*"
    rf"(?:{_NUMBER}\s*s(?:ec(?:onds?)?)?)?",
    re.IGNORECASE,
)
EXPECTED = "a time above 0, such as 30m, 90s or 1h30m; a number alone is seconds"
# A year: more is a slip of the finger, and no clock has to reckon with it.
_MOST = 366 * 24 * 3600.0


def parse_duration(text: str) -> float:
    """Seconds; raises ``ValueError`` that says what is expected."""
    plain = text.strip()
    if re.fullmatch(_NUMBER, plain):
        seconds = float(plain)
    else:
        match = _PARTS.fullmatch(plain) if plain else None
        amounts = match.groups() if match else ()
        seconds = sum(
            float(amount) * unit
            for amount, unit in zip(amounts, _SECONDS.values(), strict=False)
            if amount
        )
    return checked_duration(seconds, text)


def checked_duration(seconds: float, found: object) -> float:
    """The same seconds; raises ``ValueError`` for what is no time that a run can be given."""
    if not 0 < seconds <= _MOST:
        raise ValueError(f"found {found!r:.60}, expected {EXPECTED}")
    return seconds


def about(seconds: float) -> str:
    """As coarse as a forecast is: ``8 s``, ``12 min``, ``3.5 h``; empty below one second."""
    if seconds < 1:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def exactly(seconds: float) -> str:
    """As somebody set it: ``30 min``, ``1 h 30 min``, ``90 s``."""
    whole = math.floor(seconds)
    if whole != seconds or whole < 120:
        return f"{seconds:g} s"
    hours, rest = divmod(whole, 3600)
    parts = ((hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount)

"""The domains of parameters: drawing from them, and going through all that they allow."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

Domain = Mapping[str, Any]

# More combinations than these are not gone through: draws hit all but a few of them.
_MOST = 100_000


def draw(rng: random.Random, domain: Domain) -> Any:
    """One value, each as likely as another."""
    if "choice" in domain:
        return rng.choice(domain["choice"])
    low, high, unit = _grid(domain)
    return rng.randint(low, high) * unit


def combinations(parameters: Mapping[str, Domain]) -> Iterator[dict[str, Any]]:
    """A value for each parameter, in every way, in order; none if there are too many ways."""
    if parameters and math.prod(map(_size, parameters.values())) <= _MOST:
        for values in product(*map(_members, parameters.values())):
            yield dict(zip(parameters, values, strict=True))


def _size(domain: Domain) -> int:
    if "choice" in domain:
        return len(domain["choice"])
    low, high, _ = _grid(domain)
    return high - low + 1


def _members(domain: Domain) -> Sequence[Any]:
    if "choice" in domain:
        return list(domain["choice"])
    low, high, unit = _grid(domain)
    return [n * unit for n in range(low, high + 1)]


def _grid(domain: Domain) -> tuple[int, int, int | Decimal]:
    """The ends of a domain of numbers, counted in its unit, and the unit."""
    if "integer" in domain:
        low, high = domain["integer"]
        return low, high, 1
    unit = Decimal(1).scaleb(-domain["places"])
    low, high = (int(Decimal(end) / unit) for end in domain["decimal"])
    return low, high, unit

"""Tasks about the most frequent value of a list, which differ in what to do where several are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.programming import Call, Long, Variant, task_of, with_tests


def most_frequent(rng: Random) -> dict[str, Any]:
    """A task with its tests, in which a program that takes quadratic time is too slow."""
    return with_tests(
        task_of(rng, _VARIANTS, ("most_frequent", "frequent", "by_frequency", "tally"))
    )


def _counted(values: Sequence[int]) -> tuple[Counter[int], int]:
    counts = Counter(values)
    return counts, max(counts.values(), default=0)


def _tied(values: Sequence[int]) -> list[int]:
    """The most frequent values, in the order in which they first appear."""
    counts, most = _counted(values)
    return [value for value, count in counts.items() if count == most]


def _numbers(rng: Random) -> tuple[list[int]]:
    """A list in which ties for the first place are common."""
    values = rng.sample(range(-9, 30), rng.randint(2, 4))
    most = rng.randint(1, 3)
    listed = [value for value in values for _ in range(rng.choice((most, most, 1)))]
    rng.shuffle(listed)
    return (listed,)


def _last_seen(values: Sequence[int]) -> int:
    tied = set(_tied(values))
    return next(value for value in reversed(values) if value in tied)


# Comparing each of its values with every other one takes longer than the tests may take.
_LARGE = Long([*range(50_000), 7], "[*range(50000), 7]")
_TIES: tuple[Call, ...] = (
    ([4],),
    ([2, 2, 1, 1],),
    ([1, 1, 2, 2],),
    ([5, -5, -5, 5, 0],),
    ([3, 1, 1, 3],),
    (_LARGE,),
)
_OR_NONE: tuple[Call, ...] = (([],), *_TIES)
_OF_LIST = "takes a list of whole numbers and returns"
_VARIANTS = (
    Variant(
        f"{_OF_LIST} the one that occurs most often; among several, the one that comes first in "
        "the list",
        lambda values: _tied(values)[0],
        _numbers,
        _TIES,
    ),
    Variant(
        f"{_OF_LIST} the one that occurs most often; among several, the smallest",
        lambda values: min(_tied(values)),
        _numbers,
        _TIES,
    ),
    Variant(
        f"{_OF_LIST} the one that occurs most often; among several, the largest",
        lambda values: max(_tied(values)),
        _numbers,
        _TIES,
    ),
    Variant(
        f"{_OF_LIST} the one that occurs most often; among several, the one that is seen last "
        "when the list is read from left to right",
        _last_seen,
        _numbers,
        _TIES,
    ),
    Variant(
        f"{_OF_LIST} how often the most frequent of them occurs, which is 0 for an empty list",
        lambda values: _counted(values)[1],
        _numbers,
        _OR_NONE,
    ),
    Variant(
        f"{_OF_LIST} a list of all that occur most often, in the order in which they first appear",
        _tied,
        _numbers,
        _OR_NONE,
    ),
    Variant(
        f"{_OF_LIST} the one that occurs most often, the first in the list among several, or None "
        "if the list is empty",
        lambda values: _tied(values)[0] if values else None,
        _numbers,
        _OR_NONE,
    ),
    Variant(
        f"{_OF_LIST} a tuple of the one that occurs most often, the smallest among several, and "
        "how often it occurs",
        lambda values: (min(_tied(values)), _counted(values)[1]),
        _numbers,
        _TIES,
    ),
    Variant(
        f"{_OF_LIST} the one that more than half of them are, or None if there is none",
        lambda values: next((v for v in _tied(values) if 2 * values.count(v) > len(values)), None),
        lambda rng: ([rng.choice((1, 1, rng.randint(2, 5))) for _ in range(rng.randint(3, 9))],),
        _OR_NONE,
    ),
    Variant(
        f"{_OF_LIST} how many different ones there are that occur most often",
        lambda values: len(_tied(values)),
        _numbers,
        _OR_NONE,
    ),
)

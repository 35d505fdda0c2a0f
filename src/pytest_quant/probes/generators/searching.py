"""Tasks of searching a list in order, with tests that see how much of the list is read."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.programming import Call, Long, Variant, task_of, with_tests

_READS = 150
# A list that counts what is read from it, however it is read.
_WATCHED = f"""\
class Watched(list):
    reads = 0
    def __getitem__(self, index):
        found = list.__getitem__(self, index)
        self.reads += len(found) if isinstance(index, slice) else 1
        return found
def reading_all(method):
    def counted(self, *arguments, **options):
        self.reads += len(self)
        return getattr(list, method)(self, *arguments, **options)
    return counted
for method in "__iter__ __reversed__ __contains__ index count copy sort".split():
    setattr(Watched, method, reading_all(method))
def watched(values, *target):
    values = Watched(values)
    result = (NAME)(values, *target)
    assert values.reads <= {_READS}
    return result"""


def binary_search(rng: Random) -> dict[str, Any]:
    """A task with its tests, which a program that reads the list from end to end fails."""
    task = task_of(rng, _VARIANTS, ("search", "find", "locate", "look_up"))
    return with_tests(task, _WATCHED.replace("(NAME)", task["name"]), "watched")


def _ascending(rng: Random, *, repeats: bool = False) -> tuple[list[int], int]:
    values = sorted(rng.sample(range(100), rng.randint(3, 7)))
    if repeats:
        values = sorted([*values, *[rng.choice(values)] * rng.randint(1, 3)])
    return values, rng.choice((rng.choice(values), rng.choice(values), rng.randint(0, 99)))


def _repeating(rng: Random) -> tuple[list[int], int]:
    return _ascending(rng, repeats=True)


def _descending(rng: Random) -> tuple[list[int], int]:
    values, target = _ascending(rng)
    return values[::-1], target


def _rotated(rng: Random) -> tuple[list[int], int]:
    values, target = _ascending(rng)
    cut = rng.randrange(len(values))
    return [*values[cut:], *values[:cut]], target


def _mountain(rng: Random) -> tuple[list[int]]:
    values = rng.sample(range(100), rng.randint(3, 8))
    top, cut = max(values), rng.randrange(len(values))
    rest = [value for value in values if value != top]
    return ([*sorted(rest[:cut]), top, *sorted(rest[cut:], reverse=True)],)


def _index(values: Sequence[int], target: int) -> int:
    return values.index(target) if target in values else -1


def _last_index(values: Sequence[int], target: int) -> int:
    return max((i for i, value in enumerate(values) if value == target), default=-1)


_EVEN = range(0, 20_000, 2)
_LONG = (
    (_EVEN, 13_332),
    (_EVEN, 13_333),
    (_EVEN, 0),
    (_EVEN, 19_998),
    (_EVEN, -1),
    (_EVEN, 20_001),
)
_SHORT: tuple[Call, ...] = (([], 3), ([3], 3), ([3], 4), ([3, 5], 5), ([3, 5], 3))
_SAME = Long(
    [*range(3000), *[3000] * 4000, *range(3001, 6000)],
    "[*range(3000), *[3000] * 4000, *range(3001, 6000)]",
)
_MANY = ((_SAME, 3000), (_SAME, 2999), (_SAME, 3001), ([4] * 3, 4), ([1, 4, 4], 4), ([4, 4, 5], 4))
_DOWN = range(20_000, 0, -2)
_TURNED = Long([*range(7000, 10_000), *range(7000)], "[*range(7000, 10000), *range(7000)]")
_SLOPE = Long([*range(8000), *range(8000, 0, -2)], "[*range(8000), *range(8000, 0, -2)]")
_SORTED = "takes a list of whole numbers in ascending order and a number, and returns"
_VARIANTS = (
    Variant(
        f"{_SORTED} the index of the number in the list, whose numbers are all different, or -1 "
        "if it is not there",
        _index,
        _ascending,
        (*_LONG, *_SHORT),
    ),
    Variant(
        f"{_SORTED} the first index of the number in the list, where it may stand several times, "
        "or -1 if it is not there",
        _index,
        _repeating,
        (*_LONG, *_SHORT, *_MANY),
    ),
    Variant(
        f"{_SORTED} the last index of the number in the list, where it may stand several times, "
        "or -1 if it is not there",
        _last_index,
        _repeating,
        (*_LONG, *_SHORT, *_MANY),
    ),
    Variant(
        f"{_SORTED} at which index the number has to be inserted, before any that are equal, so "
        "that the list stays in order",
        lambda values, target: sum(value < target for value in values),
        _repeating,
        (*_LONG, *_SHORT, *_MANY),
    ),
    Variant(
        f"{_SORTED} at which index the number has to be inserted, behind any that are equal, so "
        "that the list stays in order",
        lambda values, target: sum(value <= target for value in values),
        _repeating,
        (*_LONG, *_SHORT, *_MANY),
    ),
    Variant(
        f"{_SORTED} how often the number stands in the list",
        lambda values, target: sum(value == target for value in values),
        _repeating,
        (*_LONG, *_SHORT, *_MANY),
    ),
    Variant(
        f"{_SORTED} the largest number of the list that is not above it, or None if there is none",
        lambda values, target: max((v for v in values if v <= target), default=None),
        _ascending,
        (*_LONG, *_SHORT),
    ),
    Variant(
        f"{_SORTED} the smallest number of the list that is above it, or None if there is none",
        lambda values, target: min((v for v in values if v > target), default=None),
        _repeating,
        (*_LONG, *_SHORT, *_MANY),
    ),
    Variant(
        "takes a list of different whole numbers in descending order and a number, and returns "
        "the index of the number in the list, or -1 if it is not there",
        _index,
        _descending,
        tuple((_DOWN, target) for target in (13_332, 13_333, 20_000, 2, 0)),
    ),
    Variant(
        "takes a list of different whole numbers and a number, and returns the index of the "
        "number in the list, or -1 if it is not there; the list was in ascending order until a "
        "part of its beginning was moved, as it is, to the end",
        _index,
        _rotated,
        (*_SHORT, *((_TURNED, n) for n in (0, 6999, 7000, 9999, 3500, 8500, 10_000))),
    ),
    Variant(
        "takes a list of different whole numbers that first ascend and then descend, where "
        "either part may be missing, and returns the index of the largest one",
        lambda values: values.index(max(values)),
        _mountain,
        ((_SLOPE,), (_EVEN,), (_DOWN,), ([5],)),
    ),
)

"""Which tokens prompts have in common, so that each is decoded once. Pure arithmetic.

Prompts of one probe begin alike, and some go on alike: questions about one passage, a clean
question and its perturbed twin, a few wordings of one template.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive ``tokens`` from ``position`` on, the same in all ``members`` (indices)."""

    tokens: Tokens
    position: int
    members: tuple[int, ...]


def common_prefix(prompts: Sequence[Tokens]) -> int:
    """Leading tokens that all prompts share, leaving each at least one of its own."""
    first = prompts[0]
    length = min(len(prompt) for prompt in prompts) - 1
    for prompt in prompts[1:]:
        differing = np.flatnonzero(first[:length] != prompt[:length])
        if len(differing):
            length = int(differing[0])
    return length


def shared_runs(prompts: Sequence[Tokens], start: int) -> Iterator[Run]:
    """Every token from position ``start`` on, in runs: a token is in one run of all who share it.

    All prompts agree before ``start`` and are longer. A member's runs come in the order of their
    positions, and its last token, after which its answer begins, is in a run of its own.
    """
    yield from _runs(prompts, tuple(range(len(prompts))), start)


def _runs(prompts: Sequence[Tokens], members: tuple[int, ...], start: int) -> Iterator[Run]:
    first = prompts[members[0]]
    if len(members) == 1:
        yield Run(first[start:], start, members)
        return
    end = common_prefix([prompts[member] for member in members])
    if end > start:
        yield Run(first[start:end], start, members)
    branches: dict[tuple[int, int], list[int]] = defaultdict(list)
    for member in members:
        prompt = prompts[member]
        alone = member if len(prompt) == end + 1 else -1
        branches[int(prompt[end]), alone].append(member)
    for branch in branches.values():
        yield from _runs(prompts, tuple(branch), end)

"""How much a session has to ask, and about how long that takes at a speed that was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pytest_quant.base.amounts import counted
from pytest_quant.base.durations import about, exactly
from pytest_quant.probes.model import Probe

_Asked = TypeVar("_Asked")

# A token that is written takes as long as so many that are read, in batches as probes have them.
WRITTEN = 8
# What comparing a level token by token takes, in tokens read: on the library's held text, and
# besides what a text of one's own takes.
HELD_TEXT = 90_000
BESIDES_TEXT = 35_000
# Of the room for an answer, the share that is written: chat models end well before it, but for
# those that loop.
_WRITTEN_SHARE = 0.4
_CHARACTERS_A_TOKEN = 4
# What a passage brings that its template does not show.
_PASSAGE = 1_000
# A case of a probe whose model answers come from the cache: it is drawn, read and checked.
_KEPT_S = 0.004


def weight(probe: Probe) -> float:
    """What a case of a probe takes beside that of others, as far as its file tells."""
    read = len(str(probe.prompt)) / _CHARACTERS_A_TOKEN
    read += _PASSAGE if probe.category == "long_context" else 0
    written = _WRITTEN_SHARE * probe.max_tokens if probe.by == "text" else 2
    return read + WRITTEN * written


def spread(asked: Iterable[_Asked], probe_of: Callable[[_Asked], Probe]) -> list[_Asked]:
    """One probe of each category after the other, those of a category that take least time first.

    The order follows from the probes alone. So wherever the clock ends it, every category had its
    share, and what was asked depends on no answer but by how far that went.
    """
    given = [*asked]
    categories = [*dict.fromkeys(probe_of(one).category for one in given)]
    turns: defaultdict[str, int] = defaultdict(int)
    in_turn: list[tuple[int, int, _Asked]] = []
    for one in sorted(given, key=lambda one: weight(probe_of(one))):
        category = probe_of(one).category
        in_turn.append((turns[category], categories.index(category), one))
        turns[category] += 1
    in_turn.sort(key=lambda turn: turn[:2])
    return [one for *_, one in in_turn]


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second, of all sequences together."""

    read: float
    write: float


@dataclass(frozen=True, slots=True)
class Share:
    """What is planned of one category: ``probes`` in all, ``cases`` of each level and of the
    reference, and of one case the tokens ``read``, and ``written`` at most.

    ``kept`` is the share of answers that an earlier session left.
    """

    probes: int
    cases: Mapping[str, int]
    reference: int
    read: float
    written: float
    kept: float = 0.0

    @property
    def asked(self) -> int:
        return sum(self.cases.values()) + self.reference


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be asked, by category; ``comparing`` tokens are read to compare ``compared``
    levels. ``budget`` is the time that was given.
    """

    shares: Mapping[str, Share]
    levels: int
    compared: int = 0
    comparing: int = HELD_TEXT
    budget: float | None = None
    speed: Speed | None = None

    def seconds(self) -> float | None:
        """About how long all of it takes; ``None`` if no speed is known."""
        speed = self.speed
        if speed is None:
            return None
        work = max(speed.read, WRITTEN * speed.write)
        total = 0.0 if self.is_kept else self.compared * self.comparing / work
        for share in self.shares.values():
            total += share.asked * (1 - share.kept) * _seconds_a_case(share, speed)
            total += share.asked * _KEPT_S
        return total

    @property
    def is_kept(self) -> bool:
        return bool(self.shares) and all(share.kept == 1 for share in self.shares.values())

    def told(self) -> tuple[str, str]:
        """How much that is, and how long it takes, as it stands above the first test."""
        probes = sum(share.probes for share in self.shares.values())
        cases = sum(share.asked for share in self.shares.values())
        most = sum(round(share.asked * share.written) for share in self.shares.values())
        tokens = f"{_round(_WRITTEN_SHARE * most)} tokens, at most {_round(most)}"
        return f"{counted(probes, 'probe')}, about {_round(cases)} cases, {tokens}", self._time()

    def _time(self) -> str:
        seconds = self.seconds()
        if self.is_kept:
            return "answers are kept of an earlier session: this one is quick"
        given = f"--quant-time gives {exactly(self.budget)}" if self.budget is not None else ""
        if seconds is None:
            return given or "how long that takes is told after the first answers"
        told = f"about {about(max(1.0, seconds))} on this machine"
        return f"{told}; {given}" if given else told


def _seconds_a_case(share: Share, speed: Speed) -> float:
    return share.read / speed.read + _WRITTEN_SHARE * share.written / speed.write


def comparing_tokens(text: Path | None) -> int:
    """What comparing takes, in tokens read: two readings of one's own text, 4 bytes a token."""
    if text is None:
        return HELD_TEXT
    with suppress(OSError):
        return 2 * text.stat().st_size // 4 + BESIDES_TEXT
    return HELD_TEXT


def weights(workload: Workload) -> dict[str, float]:
    """What a case of each category takes beside that of the others."""
    speed = workload.speed or Speed(WRITTEN, 1.0)
    return {name: _seconds_a_case(share, speed) for name, share in workload.shares.items()}


def _round(number: float) -> str:
    """To two digits: ``about 12,000``."""
    digits = max(0, len(str(int(number))) - 2)
    return f"{round(number, -digits):,.0f}"

"""How much of the held text is read where time is short, by a clock that reading makes go on."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest

from pytest_quant.errors import TimeOver
from pytest_quant.metrics.divergence import Chunk, Divergence
from pytest_quant.runtimes.protocol import Dialogues, PlainText
from pytest_quant.session.distances import text_distance
from pytest_quant.session.held_text import NOISE_CHARACTERS, part_of
from pytest_quant.session.session import Session
from pytest_quant.session.time_budget import TimeBudget

TEXT = Dialogues("a text", tuple((f"{i}?", f"{i}.") for i in range(100)))


@dataclass
class Reader:
    """In place of a bench: a dialogue takes a second, and no reading goes on beyond the time."""

    time: TimeBudget
    at: list[float]

    def diverge(self, level: str, reading: Dialogues, base: str = "") -> Divergence:  # noqa: ARG002
        self.time.check()
        wanted = float(len(reading.pairs))
        if wanted > self.time.left:
            self.at[0] += self.time.left
            self.time.check()
        self.at[0] += wanted
        chunks = tuple(Chunk(said, 10, 0.1, 1.0, 1.0, 0.9) for said, _ in reading.pairs)
        return Divergence(level, "text", reading.title, chunks, {})


def read(seconds: float, levels: int = 1) -> tuple[Divergence, float]:
    """What is told of the first level, and the seconds that it took."""
    at = [0.0]
    time = TimeBudget(seconds, lambda: at[0])
    tested = [f"q{i}" for i in range(levels)]
    plan = SimpleNamespace(predictions=None, held_text=TEXT, tested=tested)
    session = SimpleNamespace(time=time, plan=plan, bench=Reader(time, at))
    (found,) = text_distance(cast(Session, session), tested[0]).divergences
    return found, at[0]


@pytest.mark.parametrize(
    ("seconds", "levels", "chunks"),
    [
        # A fifth, and a third of that again for noise.
        (60, 1, 20),
        (250, 1, 50),
        (500, 1, 100),
        (600, 2, 50),
        (500, 4, 20),
    ],
)
def test_as_much_is_read_as_there_is_time_for(seconds: float, levels: int, chunks: int) -> None:
    found, took = read(seconds, levels)
    assert len(found.chunks) == chunks
    assert found.noise is not None
    assert ("read in part" in found.warning) == (chunks < 100)
    # Questions have most of the time, unless the first part alone takes more.
    assert took <= max(40.0, 0.36 * seconds / levels)


def test_a_part_stands_without_its_noise_where_that_has_no_time() -> None:
    found, took = read(32)
    assert (len(found.chunks), found.noise, took) == (20, None, pytest.approx(22.4))


def test_where_not_even_a_part_can_be_read_nothing_is_told() -> None:
    with pytest.raises(TimeOver):
        read(28)


def test_the_parts_of_a_text() -> None:
    assert len(part_of(TEXT, 5).pairs) == 20  # type: ignore[union-attr]
    long = PlainText("mine", "x" * (5 * NOISE_CHARACTERS))
    assert part_of(long, 5) == PlainText("mine", "x" * NOISE_CHARACTERS)
    short = PlainText("mine", "x" * NOISE_CHARACTERS)
    assert part_of(short, 5) == short

"""How long answers may be: as long as the reference needs to end nearly all of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.session.test_bench import COUNTED, Parrot

from pytest_quant.metrics.measurement import Answer, Effort
from pytest_quant.runtimes.protocol import Batch, Limits, Response
from pytest_quant.runtimes.responses import ResponseCache
from pytest_quant.session.bench import Bench
from pytest_quant.session.references import Terms
from pytest_quant.session.room import Answers, Room
from pytest_quant.session.sampling import FixedSize, InTurn


def answers(lengths: Sequence[int], room: int, word: str = "") -> Answers:
    """Answers that would take these lengths; a ``word`` is said again and again."""

    def one(length: int) -> Answer:
        words = [word or str(n) for n in range(min(length, room))]
        finish = "length" if length > room else "end"
        return Answer("correct", "", "", "", " ".join(words), finish)

    return [one(length) for length in lengths], Effort(0, 0, 0.0)


@pytest.mark.parametrize(
    ("lengths", "room", "found"),
    [
        ([10] * 8, Room(64, 1024), 64),
        ([10] * 7 + [100], Room(64, 1024), 128),
        ([10] * 7 + [1000], Room(64, 1024), 1024),
        ([10] * 7 + [9000], Room(64, 1024), 1024),
        ([300] * 8, Room(100, 350), 350),
        ([300] * 8, Room(64, 64), 64),
        # One of twenty is within the share that may be cut, one of nineteen is not.
        ([10] * 19 + [9000], Room(64, 1024), 64),
        ([10] * 18 + [9000], Room(64, 1024), 1024),
    ],
)
def test_room_grows_until_nearly_all_end(lengths: list[int], room: Room, found: int) -> None:
    settled, (given, _) = room.settle(lambda tokens: answers(lengths, tokens))
    assert settled == found
    assert given == answers(lengths, found)[0]


def test_a_loop_is_no_answer_under_way() -> None:
    assert Room(64, 1024).settle(lambda tokens: answers([9000] * 8, tokens, "so"))[0] == 64


class Talker(Parrot):
    """Takes so many tokens for each answer."""

    def __init__(self, answers: dict[str, str], length: int) -> None:
        super().__init__(answers)
        self.length = length
        self.rooms: list[tuple[int, int]] = []

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        self.rooms.append((len(prompts), limits.max_tokens))
        cut = self.length > limits.max_tokens
        texts = ["I have to think" if cut else self.answers[prompt] for prompt in prompts]
        finish = "length" if cut else "end"
        return Batch(tuple(Response(text, (), (), finish, 3) for text in texts), 0.1)


@pytest.fixture
def models() -> dict[str, Talker]:
    right = {f"Name {n}.": f"It is {n}." for n in range(1, 101)}
    return {"f16": Talker(right, 200), "q4": Talker(right, 300)}


def bench(models: dict[str, Talker], directory: Path) -> Bench:
    return Bench("f16", models.__getitem__, lambda level: (level,), ResponseCache(directory))


PROBE = replace(COUNTED, max_tokens=64)


def test_the_reference_decides_and_every_level_has_the_same(
    models: dict[str, Talker], tmp_path: Path
) -> None:
    sampling = InTurn(64, lambda asked: len(asked) >= 16, 64)
    found = bench(models, tmp_path).measure(PROBE, "q4", "n", sampling, Terms(Room(64, 1024)))
    assert found.room == 256
    assert models["f16"].rooms == [(8, 64), (8, 128), (8, 256), (8, 256)]
    assert models["q4"].rooms == [(8, 256), (8, 256)]
    assert all(case.reference.finish == "end" for case in found.cases)
    assert all(case.level and case.level.finish == "length" for case in found.cases)


def test_nothing_grows_by_itself(models: dict[str, Talker], tmp_path: Path) -> None:
    found = bench(models, tmp_path).measure(PROBE, "q4", "n", FixedSize(8))
    assert (found.room, models["f16"].rooms) == (64, [(4, 64)])
    assert not found.informative

"""What levels are compared on: text that the embedded model never learned from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_quant.base.library import EMBEDDED_MODEL, HELD_TEXT
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.cases import side_of
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.passages import passages
from pytest_quant.runtimes.protocol import Dialogues, Finish, PlainText, Response
from pytest_quant.session.held_text import (
    MOST_RESPONSE_TOKENS,
    MOST_TOKENS_READ,
    held_text,
    own_replies,
)


def response(tokens: int, finish: Finish = "end", prompt_tokens: int = 1) -> Response:
    return Response("said", (1,) * tokens, (0.0,) * tokens, finish, prompt_tokens)


def test_the_embedded_model_never_learns_from_it() -> None:
    text = held_text(None)
    assert isinstance(text, Dialogues)
    assert {side_of(prompt) for prompt, _ in text.pairs} == {"held_out"}
    assert len({prompt for prompt, _ in text.pairs}) == len(text.pairs)


def test_it_comes_from_every_category() -> None:
    from pytest_quant.base.library import PROBES
    from pytest_quant.probes.reader import read_probes

    drawn = {json.loads(line)[0] for line in HELD_TEXT.read_text("utf-8").splitlines()}
    found = {
        probe.category
        for path in PROBES.rglob("*.yaml")
        for probe in read_probes(path, path.name)
        if probe.id in drawn
    }
    assert found == set(GUIDE_CATEGORIES)


def test_it_is_enough_for_the_embedded_model() -> None:
    with LlamaCppRuntime.open(EMBEDDED_MODEL, threads=1) as runtime:
        reader = runtime._reader()
        scored = [len(p.targets) for p in passages(held_text(None), reader, reader)]
    assert 5_000 <= sum(scored) <= 10_000
    assert max(scored) < 200


def test_a_file_loses_its_last_line_end_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes("\ufeffvoilà\r\n\n".encode())
    assert held_text(path) == PlainText("mine.txt", "\ufeffvoilà\r\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "found no text"), (b" \n\t\n", "found no text"), (b"a\xff", "byte 1")],
)
def test_refuses_a_file(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(QuantUsageError, match=said):
        held_text(path)


def test_responses_are_taken_in_turns_until_there_are_enough() -> None:
    each = MOST_TOKENS_READ - 1
    enough = -(-MOST_RESPONSE_TOKENS // each)
    first = [(f"a{n}", response(each)) for n in range(enough)]
    second = [(f"b{n}", response(each)) for n in range(2)]
    taken = [prompt for prompt, _ in own_replies([first, second, []]).pairs]
    assert taken == ["a0", "b0", "a1", "b1", *(f"a{n}" for n in range(2, enough - 2))]


def test_a_response_behind_a_long_prompt_is_left_out() -> None:
    asked = [("a", response(1, prompt_tokens=MOST_TOKENS_READ)), ("b", response(1))]
    assert [prompt for prompt, _ in own_replies([asked]).pairs] == ["b"]


def test_a_response_that_was_cut_by_the_clock_is_left_out() -> None:
    asked = [("a", response(1, "deadline")), ("b", response(1))]
    assert [prompt for prompt, _ in own_replies([asked]).pairs] == ["b"]

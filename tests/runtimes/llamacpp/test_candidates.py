"""What a model finds likely to come next: the numbers by which it wrote what it wrote."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.llamacpp import candidates
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.protocol import END, Limits

# What the f16 of the KV cache leaves, however a batch is composed: see test_engine.
CLOSE = 0.02


@pytest.fixture(scope="module")
def exact(tiny_f32: Path) -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(tiny_f32, threads=2) as runtime:
        yield runtime


def test_what_was_written_was_the_likeliest(
    exact: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    """At any place, of several answers at once, and the same call gives the same numbers."""
    asked = prompts[:3]
    responses = exact.generate(asked, Limits(9)).responses
    for place in (0, 4, 8):
        said = [response.tokens[:place] for response in responses]
        wanted = [(response.tokens[place], END) for response in responses]
        found = exact.candidates(asked, said, wanted, 5)
        assert exact.candidates(asked, said, wanted, 5) == found
        for response, one in zip(responses, found, strict=True):
            logprobs = [token.logprob for token in one.likeliest]
            assert len(logprobs) == 5
            assert logprobs == sorted(logprobs, reverse=True)
            assert logprobs[0] == one.wanted[0].logprob
            assert logprobs[0] == pytest.approx(response.logprobs[place], abs=CLOSE)
            assert one.wanted[0].text == one.likeliest[0].text
            assert one.wanted[1].text == ""
            assert 0 < sum(map(math.exp, logprobs)) <= 1


def test_what_was_said_is_told_as_text(exact: LlamaCppRuntime, prompts: tuple[str, ...]) -> None:
    (response,) = exact.generate(prompts[:1], Limits(6)).responses
    (found,) = exact.candidates(prompts[:1], [response.tokens[:5]], [[response.tokens[5]]], 3)
    # Bytes that are no text by themselves are told as what they are.
    told = re.sub(r"\\x[0-9a-f]{2}", "\N{REPLACEMENT CHARACTER}", found.said + found.wanted[0].text)
    assert told.strip() == response.text


def test_nothing_is_asked_about(exact: LlamaCppRuntime) -> None:
    assert exact.candidates([], [], [], 5) == ()


def test_every_token_that_ends_an_answer_is_its_end() -> None:
    """They count together, and take one place among the likeliest."""

    class Words:
        ends = np.array([True, False, True, False])

        def to_text(self, tokens: list[int]) -> str:
            return "".join("abcd"[token] for token in tokens)

    logits = np.log(np.array([0.3, 0.4, 0.2, 0.1], np.float32))
    found = candidates._at(logits, Words(), [1, 3], [END, 3], 3)  # type: ignore[arg-type]
    assert found.said == "bd"
    assert [(t.text, round(math.exp(t.logprob), 4)) for t in found.likeliest] == [
        *(("", 0.5), ("b", 0.4), ("d", 0.1)),
    ]
    assert [round(math.exp(t.logprob), 4) for t in found.wanted] == [0.5, 0.1]
    logits[1] = np.nan
    with pytest.raises(RuntimeFailed, match="not numbers"):
        candidates._at(logits, Words(), [], [END], 3)  # type: ignore[arg-type]

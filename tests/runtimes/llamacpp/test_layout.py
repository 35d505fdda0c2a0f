"""The plan of a call is arithmetic on the prompts and the settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.runtimes.llamacpp.layout import (
    CELL_BLOCK,
    FEWEST_PARALLEL,
    MOST_PARALLEL,
    PLANNED_TOKENS,
    default_parallel,
    plan,
)
from pytest_quant.runtimes.protocol import PromptTooLong

GIB = 2**30
PROMPTS = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=40).map(
        lambda tokens: np.array(tokens, np.int32)
    ),
    min_size=1,
    max_size=12,
)


@given(
    prompts=PROMPTS,
    max_tokens=st.integers(1, 500),
    parallel=st.integers(1, 8),
    context=st.integers(41, 5000),
    share=st.booleans(),
)
def test_a_plan_has_room_for_every_prompt(
    prompts: list[np.ndarray], max_tokens: int, parallel: int, context: int, share: bool
) -> None:
    layout = plan(prompts, max_tokens, parallel=parallel, context=context, share_prefix=share)
    assert layout.slots <= min(parallel, len(prompts))
    assert layout.slots == min(parallel, len(prompts)) or layout.slots >= FEWEST_PARALLEL
    assert layout.cells % CELL_BLOCK == 0
    assert layout.cells >= layout.prefix + max(layout.needs)
    assert layout.cells <= max(parallel * PLANNED_TOKENS, context) + CELL_BLOCK
    for prompt, budget, need in zip(prompts, layout.budgets, layout.needs, strict=True):
        assert 1 <= budget <= max_tokens
        assert len(prompt) + budget <= context
        assert layout.prefix + need == len(prompt) + budget - 1
    if not share:
        assert layout.prefix == 0


def test_short_prompts_run_all_at_once() -> None:
    prompts = [np.arange(start, start + 30, dtype=np.int32) for start in range(40)]
    layout = plan(prompts, 33, parallel=32, context=2048, share_prefix=True)
    assert layout.cells == 32 * (30 + 33 - 1) + (-32 * (30 + 33 - 1)) % CELL_BLOCK


def test_a_prompt_without_room_for_an_answer_is_refused() -> None:
    prompts = [np.zeros(n, np.int32) for n in (5, 64, 3)]
    with pytest.raises(PromptTooLong, match="prompt 1 has 64 tokens; one sequence holds 64"):
        plan(prompts, 8, parallel=2, context=64, share_prefix=True)
    assert issubclass(PromptTooLong, ValueError)


def test_default_parallel_follows_memory_and_not_long_contexts() -> None:
    assert default_parallel(2048, 4096, 24 * GIB) == MOST_PARALLEL
    # Llama-3-8B: 128 KiB a token, so a sequence is planned with 256 MiB.
    assert default_parallel(131072, 131072, 16 * GIB) == 16
    assert default_parallel(131072, 131072, 8 * GIB) == 8
    assert default_parallel(2048, 131072, 8 * GIB) == 8
    assert default_parallel(131072, 2**24, GIB) == 1


@given(memory=st.integers(1, 2**42), tokens=st.integers(1, 2**20), size=st.integers(1, 2**24))
def test_default_parallel_never_needs_more_than_a_quarter(
    memory: int, tokens: int, size: int
) -> None:
    parallel = default_parallel(tokens, size, memory)
    assert 1 <= parallel <= MOST_PARALLEL
    assert parallel == 1 or parallel * size * min(tokens, PLANNED_TOKENS) <= memory // 4


@pytest.mark.parametrize(("length", "slots"), [(20, 16), (100, 10), (500, 4), (1000, 2), (2000, 2)])
def test_of_long_prompts_fewer_are_decoded_together(length: int, slots: int) -> None:
    prompts = [np.full(length, i, np.int32) for i in range(32)]
    layout = plan(prompts, 10, parallel=16, context=4096, share_prefix=True)
    assert layout.slots == slots

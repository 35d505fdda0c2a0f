"""What prompts have in common is found, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.runtimes.llamacpp.prefixes import common_prefix, shared_runs

PROMPTS = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=40).map(
        lambda tokens: np.array(tokens, np.int32)
    ),
    min_size=1,
    max_size=12,
)


@given(prompts=PROMPTS)
def test_the_common_prefix_is_the_longest(prompts: list[np.ndarray]) -> None:
    length = common_prefix(prompts)
    first = prompts[0].tolist()
    assert all(prompt.tolist()[:length] == first[:length] for prompt in prompts)
    assert all(len(prompt) > length for prompt in prompts)
    longer = {tuple(prompt.tolist()[: length + 1]) for prompt in prompts}
    assert len(longer) > 1 or any(len(prompt) == length + 1 for prompt in prompts)


@given(prompts=PROMPTS)
def test_runs_spell_every_prompt_and_each_shared_token_once(prompts: list[np.ndarray]) -> None:
    runs = list(shared_runs(prompts, common_prefix(prompts)))
    spelled = [prompt[: common_prefix(prompts)].tolist() for prompt in prompts]
    for run in runs:
        for member in run.members:
            assert len(spelled[member]) == run.position
            spelled[member] += run.tokens.tolist()
    assert spelled == [prompt.tolist() for prompt in prompts]
    # A node of the tree of prefixes is decoded once, but for last tokens, which each has alone.
    inner = {tuple(p[:end].tolist()) for p in prompts for end in range(1, len(p))}
    shared = common_prefix(prompts)
    least = len([node for node in inner if len(node) > shared])
    assert sum(len(run.tokens) for run in runs) == least + len(prompts)
    for member in range(len(prompts)):
        assert next(run for run in reversed(runs) if member in run.members).members == (member,)


@given(prompts=PROMPTS)
def test_it_may_begin_before_the_common_prefix_ends(prompts: list[np.ndarray]) -> None:
    spelled: dict[int, list[int]] = {i: [] for i in range(len(prompts))}
    for run in shared_runs(prompts, 0):
        for member in run.members:
            spelled[member] += run.tokens.tolist()
    assert list(spelled.values()) == [prompt.tolist() for prompt in prompts]


def test_two_groups_that_go_on_alike() -> None:
    prompts = [np.array(list(map(ord, text)), np.int32) for text in ("abcx", "abdy", "abcz")]
    runs = ["".join(map(chr, run.tokens)) for run in shared_runs(prompts, 0)]
    assert runs == ["ab", "c", "x", "z", "dy"]

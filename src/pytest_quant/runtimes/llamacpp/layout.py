"""How many sequences are decoded together, and in how much memory. Pure arithmetic.

The composition of a batch changes a response's last bits, so everything here depends only on the
prompts, the limits and the runtime's settings: never on free memory or on what ran before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_quant.runtimes.llamacpp.prefixes import Tokens, common_prefix
from pytest_quant.runtimes.protocol import PromptTooLong

# More gain little: a processor is busy with a handful of rows, and every row attends to the whole
# cache, other sequences' cells included.
MOST_PARALLEL = 16
# An accelerator waits for its memory: more rows take hardly longer. Not measured here; it is what
# llama.cpp's own batched-bench goes up to by default on one.
MOST_PARALLEL_OFFLOADED = 64
# Of long prompts fewer are decoded together, so that they fill about so many cells of the cache,
# or twice as many where that would be no more than four: 32 prompts of 500 tokens take 10.4 s
# sixteen at a time and 6.4 s four at a time, 8 prompts of 1 860 tokens 18.7 s four at a time and
# 12.0 s two at a time.
SHORT_CACHE = 1024
FEW_PARALLEL = 4
FEWEST_PARALLEL = 2
# llama.cpp pads the attended part of its cache to this many cells.
CELL_BLOCK = 256
# Most probes are short: memory is planned for sequences of this many tokens, and longer ones
# are decoded fewer at a time.
PLANNED_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan for one call.

    ``budgets`` are the new tokens allowed for each prompt; ``prefix`` the number of leading
    tokens decoded once for all; ``needs`` the cells that each prompt takes beyond the prefix,
    if it shares none of them; ``slots`` the sequences decoded together at most; ``cells`` the
    size of the KV cache; ``share_prefix`` whether sequences may have tokens in common.
    """

    budgets: tuple[int, ...]
    prefix: int
    needs: tuple[int, ...]
    slots: int
    cells: int
    share_prefix: bool


def default_parallel(
    context: int, kv_bytes_per_token: int, total_memory: int, most: int = MOST_PARALLEL
) -> int:
    """Sequences to decode together: as many as fit a quarter of the memory.

    ``context`` is the most tokens that one sequence may hold, of which ``PLANNED_TOKENS`` are
    planned for; at least one.
    """
    planned = kv_bytes_per_token * min(context, PLANNED_TOKENS)
    return max(1, min(most, total_memory // 4 // max(1, planned)))


def check_fits(index: int, length: int, context: int) -> None:
    """Raises ``PromptTooLong`` if a prompt of so many tokens leaves no room for an answer."""
    if length >= context:
        raise PromptTooLong(index, length, context)


def plan(
    prompts: Sequence[Tokens],
    max_tokens: int,
    *,
    parallel: int,
    context: int,
    share_prefix: bool,
    offloaded: bool = False,
) -> Layout:
    """Lay out one call. ``prompts`` is not empty; raises ``PromptTooLong``.

    On an accelerator (``offloaded``) long prompts are decoded together like short ones.
    """
    for index, prompt in enumerate(prompts):
        check_fits(index, len(prompt), context)
    budgets = tuple(min(max_tokens, context - len(prompt)) for prompt in prompts)
    prefix = common_prefix(prompts) if share_prefix and len(prompts) > 1 else 0
    # The last new token is never decoded, so it takes no cell.
    needs = tuple(
        len(prompt) - prefix + budget - 1 for prompt, budget in zip(prompts, budgets, strict=True)
    )
    mean = sum(len(prompt) - prefix for prompt in prompts) // len(prompts)
    few = min(FEW_PARALLEL, 2 * SHORT_CACHE // max(1, mean))
    slots = min(parallel, len(prompts))
    if not offloaded:
        slots = min(slots, max(FEWEST_PARALLEL, few, SHORT_CACHE // max(1, mean)))
    wanted = sum(sorted(needs, reverse=True)[:slots])
    allowed = max(parallel * min(context, PLANNED_TOKENS) - prefix, max(needs))
    # One more for the row that keeps the last sequence's company.
    cells = prefix + min(wanted, allowed) + 1
    cells = -(-cells // CELL_BLOCK) * CELL_BLOCK
    return Layout(budgets, prefix, needs, slots, cells, share_prefix)

"""How fast one level generates, alone, and what it takes of the machine.

The cache of responses takes no part: every round generates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_quant.analysis.efficiency import Benchmark
from pytest_quant.runtimes.protocol import Limits
from pytest_quant.session.machine import (
    NotCounted,
    forget_peak_memory,
    joules_between,
    peak_memory,
    read_energy,
)
from pytest_quant.session.session import Session

# Something to read and room to answer, the same for every model.
_PROMPTS = (
    "Tell a story about a lighthouse and the people who live beside it.",
    "Explain how bread is made, from the field to the table.",
    "Which planets have rings, and what are these made of?",
    "List ten things to see to before a long journey, the most important first.",
    "What is 17 times 24? Show each step.",
    "Describe a busy market in the morning, with its sounds and smells.",
    "Why do ships of steel float? Answer for a child of ten.",
    "Write a short letter that thanks a neighbour for watering the plants.",
)
_NEW_TOKENS = 64
# Calls what it is given once a round, and says how many seconds each round took.
Timer = Callable[[Callable[[], Any]], tuple[float, ...]]


def time_level(session: Session, level: str, rounds: int, timer: Timer) -> Benchmark:
    """Open a level, time ``rounds`` rounds of generating with it, and close it.

    Raises ``RuntimeFailed`` if it cannot be run.
    """
    # Held models would count as this level's memory.
    session.bench.close()
    why_no_memory = why_no_energy = ""
    peak = energy = None
    try:
        forget_peak_memory()
    except NotCounted as error:
        why_no_memory = str(error)
    runtime = session.open_level(level)
    try:
        # The first batch makes the context and is not timed.
        batch = runtime.generate(_PROMPTS, Limits(_NEW_TOKENS))
        try:
            start = read_energy()
        except NotCounted as error:
            why_no_energy = str(error)
        times = timer(lambda: runtime.generate(_PROMPTS, Limits(_NEW_TOKENS)))
        if not why_no_energy:
            energy = joules_between(start, read_energy()) / rounds
        if not why_no_memory:
            peak = peak_memory()
    finally:
        runtime.close()
    read = sum(response.prompt_tokens for response in batch.responses)
    written = sum(len(response.tokens) for response in batch.responses)
    return Benchmark(level, times, read, written, peak, why_no_memory, energy, why_no_energy)

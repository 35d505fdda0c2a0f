"""How much llama.cpp works on at once: threads that work on one batch wait for each other."""

from __future__ import annotations

# More would take more memory than they save time.
MOST_LANES = 4


def count_lanes(jobs: int, *, threads: int, lane_bytes: int, memory: int) -> int:
    """How many of so many ``jobs`` are done at once, each with an equal share of the threads.

    A lane takes ``lane_bytes``; all of them no more than an eighth of ``memory``.
    """
    most = min(MOST_LANES, threads, jobs, memory // 8 // max(1, lane_bytes))
    return next((count for count in range(most, 1, -1) if threads % count == 0), 1)

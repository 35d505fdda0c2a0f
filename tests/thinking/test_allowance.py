"""Thinking and answer have limits of their own, whoever writes the marks between them."""

from __future__ import annotations

import pytest

from pytest_quant.thinking import WINDOW, Allowance, may_end_a_mark


def follow(opened: str, pieces: list[str], answer: int, thinking: int) -> tuple[int, int]:
    """How many pieces are written, and how many of them are thinking."""
    allowance = Allowance(opened, answer, thinking)
    for count in range(len(pieces) + 1):
        if count and may_end_a_mark(pieces[count - 1]):
            tail = "".join(pieces[:count])[-WINDOW:]
            allowance.see(tail, len(pieces[count - 1]), count)
        if count >= allowance.limit:
            return count, allowance.thought(count)
    return len(pieces), allowance.thought(len(pieces))


THOUGHT = ["so ", "it ", "is ", "</think>"]


@pytest.mark.parametrize(
    ("opened", "pieces", "written", "thought"),
    [
        ("", ["a"] * 9, 3, 0),
        # What the prompt opened, and what the model opens.
        ("<think>", [*THOUGHT, *"abcdef"], 7, 4),
        ("", ["<think>", *THOUGHT, *"abcdef"], 7, 4),
        ("", ["<", "think", ">", *THOUGHT, *"abcdef"], 4 + 3, 4),
        (
            "",
            ["<|channel|>", "analysis", "<|message|>", "so", "<|channel|>", "final", *"abcd"],
            8,
            5,
        ),
        # Thinking that never ends, and a second thought.
        ("<think>", ["so "] * 20, 10, 10),
        ("", ["<think>", *["so "] * 20], 11, 10),
        ("<think>", [*THOUGHT, "a", "<think>", *THOUGHT, *"abc"], 11, 8),
        # A mark that is only named.
        ("", ["what ", "`<think>", "` ", "is", "x"], 3, 0),
        ("<think>", ["'</think>", "' ", "ends ", *THOUGHT, *"abcdef"], 10, 7),
    ],
)
def test_each_is_counted_apart(opened: str, pieces: list[str], written: int, thought: int) -> None:
    """An answer of three tokens, a thought of ten."""
    assert follow(opened, pieces, answer=3, thinking=10) == (written, thought)


def test_few_pieces_need_to_be_looked_at() -> None:
    for piece in ("</think>", ">", "final", "l", "[/THINK]", "\u25b7", ":"):
        assert may_end_a_mark(piece)
    for piece in ("", "so", " the", "fin", "think", "<", "(", ". "):
        assert may_end_a_mark(piece) == (piece == "think")

"""Why a divergence is not measured on responses that thinking has made too long."""

from __future__ import annotations

from pytest_quant.runtimes.protocol import Replies, Response
from pytest_quant.session.distances import _without_replies
from pytest_quant.session.held_text import MOST_TOKENS_READ, own_replies


def written(tokens: int, thought: int) -> list[tuple[str, Response]]:
    return [("Why?", Response("So.", (1,) * tokens, (0.0,) * tokens, "end", 8, thought=thought))]


def told(*by_probe: list[tuple[str, Response]]) -> str:
    replies: Replies = own_replies(by_probe)
    return _without_replies(replies, by_probe)


def test_it_is_told_where_thinking_is_the_reason() -> None:
    long = MOST_TOKENS_READ
    assert told(written(long, long - 3)).startswith(
        "not measured on the reference's own responses: with its thinking none has 512 tokens"
    )
    assert told(written(long, 0)) == ""
    assert told(written(9, 3), written(long, long - 3)) == ""
    assert told() == ""

"""From what a server replied to one response: a reply is hostile until it has been read here."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_quant.base.client import NoAnswer
from pytest_quant.runtimes.protocol import Finish, Response
from pytest_quant.thinking import WINDOW, Allowance, may_end_a_mark

# Where a server does not tell the number of a token, one of its text stands in: the same for the
# same text everywhere, and beyond the vocabulary of any model, so that none is taken for another.
_BEYOND = 1 << 40
_OPEN, _CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Token:
    """One token that was written; ``text`` may be a part of a character only."""

    id: int
    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question.

    ``text`` is the whole of it, thinking that the server told apart in its marks before it;
    ``tokens`` are empty without log-probabilities, else one for each token written. ``count`` is
    how many there were, as the server says. ``model`` and ``build`` are what answered.
    """

    text: str
    cut: bool
    tokens: tuple[Token, ...]
    count: int
    prompt_tokens: int
    model: str
    build: str
    reasoned: int


def read_reply(body: Any, *, chat: bool, logprobs: bool) -> Reply:
    """Raises ``NoAnswer`` for what is no reply, or lacks log-probabilities that it must have."""
    kind = "chat completion" if chat else "completion"
    try:
        (choice,) = body["choices"]
        message = choice["message"] if chat else {"content": choice["text"]}
        said = message.get("content")
        thought = message.get("reasoning_content", message.get("reasoning"))
        finish = choice.get("finish_reason")
        usage = body.get("usage") or {}
        prompt_tokens, count = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        details = usage.get("completion_tokens_details") or {}
        reasoned = _count(details, "reasoning_tokens")
        told = choice.get("logprobs")
        tokens = _tokens(told) if logprobs else ()
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NoAnswer(f"an answer that is no {kind}", status=200) from None
    if not isinstance(said, str | None) or not isinstance(thought, str | None):
        raise NoAnswer(f"an answer that is no {kind}", status=200)
    text = said or ""
    if thought:
        # A thought that was cut has no end.
        text = f"{_OPEN}{thought}{_CLOSE if text or finish == 'stop' else ''}{text}"
    if logprobs and not tokens and (count or text):
        raise NoAnswer(
            f"an answer without log-probabilities, which others of this server have ({kind})",
            status=200,
        )
    return Reply(
        text=text,
        cut=finish == "length",
        tokens=tokens,
        count=len(tokens) if tokens else count,
        prompt_tokens=prompt_tokens,
        model=_word(body, "model"),
        build=_word(body, "system_fingerprint"),
        reasoned=reasoned,
    )


def _count(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name) or 0
    if type(value) is not int or not 0 <= value < 1 << 31:
        raise ValueError(name)
    return value


def _word(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value[:200] if isinstance(value, str) else ""


def _tokens(told: Any) -> tuple[Token, ...]:
    """Of either form: a mapping for each token, or lists side by side."""
    if told is None:
        return ()
    if told.get("content") is not None:
        return tuple(_token(one) for one in told["content"])
    texts, logprobs = told.get("tokens") or [], told.get("token_logprobs") or []
    pairs = zip(texts, logprobs, strict=True)
    return tuple(_token({"token": text, "logprob": logprob}) for text, logprob in pairs)


def _token(one: Mapping[str, Any]) -> Token:
    text, logprob, number = one["token"], one["logprob"], one.get("id")
    if not isinstance(text, str) or type(logprob) not in (int, float):
        raise TypeError
    # Beyond 0 is what rounding leaves; what is impossible is told as a large number.
    logprob = min(0.0, float(logprob))
    if not math.isfinite(logprob):
        raise ValueError
    if type(number) is not int or not 0 <= number < _BEYOND:
        number = _BEYOND | zlib.crc32(text.encode("utf-8", "surrogatepass"))
    return Token(number, text, logprob)


def response_of(reply: Reply, answer: int, thinking: int) -> Response:
    """The response in a reply, with no more than ``answer`` tokens of answer behind at most
    ``thinking`` tokens of thinking, as far as its tokens are known.
    """
    tokens, text = reply.tokens, reply.text
    finish: Finish = "length" if reply.cut else "end"
    thought = reply.reasoned
    allowance = Allowance("", answer, thinking)
    pieces = [token.text for token in tokens]
    if pieces:
        most = _most(pieces, allowance)
        thought = max(thought, allowance.thought(most)) if most == len(pieces) else thought
        if most < len(pieces):
            tokens, finish = tokens[:most], "length"
            text = "".join(pieces[:most])
            thought = allowance.thought(most)
    count = len(tokens) or reply.count
    return Response(
        text=text.strip(),
        # How many there were is known even where nothing else is.
        tokens=tuple(token.id for token in tokens) or (_BEYOND,) * count,
        logprobs=tuple(token.logprob for token in tokens),
        finish=finish,
        prompt_tokens=reply.prompt_tokens,
        thought=min(thought, count),
    )


def _most(pieces: Sequence[str], allowance: Allowance) -> int:
    """How many tokens may be written, thinking and answer each within its own limit."""
    for count, piece in enumerate(pieces, 1):
        if count > allowance.limit:
            return count - 1
        if may_end_a_mark(piece):
            said = "".join(pieces[max(0, count - WINDOW) : count])
            allowance.see(said[-WINDOW:], len(piece), count)
    return len(pieces)

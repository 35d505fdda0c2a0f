"""The first steps that every checker takes: clean the response, and see that it is one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_quant.base.conversation import Conversation, messages_of
from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.cleaning import MAX_CHARACTERS, clean, unwrapped
from pytest_quant.checkers.copies import without_sentences
from pytest_quant.checkers.outcome import Outcome

# A shorter prompt may well be part of an answer to it.
_LEAST_COPY = 16
# Not what a string of JSON says.
_ANNOUNCED = re.compile(
    r"^[ \t*_#>]*(?:final )?(?:answer|output)[*_ ]*+:[*_ ]*+(?=\s*+[^\s,}\]])",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The model's own words, or, in ``refuted``, why there are none to look at."""

    text: str
    refuted: Outcome | None


def open_response(
    text: str,
    prompt: str | None,
    *,
    whole: bool = False,
    turns: bool = False,
    sentences: int = 0,
) -> Opened:
    """The cleaned response without the prompt before it or invented turns behind it.

    ``whole``: only a repetition of the whole prompt is an echo, because answers may quote it.
    ``turns``: what looks like an invented turn was asked for. ``sentences``: so many or more whole
    sentences of the prompt are taken out, so that no premise is read as the answer; 0: none are.
    """
    response = clean(text)
    if response.thinking_cut:
        return _refuted("truncated", patterns.ONLY_THINKS)
    if response.unknown_mark:
        return _refuted(
            patterns.UNKNOWN_MARK,
            f"{response.unknown_mark} may enclose thinking, and no known model family uses it: "
            "what of the response is the answer cannot be told",
        )
    if patterns.is_empty(response.text):
        return _refuted("empty", "the response is empty")
    own = _without_copies(response.text, clean(prompt).text if prompt else "")
    if isinstance(prompt, Conversation):
        # An earlier answer may be the answer again; what the user has said is none.
        for said in (message.content for message in prompt.messages if message.role != "assistant"):
            own = _without_copies(own, clean(said).text) if len(said) >= _LEAST_COPY else own
    if patterns.is_empty(own) or patterns.is_echo(response.text, prompt, whole=whole):
        return _refuted("echo", "the response only repeats the prompt")
    own = own.strip()
    if sentences and prompt:
        own = without_sentences(own, clean(prompt).text, sentences).strip()
        if patterns.is_empty(own):
            return _refuted("echo", "the response only repeats sentences of the prompt")
    return Opened(own if turns else final_answer.own_turn(own), None)


def own_text(text: str, prompt: str | None) -> str:
    """The response letter by letter, for forms in which each counts: without thinking, without
    what the user said where it is copied whole, and without invented turns.
    """
    own = unwrapped(text).text[-MAX_CHARACTERS:].replace("\r\n", "\n")
    for message in messages_of(prompt) if prompt else ():
        if message.role != "assistant" and len(message.content) >= _LEAST_COPY:
            own = own.replace(message.content, " ")
    return final_answer.own_turn(own)


def announced_part(text: str) -> str:
    """What stands behind the last line that announces data (``Answer:``), else all."""
    announced = [*_ANNOUNCED.finditer(text)]
    return text[announced[-1].end() :] if announced else text


def _without_copies(text: str, prompt: str) -> str:
    """``text`` without the prompt where it is copied whole: what it says is no one's answer."""
    if len(prompt) < _LEAST_COPY:
        return text.removeprefix(prompt)
    return text.replace(prompt, " ")


def _refuted(pattern: str, reason: str) -> Opened:
    return Opened("", Outcome("unparsable", "", pattern, reason))

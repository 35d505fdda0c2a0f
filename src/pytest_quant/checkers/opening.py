"""The first steps that every checker takes: clean the response, and see that it is one."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.cleaning import clean
from pytest_quant.checkers.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Opened:
    """The model's own words, or, in ``refuted``, why there are none to look at."""

    text: str
    refuted: Outcome | None


def open_response(text: str, prompt: str | None, *, whole: bool = False) -> Opened:
    """The cleaned response without the prompt before it or invented turns behind it.

    ``whole``: only a repetition of the whole prompt is an echo, because answers may quote it.
    """
    response = clean(text)
    if response.thinking_cut:
        return _refuted("truncated", "the thinking of the response never ended")
    if patterns.is_empty(response.text):
        return _refuted("empty", "the response is empty")
    if patterns.is_echo(response.text, prompt, whole=whole):
        return _refuted("echo", "the response only repeats the prompt")
    asked = clean(prompt).text if prompt else ""
    return Opened(final_answer.own_turn(response.text.removeprefix(asked).strip()), None)


def _refuted(pattern: str, reason: str) -> Opened:
    return Opened("", Outcome("unparsable", "", pattern, reason))

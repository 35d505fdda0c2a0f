"""The words of an answer before the option that it states."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_quant import thinking
from pytest_quant.checkers import final_answer
from pytest_quant.checkers.answering import question
from pytest_quant.checkers.mentions import mentions
from pytest_quant.checkers.words import phrase


def lead(text: str, option: str, options: Sequence[str], prompt: str) -> str | None:
    """What a response says, outside its thinking, before it states one of the ``options``.

    Where it announces an answer, that is the place, else the first that does not deny the option.
    ``None`` if it does not mention it so.
    """
    answer = thinking.read(text).text.lstrip()
    spelled = {phrase(one): one for one in options}
    asked = question(prompt, frozenset(word for name in spelled for word in name))
    starts = [
        mention.start
        for mention in mentions(answer, spelled, asked)
        if mention.option == option and not mention.negated
    ]
    announced = [
        next((start for start in starts if start >= begin), None)
        for begin in final_answer.announcements(answer)
    ]
    place = next((start for start in reversed(announced) if start is not None), None)
    if place is None:
        place = next(iter(starts), None)
    return None if place is None else answer[:place]

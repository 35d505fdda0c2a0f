"""The checker of choices: which one of a few options the response states in the end."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from pytest_quant.checkers import final_answer, patterns, wording
from pytest_quant.checkers.answering import Question, answering, clauses, question
from pytest_quant.checkers.comparing import is_beside_the_point
from pytest_quant.checkers.final_answer import Span
from pytest_quant.checkers.mention import Mention
from pytest_quant.checkers.mentions import mentions
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.words import Phrase, phrase, words

_OPPOSITES = {"true": "false", "yes": "no", "right": "wrong", "possible": "impossible"}
_ARTICLE = re.compile(r"\b(?:the|an?)\b", re.IGNORECASE)
# An announced answer is not longer, and is none of these ("The answer is as follows").
_ANSWER_WORDS = 3
_NO_ANSWER = frozenset(
    {
        "clear", "simple", "obvious", "easy", "straightforward", "as", "follows", "following",
        "below", "above", "here", "this", "that", "let", "based", "depends", "first", "because",
        "since", "explained", "given", "found", "provided", "not", "correct", "right", "we", "i",
        "it",
    }
)  # fmt: skip
_JOINTS = frozenset({"", "or", "and", "and/or", "nor", "or maybe", "or perhaps", "or possibly"})


def check(
    text: str,
    expected: str,
    *,
    options: Sequence[str],
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide which of ``options`` the response chooses; ``expected`` is one of them.

    Options match as whole words, without regard to case; the longest option wins where two
    overlap. To deny an option is not to state it: "not true" is "false" where that is an option.
    Nor is comparing with it: "7 is more than 5" states 7.
    Raises ``ValueError`` if ``expected`` is no option or two options read the same.
    """
    spelled = {phrase(option): option for option in options}
    if len(spelled) != len(options) or () in spelled:
        raise ValueError(f"options must differ and hold a word each, got {list(options)}")
    right = spelled.get(phrase(str(expected)))
    if right is None:
        raise ValueError(f"expected {expected!r} is not one of the options {list(options)}")
    opened = open_response(text, prompt, sentences=1)
    if opened.refuted:
        return opened.refuted
    asked = question(prompt, frozenset(word for name in spelled for word in name))
    statement = _Statement(opened.text, spelled, asked)
    if statement.other:
        answer = " ".join(statement.other.split())
        return Outcome(
            "incorrect", answer, "wrong choice", f"expected {right}, got none of the options"
        )
    problem = None
    if not statement.explicit:
        problem = _no_choice(opened.text, statement, truncated)
    if problem:
        return Outcome("unparsable", "", *problem)
    chosen = statement.chosen
    if len(chosen) > 1:
        return Outcome(
            "incorrect", " / ".join(chosen), patterns.SEVERAL,
            f"states several options; expected {right}",
        )  # fmt: skip
    if chosen == [right]:
        return Outcome("correct", right, "", f"states the expected {right}")
    return Outcome("incorrect", chosen[0], "wrong choice", f"expected {right}, got {chosen[0]}")


def _no_choice(text: str, statement: _Statement, truncated: bool) -> tuple[str, str] | None:
    if not statement.chosen:
        announced = statement.denied or bool(final_answer.announcements(text))
        return patterns.missing_pattern(text, truncated=truncated, announced=announced)
    if statement.leading:
        return None
    return patterns.given_up(text, refused=patterns.declines(text), truncated=truncated)


class _Statement:
    """What a response states: the options ``chosen``, several if it leaves them side by side.

    ``explicit``: boxed or announced; ``leading``: the response begins with the option alone;
    ``denied``: options are mentioned, and none is asserted; ``other``: what is announced instead
    of an option.
    """

    def __init__(self, text: str, spelled: dict[Phrase, str], asked: Question) -> None:
        self._text = text
        self._spelled = spelled
        self._asked = asked
        self.other = ""
        self._sentences = final_answer.Sentences(text)
        self._mentions = mentions(text, spelled, asked)
        self._starts = [mention.start for mention in self._mentions]
        self.chosen = self._announced()
        self.explicit = bool(self.chosen)
        self.leading = False
        if not (self.chosen or self.other):
            self.chosen = self._first()
            self.leading = bool(self.chosen)
        if not (self.chosen or self.other):
            self.chosen = self._answered()
        self.denied = bool(self._mentions) and not self.chosen

    def _within(self, start: int, end: int) -> list[Mention]:
        first = bisect_left(self._starts, start)
        return self._mentions[first : bisect_left(self._starts, end, first)]

    def _announced(self) -> list[str]:
        box = final_answer.boxed(self._text)
        if box:
            chosen = self._stated(self._within(box.start, box.end), first=True)
            if chosen or any(map(str.isalnum, self._text[box.start : box.end])):
                self.other = "" if chosen else self._text[box.start : box.end]
                return chosen
        for begin in reversed(self._announcements()):
            end = self._sentences.end(begin)
            correction = final_answer.last_correction(self._text, end)
            later = [] if correction is None else self._within(correction, len(self._text))
            if chosen := self._stated(self._within(begin, end), first=True):
                return self._stated(later, first=False) or chosen
            said = self._text[begin:end].strip(" *_:.\n")
            if _is_answer(said) and not self._within(begin, end):
                chosen = self._stated(later, first=False)
                self.other = "" if chosen else said
                return chosen
        return []

    def _announcements(self) -> list[int]:
        """Where announced answers begin; "A:" may name an option."""
        begins = final_answer.announcements(self._text)
        if ("a",) not in self._spelled:
            return begins
        return [begin for begin in begins if not final_answer.is_letter(self._text, begin)]

    def _first(self) -> list[str]:
        """The option that makes up the first line or sentence, if that holds nothing else."""
        for mention in self._mentions[:1]:
            before = self._text[: mention.start].strip(" *_\"'`([#-\n")
            after = self._text[mention.end :].lstrip(" *_\"'`)]")
            correction = final_answer.last_correction(self._text, mention.end)
            if not before and not mention.negated and correction is None:
                ends = not after or after[0] in ".,:;!\n" or after.startswith(("- ", "\u2013"))
                joined = len(self._stated(self._mentions, first=True)) > 1
                if ends and not joined:
                    return [mention.option]
        return []

    def _answered(self) -> list[str]:
        """What the sentence that answers states; behind a correction, what that comes to."""
        begin = final_answer.last_correction(self._text, 1)
        if begin is not None and (corrected := self._answered_from(begin)):
            return corrected
        return self._answered_from(0)

    def _answered_from(self, begin: int) -> list[str]:
        spans = [*clauses(self._text, self._sentences, begin)]
        stated = [self._stated(self._within(s.start, s.end), first=False) for s in spans]
        told = [
            bool(options) and not self._is_beside(span)
            for span, options in zip(spans, stated, strict=True)
        ]
        index = answering(self._text, spans, told, self._asked)
        return stated[index] if index >= 0 else []

    def _is_beside(self, span: Span) -> bool:
        ends = [mention.end - span.start for mention in self._within(span.start, span.end)]
        return is_beside_the_point(self._text[span.start : span.end], ends, self._asked)

    def _stated(self, found: Sequence[Mention], *, first: bool) -> list[str]:
        """What some mentions state: the first or the last, and those that "or" joins to it."""
        positive = [mention for mention in found if not mention.negated]
        if positive and (
            reason := wording.REASON.search(self._text, positive[0].end, positive[-1].start)
        ):
            positive = [mention for mention in positive if mention.start < reason.start()]
        main = next((mention for mention in positive if not mention.aside), None)
        positive = [
            mention
            for mention in positive
            if not (mention.aside and main and main.start < mention.start)
        ]
        if not positive:
            return self._implied({mention.option for mention in found})
        ordered = positive if first else positive[::-1]
        stated = [ordered[0].option]
        for one, other in pairwise(ordered):
            left, right = sorted((one, other), key=lambda mention: mention.start)
            if not self._joined(left, right):
                break
            if other.option not in stated:
                stated.append(other.option)
        return stated if first else stated[::-1]

    def _joined(self, left: Mention, right: Mention) -> bool:
        """Whether two mentions are offered side by side: "true or false", "true, false"."""
        between = _ARTICLE.sub("", self._text[left.end : right.start].replace("*", ""))
        return between.strip(" ,;:/\"'`()[]").casefold() in _JOINTS

    def _implied(self, denied: set[str]) -> list[str]:
        """What denying an option states: the other of two, or its opposite among several."""
        options = list(self._spelled.values())
        others = [option for option in options if option not in denied]
        if len(options) == 2 and len(others) == 1:
            return others
        if len(denied) != 1:
            return []
        wanted = phrase(next(iter(denied)))[0]
        opposites = {_OPPOSITES.get(wanted, ""), f"in{wanted}", f"un{wanted}", f"im{wanted}"}
        return [option for option in others if phrase(option)[0] in opposites][:1]


def _is_answer(said: str) -> bool:
    """Whether what is announced is an answer, and no beginning of an explanation."""
    spoken = words(said)
    return 0 < len(spoken) <= _ANSWER_WORDS and not any(w.text in _NO_ANSWER for w in spoken)

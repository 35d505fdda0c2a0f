"""The checker of answers in words: a name, a term, a phrase, or a text that must state facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pytest_quant.checkers import final_answer, free_text, patterns
from pytest_quant.checkers.answering import Question, answering, clauses, question
from pytest_quant.checkers.final_answer import Span
from pytest_quant.checkers.form import announcement
from pytest_quant.checkers.free_text import Phrases
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.words import Phrase, Word, is_negated, occurrences, phrase, words


def check(
    text: str,
    expected: str,
    *,
    aliases: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    known: str | Iterable[str] = (),
    required: Sequence[Phrases] = (),
    at_least: int | None = None,
    ordered: Sequence[Phrases] = (),
    sides: Sequence[Phrases] = (),
    share: float | None = None,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide an answer in words.

    Without ``required``, it is short: the final answer must be, or contain as whole words,
    ``expected``. Case, accents, punctuation and articles do not matter. ``aliases`` are as right
    as ``expected``. None of ``forbidden`` may be asserted anywhere in the response. An answer
    that offers the right one among others ("Paris or Rome") is wrong. ``known`` holds the names
    that the prompt shows (a list, or text with commas between): a wrong answer is then either
    another of them or made up.

    With ``required``, it is a text of any length, and ``expected`` only a summary for people.
    Each fact is a phrase or a list of phrases that say the same; ``at_least`` so many (default:
    all) must be asserted, in any inflection, and none of ``forbidden``. In a phrase, "..." stands
    for up to eight words. Those of ``ordered`` that are stated at all must be stated in their
    order. ``sides`` are facts too: the phrases by which the sides of a question are named; at
    least ``share`` of the words (default: half of an equal share) must belong to each.

    Raises ``ValueError`` if a phrase holds no word or the options contradict each other.
    """
    refused = _listed(forbidden)
    if required:
        demands = free_text.demands(required, at_least, ordered, sides, share, refused)
        opened = open_response(text, prompt, whole=True)
        own = _asked_for(opened.text, prompt)
        return opened.refuted or free_text.decide(own, demands, truncated)
    if at_least is not None or ordered or sides or share is not None:
        raise ValueError("at_least, ordered, sides and share need required facts")
    right = [phrase(str(name)) for name in (expected, *_listed(aliases))]
    shown = known.split(",") if isinstance(known, str) else list(known)
    wrong = {name: phrase(name) for name in refused}
    if () in right or () in wrong.values():
        raise ValueError(f"expected {expected!r}, every alias and forbidden phrase need a word")
    opened = open_response(text, prompt, whole=True, sentences=1)
    if opened.refuted:
        return opened.refuted
    body = opened.text
    among = words(body)
    for name, wanted in wrong.items():
        if any(not is_negated(index, among, body) for index in occurrences(wanted, among)):
            return Outcome("incorrect", name, "hallucinated fact", f"asserts {name!r}")
    span, explicit = _final(body)
    if not explicit and not span.start:
        span = _answering(body, span, question(prompt))
    answer = " ".join(body[span.start : span.end].split())
    inside = [word for word in among if span.start <= word.start < span.end]
    asserted = [
        Span(inside[index].start, inside[index + len(wanted) - 1].end)
        for wanted in right
        for index in occurrences(wanted, inside)
        if not is_negated(index, inside, body)
    ]
    if any(not _is_one_of_several(place, span, body, right) for place in asserted):
        return Outcome("correct", answer, "", f"states the expected {expected}")
    if asserted:
        return Outcome(
            "incorrect", answer, patterns.SEVERAL, f"offers {expected} among other answers"
        )
    if not explicit and (problem := _no_answer(body, inside, truncated)):
        return Outcome("unparsable", "", *problem)
    pattern = _wrong_lookup(inside, [phrase(name) for name in shown]) or "wrong answer"
    return Outcome("incorrect", answer, pattern, f"expected {expected}, got {answer}")


def _asked_for(text: str, prompt: str | None) -> str:
    """What stands behind the announcement that the prompt demands, if it does and anything does."""
    if prompt and announcement(prompt):
        span, explicit = _final(text)
        if explicit:
            return text[span.start : span.end]
    return text


def _wrong_lookup(among: Sequence[Word], shown: Sequence[Phrase]) -> str:
    """How a look-up failed: by another name of the prompt, or by one that stands nowhere."""
    if not shown:
        return ""
    taken = any(occurrences(name, among) for name in shown if name)
    return patterns.WRONG_ENTRY if taken else patterns.MADE_UP


def _listed(phrases: Iterable[str]) -> list[str]:
    return [phrases] if isinstance(phrases, str) else list(phrases)


def _no_answer(text: str, among: Sequence[Word], truncated: bool) -> tuple[str, str] | None:
    refused = patterns.is_refusal(text)
    if problem := patterns.given_up(text, refused=refused, truncated=truncated):
        return problem
    if final_answer.announcements(text) or not among:
        return "no answer", "the response announces an answer and gives none"
    return None


def _final(text: str) -> tuple[Span, bool]:
    """The final answer, and whether it is announced; else it is the whole response."""
    box = final_answer.boxed(text)
    if box and text[box.start : box.end].strip():
        return box, True
    sentences = final_answer.Sentences(text)
    for begin in reversed(final_answer.announcements(text)):
        end = sentences.end(begin)
        if any(character.isalnum() for character in text[begin:end]):
            return _corrected(text, end) or Span(begin, end), True
    return _corrected(text, 1) or Span(0, len(text)), False


def _answering(text: str, within: Span, asked: Question) -> Span:
    """The sentence that answers; a first one of a few words does so before any other."""
    spans = [*clauses(text, final_answer.Sentences(text))]
    while len(spans) > 1 and _FILLER.fullmatch(text, spans[0].start, spans[0].end):
        spans = spans[1:]
    if not spans:
        return within
    if len(words(text[spans[0].start : spans[0].end])) <= _FEW_WORDS:
        return spans[0]
    index = answering(text, spans, [True] * len(spans), asked)
    return spans[index] if index >= 0 else within


def _corrected(text: str, start: int) -> Span | None:
    """What stands behind the last self-correction, if there is one and anything does."""
    begin = final_answer.last_correction(text, start)
    if begin is None or not any(character.isalnum() for character in text[begin:]):
        return None
    return Span(begin, len(text))


_FEW_WORDS = 2
_FILLER = re.compile(
    r"[\W_]*(?:sure|hello|hi|hey|yes|ok|okay|certainly|great|well|hmm+|absolutely|of course"
    r"|good question|thank you|thanks|no problem)(?: thing| there)?[\W_]*|[^?]{0,60}\?[\W_]*",
    re.IGNORECASE,
)
_OR_BEHIND = re.compile(
    r"[\s*\"')]*+(?:,[^,.;:\n]{1,40}){0,6},?\s*(?:\bor\b(?! so\b)|/)\s*(?P<other>[^,.;:\n]{0,60})",
    re.IGNORECASE,
)
# "hot, dry, and sticky" offers three, "Paris and London." two; "Paris, and it is ..." one.
_ITEM = r"[^\W\d][^\s,.;:]{0,30}"
_NO_VERB = r"(?!(?:it|its|is|he|she|they|so|then|the|has|was|not|this|that|there)\b)"
_AND = rf",? (?:and|&) {_NO_VERB}"
_AND_BEHIND = re.compile(
    rf"[*_\"')]*+(?:(?P<listed>(?:, ?{_NO_VERB}{_ITEM}){{1,4}}){_AND}(?P<last>{_ITEM})"
    rf"|{_AND}(?P<only>{_ITEM}(?: {_ITEM})?)(?=[\s*_\"')]*(?:[.;\n]|$)))",
    re.IGNORECASE,
)
_OR_BEFORE = re.compile(
    r"(?P<other>[^,.;:\n]{0,60}?),?\s*(?:\bor\b|/)(?:\s+(?:maybe|perhaps|possibly|even|else))?"
    r"[\s*\"'(]*(?:the )?$",
    re.IGNORECASE,
)


def _is_one_of_several(place: Span, within: Span, text: str, right: Sequence[Phrase]) -> bool:
    """Whether "or", "and" or a slash offers what stands there beside something that is wrong."""
    behind = _OR_BEHIND.match(text, place.end, within.end)
    before = _OR_BEFORE.search(text[max(within.start, place.start - 100) : place.start])
    for match in filter(None, (behind, before)):
        other = words(match["other"])
        if other and not any(occurrences(wanted, other) for wanted in right):
            return True
    if listed := _AND_BEHIND.match(text, place.end, within.end):
        items = filter(None, [*(listed["listed"] or "").split(","), listed["last"], listed["only"]])
        return any(
            not any(occurrences(wanted, words(item)) for wanted in right)
            for item in items
            if words(item)
        )
    return False

"""The checker of compositions: free text that must keep a list of verifiable instructions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.cleaning import clean
from pytest_quant.checkers.degeneration import loop_share
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.rules import Rule, compose, parse_rules

# A character of a story may say "I cannot"; a model that refuses says what it will not do.
_REFUSES = re.compile(
    r"\bas an? (?:ai|artificial|large language|language model)\b"
    r"|\bi(?:'m| am) (?:sorry|afraid),? (?:but )?i(?: can't| cannot| won't|'m not able|'m unable)\b"
    r"|\bi (?:can't|cannot|won't|will not|am unable to|am not able to) (?:help(?! but)|assist"
    r"|write|create|provide|produce|fulfil|comply|answer|do (?:this|that))",
    re.IGNORECASE,
)
_OPENING = 300  # characters in which a refusal stands
_SHORT = 40  # words: less than any composition that is asked for
_LOOPING = 0.2


def check(
    text: str,
    expected: str,
    *,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a composition by the rules in ``expected``, one a line; all must be kept.

    The answer says how many were, the reason which were not and how. A text that loops is none,
    whatever it keeps. Raises ``ValueError`` if a line is no rule.
    """
    rules = parse_rules(expected)
    return replace(_decide(text, rules, truncated, prompt), asked=len(rules))


def _decide(text: str, rules: Sequence[Rule], truncated: bool, prompt: str | None) -> Outcome:
    turns = any(final_answer.names_turn(rule.text) for rule in rules)
    opened = open_response(text, prompt, whole=True, turns=turns)
    if opened.refuted:
        return opened.refuted
    asked = clean(prompt).text if prompt else ""
    # The prompt before the answer is gone by now; what is left may be the prompt once more.
    if patterns.is_echo(opened.text, prompt, whole=True):
        return Outcome("unparsable", "", "echo", "the response only repeats the prompt")
    named = [rule.verify for rule in rules if rule.names_words]
    composition = compose(opened.text, asked, named)
    words = composition.words
    if not words:
        return Outcome("unparsable", "", "empty", "the response has no words")
    refused = _REFUSES.search(opened.text[:_OPENING])
    if refused and not any(_REFUSES.search(rule.text) for rule in rules):
        return Outcome("unparsable", "", "refused", "the response declines the task")
    if patterns.is_loop(opened.text) or (len(words) >= _SHORT and loop_share(words) > _LOOPING):
        return Outcome("unparsable", "", "loop", "the response repeats itself")
    verified = [(rule.name, rule.verify(composition)) for rule in rules]
    broken = [f"{name}: {problem}" for name, problem in verified if problem]
    if broken and len(words) < _SHORT and patterns.declines(opened.text):
        return Outcome("unparsable", "", "refused", "the response declines to answer")
    kept = len(rules) - len(broken)
    if broken and truncated:
        reason = "the response was cut at its length limit unfinished"
        return Outcome("unparsable", "", "truncated", reason, kept)
    told = f"{kept} of {len(rules)} instructions kept"
    if broken:
        return Outcome("incorrect", told, "broken instruction", "; ".join(broken), kept)
    return Outcome("correct", told, "", f"all {len(rules)} instructions are kept", kept)

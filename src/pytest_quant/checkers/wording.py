"""The words and signs by which people introduce, join, negate and explain numbers."""

from __future__ import annotations

import re

_MARKUP = r"[\s*_`\"'$(\[{:,=\u2248~>]|\\approx|\\text|\\$"
_HEDGES = (
    r"approximately|approx\.?|about|roughly|around|exactly|simply|just|therefore|thus|then|so|equal"
    r"|equals|to|the|an?|of|is|be|only|precisely|nearly|clearly|indeed|number|value|now|final"
    r"|result|total|in|fact"
)
# What may stand between "the answer is" and the number that is the answer.
AFTER_ANNOUNCEMENT = re.compile(
    rf"(?:{_MARKUP}|[;-]|\b(?:{_HEDGES}|[a-z](?=[ ]?=))\b)*+", re.IGNORECASE
)
# What may stand between "no, wait" and the number that replaces the first.
AFTER_CORRECTION = re.compile(
    rf"(?:{_MARKUP}|[-;.!]|\b(?:{_HEDGES}|it's|its|it|should|would|must|that's|that|this|answer"
    r"|actually|well|sorry|but|no|oh|hmm|rather|i|get|got|we|have|make|makes|was|correct|right"
    r"|wait)\b)*+",
    re.IGNORECASE,
)
NEGATED = re.compile(
    r"(?:\b(?:not|neither|nor|rather than|instead of|no longer)|n't|\u2260|!=|\\neq?)"
    r"(?: equal to| exactly| just| be| equal| really| the| a)*[\s*_\"'$(]*$",
    re.IGNORECASE,
)
# An expression with nothing behind its equals sign is a question.
UNFINISHED = re.compile(r"=[\s$*]*+(?:[?_]|$)")
UNFINISHED_BEHIND = re.compile(rf"[\s$*]*+{UNFINISHED.pattern}")
CONCLUDES = re.compile(
    r"\b(?:so|therefore|thus|hence|consequently|finally|altogether|overall|in total|in all"
    r"|in conclusion|totals?|conclusion|result|leaves|leaving|giving|gives|yields|makes)\b"
    r"|\u2234|\u21d2|\u2192|\\therefore|\\implies|\\Rightarrow",
    re.IGNORECASE,
)
REASON = re.compile(r"\b(?:because|since|given that|although|even though)\b", re.IGNORECASE)
# Numbers behind these only explain the one before; "which is 7 - 6 = 1" works it out.
EXPLAINS = re.compile(
    r"\b(?:because|since|which is(?![^.\n]{0,40}=)|which equals|given that|as in|where|that is"
    r"|for example)\b"
    r"|\bi\.e\.|\be\.g\.|\(",
    re.IGNORECASE,
)
# Behind these even a sentence that explains comes to its point.
THEREFORE = re.compile(r"\b(?:so|therefore|thus|hence|consequently)\b(?! far)", re.IGNORECASE)
EQUAL_BEFORE = re.compile(
    r"(?:=|\u2248|~|\\approx|\b(?:equals|equal to))[\s*_$({]*(?:about |approximately )?$",
    re.IGNORECASE,
)
MODIFIER_BEFORE = re.compile(
    r"\b(?:in|within|after|during|over|at|from|with|among|between|every|per"
    r"|(?:for|on|to|by|of|into|per|across|over|in|from|with|among|between) (?:the|these|those|all"
    r"|each|his|her|its|their|your|our|my|every|only|about|just)(?: (?:other|first|next|last"
    r"|remaining|whole))?"
    r"|(?:for|into|across|times|off|of|on|than|the|to (?!get|give|reach|obtain|yield|be\b)[a-z]+)"
    r"(?=[\s*_(]*$))[\s*_$(]*$",
    re.IGNORECASE,
)
VERB_BEFORE = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|makes?|made|earn(?:s|ed)?|costs?|gets?|got"
    r"|need(?:s|ed)?|gives?|gave|total(?:s|ed)?|pays?|paid|takes?|took|spen[dt]s?|save[sd]?"
    r"|weigh(?:s|ed)?|remain(?:s|ed)?|owe[sd]?|bought|buys?|sold|sells?|keeps?|kept|finds?|found"
    r"|receive[sd]?|collect(?:s|ed)?|ate|eats?|drove|drives?|walk(?:s|ed)?|ran|runs?|r?eads?"
    r"|us(?:es?|ed)|require[sd]?|last(?:s|ed)?|leaves?|left|becomes?|became|equal(?:s|led)?"
    r"|reach(?:es|ed)?|produce[sd]?|charge[sd]?)"
    r"(?: (?:about|approximately|exactly|a total of|only|roughly|now|him|her|them|you|us|me"
    r"|another|up to|at least))?[\s*_$(:]*$",
    re.IGNORECASE,
)
OPERATOR_BEHIND = re.compile(r"[\s*_$)}a-zA-Z]{0,40}[-+*/\u00d7\u00f7](?= ?[\s$]?[0-9])")

_NOUNS = r"(?:\s?\b[A-Za-z]{1,20}\b){0,3}"
EQUALS_LINK = re.compile(rf"[\s*_$)}}]*{_NOUNS}[\s*_$)}}]*=[\s*_$({{]*")
# "6.75, which rounds up to 7"
ROUNDS_LINK = re.compile(
    r"[\s*_$)}%,]*(?:(?:which|that|and|so|it|this|is|can|be|must|you|we|i|has|have|to) ){0,4}"
    r"round(?:s|ed)? ?(?:up |down |off )?(?:to|is|gives)(?: (?:the )?(?:nearest )?[a-z]{1,12}){0,3}"
    r"[\s*_$({,]*",
    re.IGNORECASE,
)
# "1/3, or about 0.33", "0.5 (1/2)"
SAME_LINK = re.compile(
    rf"[\s*_$)}},]*{_NOUNS}[\s*_$)}},]*"
    r"(?:\((?:or|i\.e\.,?|=)?|\(?(?:or|i\.e\.|that is|which is|which equals)?,?\s*"
    r"(?:\u2248|~|\\approx|about|approximately|approx\.?|roughly|around))[\s*_$({]*",
    re.IGNORECASE,
)
OR_LINK = re.compile(
    rf"[\s*_$)}}]*(?:{_NOUNS},?\s*\bor\b|,?\s*(?:and/or|and|to)\b|\s?\u2013)"
    r"(?:\s+(?:maybe|perhaps|possibly|even|else|[a-z] =))?[\s*_$({]*",
    re.IGNORECASE,
)
COMMA_LINK = re.compile(r"[\s*_$]*[,;][\s*_$]*")

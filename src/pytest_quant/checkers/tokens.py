"""Splits plain text into the tokens of numbers, formulas and words, in linear time."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "number",  # an unsigned decimal literal
    "fraction",  # one character such as one half
    "power",  # superscript digits
    "operator",  # + - * / ^ and the plus-minus sign
    "open",
    "close",
    "command",  # frac, sqrt, pi, overline
    "percent",
    "currency",
    "relation",  # = and its approximate kin
    "word",
    "newline",
    "other",
]

Style = Literal["prose", "list", "bare list"]


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is the token's canonical spelling; ``start`` and ``end`` count characters.

    ``spaced``: white space or markup stands before it.
    """

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool


_SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b"
_FRACTIONS = "\u00bc-\u00be\u2150-\u215e\u2189"
_SUPERSCRIPT_DIGITS = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b", "0123456789+-"
)
_LETTER = rf"[^\W\d_\u03c0{_SUPERSCRIPTS}{_FRACTIONS}]"
_IN_WORD = rf"[^\W\u03c0{_SUPERSCRIPTS}{_FRACTIONS}]"

_GROUPED = (
    r"[1-9][0-9]{0,2}+(?:,[0-9]{3})++(?![0-9]|,[0-9])"
    r"|[1-9][0-9]{0,2}+(?:'[0-9]{3})++(?![0-9'])"
)
_GROUPED_BY_SPACE = r"|[1-9][0-9]{0,2}+(?:[ ][0-9]{3})++(?![ ]?[0-9]|/[0-9])"
# The decimal comma of much of the world: 2,74 and 0,333 and 1.234,50, but no pair (2,5).
_BY_COMMA = (
    r"(?<![0-9.(\[])(?<![0-9],)(?<![(\[]\$)"
    r"(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})++,[0-9]{1,2}|0,[0-9]++|[0-9]++,[0-9]{1,2})"
    r"(?![0-9)\]%]|[,.][0-9])|(?<![0-9.])(?<![0-9],)[0-9]{1,3},[0-9]{1,2}(?=[ ]?%)"
)
# Cleaning writes a repeating group of decimals in mathematical angle brackets.
_DECIMALS = r"(?:\.(?:[0-9]*+\u27e8[0-9]++\u27e9|[0-9]++(?:\.\.\.|\u2026)?))?"
_TAIL = _DECIMALS + r"(?:[eE][+-]?[0-9]++(?![^\W_]))?"


def _pattern(grouped: str, by_comma: str = "(?!)") -> re.Pattern[str]:
    return re.compile(
        rf"""
        (?P<other>(?:[0-9]++(?:\.[0-9]++){{2,}}+|[0-9]++(?::[0-9]++)++
            |[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|0[xX][0-9a-fA-F]++)(?![0-9])|\.{{2,}}+)
        |(?P<comma>{by_comma})
        |(?P<number>(?:{grouped}|[0-9]++(?:_[0-9]++)*+|(?<![0-9])(?=\.[0-9\u27e8])){_TAIL})
        |(?P<times>(?<=[0-9])[xX](?=[ ]?[0-9]))
        |(?P<fraction>[{_FRACTIONS}])
        |(?P<power>[\u207a\u207b]?[{_SUPERSCRIPTS}]++)
        |(?P<pi>\u03c0|\\pi(?![A-Za-z]))
        |(?P<bold>(?<![0-9)\]}}])\*\*(?![ ])|(?<![ ])\*\*(?!-?[0-9(\[{{])|__)
        |(?P<operator>\*\*|[-+*/^\u00d7\u00b7\u22c5\u2219\u00f7\u00b1\u2013])
        |(?P<root>\u221a|\u221b)
        |(?P<relation>[=\u2248\u2245\u2243~]|\\(?:approx|simeq|sim|cong)(?![A-Za-z]))
        |(?P<open>[(\[{{])|(?P<close>[)\]}}])
        |(?P<percent>%)
        |(?P<currency>US\$|[$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd])
        |(?P<command>\\[A-Za-z]++)
        |(?P<word>{_LETTER}{_IN_WORD}*+|\u00b0[CF]?)
        |(?P<newline>\n)
        |(?P<mark>[_`])
        |(?P<space>[ ]++)
        |(?P<rest>.)
        """,
        re.VERBOSE | re.DOTALL,
    )


_PATTERNS: dict[Style, re.Pattern[str]] = {
    "prose": _pattern(_GROUPED + _GROUPED_BY_SPACE, _BY_COMMA),
    "list": _pattern(_GROUPED),
    "bare list": _pattern(r"(?!)"),
}

_OPERATORS = {
    "\u00d7": "*", "\u00b7": "*", "\u22c5": "*", "\u2219": "*", "\u00f7": "/", "**": "^",
}  # fmt: skip
_COMMANDS: dict[str, tuple[Kind, str]] = {
    "\\frac": ("command", "frac"),
    "\\sqrt": ("command", "sqrt"),
    "\\overline": ("command", "overline"),
    "\\bar": ("command", "overline"),
    "\\times": ("operator", "*"),
    "\\cdot": ("operator", "*"),
    "\\div": ("operator", "/"),
    "\\pm": ("operator", "\u00b1"),
    "\\degree": ("word", "\u00b0"),
    "\\circ": ("word", "\u00b0"),
}


def tokenize(text: str, style: Style = "prose") -> list[Token]:
    """The tokens of cleaned text, without white space and markup.

    ``style`` says how thousands are separated: in ``prose`` by commas, apostrophes or spaces, in
    a ``list`` of numbers by commas or apostrophes, in a ``bare list`` (1,234,567) by nothing.
    """
    pattern = _PATTERNS[style]
    tokens: list[Token] = []
    spaced = True
    position = 0
    single_digits = 0
    while position < len(text):
        if single_digits and text[position].isdigit():
            # LaTeX reads the arguments of \frac12 and \sqrt2 as single digits.
            tokens.append(Token("number", text[position], position, position + 1, spaced))
            position, single_digits, spaced = position + 1, single_digits - 1, False
            continue
        match = pattern.match(text, position)
        assert match is not None and match.lastgroup is not None
        position = match.end()
        if match.lastgroup in ("space", "mark", "bold"):
            spaced = True
            continue
        kind, canonical = _classify(match.lastgroup, match.group())
        single_digits = {"frac": 2, "sqrt": 1}.get(canonical, 0) if match[0][0] == "\\" else 0
        tokens.append(Token(kind, canonical, match.start(), position, spaced))
        spaced = False
    return tokens


def _classify(group: str, text: str) -> tuple[Kind, str]:
    match group:
        case "comma":
            return "number", text.replace(".", "").replace(",", ".")
        case "times":
            return "operator", "*"
        case "fraction":
            return "fraction", unicodedata.normalize("NFKC", text)
        case "power":
            return "power", text.translate(_SUPERSCRIPT_DIGITS)
        case "pi":
            return "command", "pi"
        case "root":
            return "command", "sqrt" if text == "\u221a" else "cbrt"
        case "relation":
            return "relation", "=" if text == "=" else "\u2248"
        case "operator":
            return "operator", _OPERATORS.get(text, text)
        case "currency":
            return "currency", text.removeprefix("US")
        case "command":
            return _COMMANDS.get(text, ("other", text))
        case "word" if text.casefold() in ("sqrt", "cbrt", "pi"):
            return "command", text.casefold()
        case "number" | "open" | "close" | "percent" | "word" | "newline":
            return group, text
        case _:
            return "other", text

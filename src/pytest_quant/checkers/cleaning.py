"""Strips what surrounds an answer, so that every checker reads the same plain text.

Thinking is removed, chat and LaTeX markup is reduced, look-alike characters are mapped to one
spelling, and only the end of a very long response is kept. Bold marks stay: they carry meaning.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from pytest_quant.thinking import read
from pytest_quant.thinking.mentions import Mentions

# The final answer stands at the end; what lies further back is not looked at.
MAX_CHARACTERS = 20_000

# What frames the turns of a chat; families that put bars on one side only have few such tokens.
_CHAT_TOKEN = re.compile(
    r"<[|\uff5c][A-Za-z0-9_:.\u2581-]{1,40}[|\uff5c]>|</?s>"
    r"|<(?:eos|bos|pad|unk|end_of_turn|start_of_turn|end_of_sentence|\|turn|turn\|)>|\[/?INST\]"
)
_STRUCK_OUT = re.compile(r"~~[^~\n]{1,400}~~")
_HTML_BOLD = re.compile(r"</?(?:b|strong)>", re.IGNORECASE)
_HTML_SUPERSCRIPT = re.compile(r"<sup>([^<>\n]{1,20})</sup>", re.IGNORECASE)
_HTML_OTHER = re.compile(r"</?(?:i|em|u|p|br|span|code|sub|sup) ?/?>", re.IGNORECASE)

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2011\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u02bc\u2032", "'"),
        **dict.fromkeys("\u201c\u201d", '"'),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008", " "),
        **dict.fromkeys("\u2009\u200a\u202f\u205f\u3000\t\v\f", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
        **dict.fromkeys("\r\u0085\u2028\u2029", "\n"),
        **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94) if i != 0x0C},
        "\u3002": ".",
        "\u3001": ",",
        "\u2044": "/",
        "\u2215": "/",
        "\u2217": "*",
    }
)


@dataclass(frozen=True, slots=True)
class Response:
    """A response in plain text; ``thinking_cut`` says that its thinking never ended.

    ``unknown_mark``: one that may enclose thinking and that no known model family uses, or empty.
    """

    text: str
    thinking_cut: bool
    unknown_mark: str


# A check needs a response and its question more than once, and the next one the same question.
@lru_cache(maxsize=8)
def clean(text: str) -> Response:
    """The plain text of a response, at most ``MAX_CHARACTERS`` of it, taken from its end."""
    response = unwrapped(text)
    text = unicodedata.normalize("NFC", response.text).replace("\r\n", "\n").translate(_CHARACTERS)
    text = _STRUCK_OUT.sub(" ", text)
    text = _HTML_BOLD.sub("**", text)
    text = _HTML_SUPERSCRIPT.sub(r"^(\1)", text)
    text = _HTML_OTHER.sub(" ", text)
    text = _OVERLINED.sub(lambda match: f"\u27e8{match[1].replace(chr(0x305), '')}\u27e9", text)
    text = _plain_latex(text.replace("{,}", ","))
    return replace(response, text=text[-MAX_CHARACTERS:].strip())


@lru_cache(maxsize=8)
def unwrapped(text: str) -> Response:
    """A response without thinking and chat marks, otherwise as it was written.

    At most twice ``MAX_CHARACTERS`` of it, taken from its end.
    """
    reading = read(text)
    return Response(
        _without_chat_tokens(reading.text[-2 * MAX_CHARACTERS :]), reading.cut, reading.unknown
    )


def _without_chat_tokens(text: str) -> str:
    """A program, or an answer about tokens, may name them: those stay."""
    mentions = Mentions(text)

    def blank(token: re.Match[str]) -> str:
        return token[0] if mentions.covers(*token.span()) else " "

    return _CHAT_TOKEN.sub(blank, text)


_LATEX_SPACE = re.compile(r"\\(?:[,;:> ]|quad\b|qquad\b)")
_LATEX_NOTHING = re.compile(
    r"\\(?:!|(?:left|right|displaystyle|bigl?|bigr|Bigl?|Bigr|limits)(?![A-Za-z])\.?)"
)
_LATEX_NEWLINE = re.compile(r"\\\\(?=\s|$)")
_LATEX_DELIMITER = re.compile(r"\\[()\[\]]|\$\$")
_LATEX_CYCLE = re.compile(r"\\(?:overline|bar) ?\{([0-9]{1,40})\}")
_OVERLINED = re.compile(r"((?:[0-9]\u0305){1,40})")
_LATEX_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_LATEX_BOLD = re.compile(r"\\(?:textbf|mathbf|boldsymbol|bm) ?\{([^{}\n]{0,200})\}")
_LATEX_TEXT = re.compile(
    r"\\(?:text|textrm|textit|mathrm|mathit|mathsf|operatorname|mbox) ?\{([^{}\n]{0,200})\}"
)


def _plain_latex(text: str) -> str:
    if "\\" in text or "$" in text:
        text = text.replace(r"\$", "\uff04").replace(r"\%", "%")
        text = _LATEX_NEWLINE.sub("\n", text)
        text = _LATEX_NOTHING.sub("", text)
        text = _LATEX_SPACE.sub(" ", text)
        text = _LATEX_DELIMITER.sub(" ", text)
        text = _LATEX_CYCLE.sub("\u27e8\\1\u27e9", text)
        text = _LATEX_FRACTION.sub(r"\\frac", text)
        text = _LATEX_BOLD.sub(r"**\1**", text)
        text = _LATEX_TEXT.sub(r" \1 ", text)
        if "$" in text:
            text = "\n".join(_without_math_dollars(line) for line in text.split("\n"))
        text = text.replace("\uff04", "$")
    return text


def _without_math_dollars(line: str) -> str:
    """``line`` without the dollar signs that delimit mathematics; those of prices stay.

    Pandoc's rule: an opening sign has no space to its right; a closing one has no space to its
    left and no digit to its right.
    """
    pieces = line.split("$")
    if len(pieces) < 3:
        return line
    joined = [pieces[0]]
    opening = False
    for index, piece in enumerate(pieces[1:], start=1):
        left, closes = pieces[index - 1], opening
        if closes and left[-1:].strip() and not piece[:1].isdigit():
            # The sign that opened this pair was kept until its partner was seen.
            joined[-1] = " " + joined[-1].removeprefix("$")
            joined.append(" " + piece)
            opening = False
        else:
            joined.append("$" + piece)
            opening = bool(piece[:1].strip())
    return "".join(joined)

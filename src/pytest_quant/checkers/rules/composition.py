"""A piece of writing taken apart: title, paragraphs, lines, sentences, words.

All counting rules stand here. Markup is no part of the writing, and neither are the remarks with
which chat models hand it over ("Sure! Here is ..."), so both are taken off first, unless the
assignment asks for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# A hyphen or an apostrophe holds a word together: "well-made" and "don't" are one word each.
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_TERM = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SENTENCE_END = re.compile(r"(?:[!?\u2026]|(?<!\b[A-HJ-Z])\.)[.!?\u2026]*[\"')\]*_]*(?=\s|$)")
_ABBREVIATION = re.compile(
    r"\b(?:mr|mrs|ms|dr|st|prof|vs|etc|e\.g|i\.e|approx|no)\.$", re.IGNORECASE
)

_RULE = re.compile(r"[ \t]*(?:[-*_=#|:][ \t]*){3,}$")
_FENCE = re.compile(r"[ \t]*```")
_HEADING = re.compile(
    r"#{1,6}[ \t]+\S|\*\*[^*\n]+\*\*:?$|__[^_\n]+__:?$|(?:title|subject):", re.IGNORECASE
)
_MARKER = re.compile(r"^(?:[>#|]+[ \t]*|[-*+\u2022][ \t]+|\(?[0-9]{1,3}[.)][ \t]+)+")
_BULLET = re.compile(r"[ \t]*(?:[-*+\u2022]|\(?[0-9]{1,3}[.)])[ \t]+\S")
_EMPHASIS = re.compile(r"\*+|(?<![^\W_])_+|_+(?![^\W_])|`+")
_TITLE_WORDS = 12
_MOST_REMARKS = 5  # behind the writing

_HANDING_OVER = re.compile(
    r"\W*(?:(?:sure|certainly|of course|absolutely|okay|ok|great)(?: thing)?[!,.][^\n]{0,300}[:!.]"
    r"|(?:here(?:'s| is| are)|below is)\b[^\n]{0,300}:)\W*$",
    re.IGNORECASE,
)
_LEAVING = re.compile(
    r"\W*(?:let me know|i hope (?:this|that|you)|feel free|would you like"
    r"|if you(?:'d| would) like|(?:total )?word count|\(?\d+ words|notes?(?=:)"
    r"|(?:estimated |weekly |grand |the )*total\b[^\n]{0,40}\$\d+"
    r"|this (?:poem|story|letter|paragraph|dialogue|rewrite|version|text|description|reply|scene"
    r"|plan|itinerary) (?:aims|avoids|captures|contains|evokes|follows|imitates|keeps|maintains"
    r"|meets|mimics|reflects|sets|shows|stays|tries|uses|is (?:about|meant|written)))\b",
    re.IGNORECASE,
)
# Thoughts are often set in italics where speech has quotes.
_ITALIC = re.compile(r"(?<![*\w])\*(?![*\s])([^*\s]+[ ][^*\n]{1,300})(?<!\s)\*(?![*\w])")


@dataclass(frozen=True, slots=True)
class Composition:
    """What a model wrote on an assignment.

    ``prompt`` is the assignment (``""`` if unknown), ``source`` the response with its markup,
    ``text`` the whole writing without, ``title`` its title or ``""``, ``paragraphs`` the rest:
    blocks between blank lines, each a tuple of lines. ``bullets`` are the lines that stand in a
    list, in order.
    """

    prompt: str
    source: str
    text: str
    title: str
    paragraphs: tuple[tuple[str, ...], ...]
    bullets: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for paragraph in self.paragraphs for line in paragraph)

    @property
    def body(self) -> str:
        """Everything but the title."""
        return "\n\n".join("\n".join(paragraph) for paragraph in self.paragraphs)

    @property
    def words(self) -> list[str]:
        return words_of(self.body)

    @property
    def sentences(self) -> list[str]:
        return [
            sentence
            for paragraph in self.paragraphs
            for sentence in sentences_of(" ".join(paragraph))
        ]


# Says in which way a composition breaks a rule; "" if it keeps it.
Verify = Callable[[Composition], str]


def compose(text: str, prompt: str = "", asked: Sequence[Verify] = ()) -> Composition:
    """Take a response apart; ``text`` is cleaned already.

    ``asked`` are the rules that name words which have to stand there: what looks like a remark of
    the model's own is none if one of them is kept with it only.
    """

    def composition(blocks: list[list[str]]) -> Composition:
        return _composed(blocks, text, prompt)

    def asked_for(blocks: list[list[str]], without: list[list[str]]) -> bool:
        return any(
            verify(composition(without)) and not verify(composition(blocks)) for verify in asked
        )

    blocks = list(_blocks(text))
    for strip in (_without_opening, *[_without_leaving] * _MOST_REMARKS):
        without = strip(blocks)
        if without != blocks and not asked_for(blocks, without):
            blocks = without
    return composition(blocks)


def _composed(blocks: list[list[str]], source: str, prompt: str) -> Composition:
    bullets = tuple(_plain(line) for block in blocks for line in block if _BULLET.match(line))
    title = ""
    if blocks and _is_title(blocks):
        title = re.sub(r"^(?:title|subject):\s*", "", _plain(blocks[0][0]), flags=re.IGNORECASE)
        blocks = [block for block in (blocks[0][1:], *blocks[1:]) if block]
    paragraphs = tuple(tuple(map(_plain, block)) for block in blocks)
    whole = "\n\n".join("\n".join(paragraph) for paragraph in paragraphs)
    return Composition(
        prompt, source, f"{title}\n\n{whole}" if title else whole, title, paragraphs, bullets
    )


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def terms_of(text: str) -> list[str]:
    """What phrases are looked for among: words without hyphens, accents and upper case."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return _TERM.findall(plain)


def sentences_of(text: str) -> list[str]:
    """The sentences of a paragraph: they end where the next one does not go on in lower case."""
    sentences: list[str] = []
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text, begin, match.end()):
            continue
        if text[match.end() :].lstrip()[:1].islower():
            continue
        sentences.append(text[begin : match.end()].strip())
        begin = match.end()
    sentences.append(text[begin:].strip())
    return [sentence for sentence in sentences if words_of(sentence)]


def _blocks(text: str) -> Iterator[list[str]]:
    """The lines of each block between blank lines; rules and fences only separate."""
    block: list[str] = []
    for line in text.split("\n"):
        if line.strip() and not _RULE.match(line) and not _FENCE.match(line):
            block.append(line.strip())
        elif block:
            yield block
            block = []
    if block:
        yield block


def _without_opening(blocks: list[list[str]]) -> list[list[str]]:
    """Without the model's own remark before the writing, if there is one."""
    if blocks and sum(map(len, blocks)) > 1 and _HANDING_OVER.match(first := _plain(blocks[0][0])):
        # Glued to the writing, it announces it with a colon.
        if len(blocks[0]) == 1:
            return blocks[1:]
        if first.endswith(":"):
            return [blocks[0][1:], *blocks[1:]]
    return blocks


def _without_leaving(blocks: list[list[str]]) -> list[list[str]]:
    """Without the model's own last remark behind the writing, if there is one."""
    if len(blocks) > 1 and len(blocks[-1]) == 1 and _LEAVING.match(_plain(blocks[-1][0])):
        return blocks[:-1]
    return blocks


def _is_title(blocks: Sequence[Sequence[str]]) -> bool:
    """Whether the first line is set as a heading, or stands alone, short and open-ended."""
    first = blocks[0][0]
    if sum(len(block) for block in blocks) < 2:
        return False
    if _HEADING.match(first):
        return True
    alone = len(blocks[0]) == 1 and not _BULLET.match(first)
    plain = _plain(first)
    return alone and len(words_of(plain)) <= _TITLE_WORDS and plain[-1:] not in ".,:;!?\u2026-"


def _plain(line: str) -> str:
    """A line without its list or heading marker and its emphasis; italics inside become quotes."""
    line = _MARKER.sub("", line.strip())
    if not _ITALIC.fullmatch(line):
        line = _ITALIC.sub(r'"\1"', line)
    return _EMPHASIS.sub("", line).strip()

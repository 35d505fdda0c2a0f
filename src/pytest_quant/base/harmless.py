"""Foreign text without harm: what a file, a model or a server says is shown, and does nothing.

It may move a terminal's cursor, hide, turn the text beside it around, be of any length, or not be
encodable at all. Every way out of this package leads through here: errors, lines of a terminal,
test reports, written reports.
"""

from __future__ import annotations

import re
import unicodedata

# They show nothing, and Python takes them for printable.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Between letters of scripts that need them, or between parts of a picture, they change a shape.
_JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")


def harmless(text: str, kept: str = "") -> str:
    """``text`` with control, bidirectional and invisible characters as escapes, except ``kept``.

    Other spaces than the common one become it; joiners stay where a script needs them. What was
    made harmless stays as it is.
    """
    shown = text
    for character in kept:
        shown = shown.replace(character, "")
    if shown.isascii() and shown.isprintable():
        return text
    suspects = {c for c in set(text) if _is_suspect(c)} - set(kept)
    if not suspects:
        return text
    found = re.escape("".join(sorted(suspects)))
    return re.sub(f"[{found}]", lambda match: _stand_in(text, match.start()), text)


def pieces(text: str) -> list[str]:
    """What stands for each character of ``text`` when it is made harmless."""
    return [
        _stand_in(text, place) if _is_suspect(character) else character
        for place, character in enumerate(text)
    ]


def bounded(text: str, most: int) -> str:
    """At most ``most`` characters: the beginning and the end, with a note between them."""
    if len(text) <= most:
        return text
    room = max(0, most - len(_note(len(text))))
    tail = room // 3
    return text[: room - tail] + _note(len(text) - room) + text[len(text) - tail :]


def _note(left_out: int) -> str:
    return f"\n[... {left_out:,} characters ...]\n"


def message(text: str, most: int = 4000, lines: int = 40) -> str:
    """A message for a person: a text of bounded size that keeps its lines."""
    text = bounded(text, most)
    rows = text.split("\n")
    if len(rows) > lines:
        rows[lines // 2 : len(rows) - lines // 2 + 1] = ["..."]
    return harmless("\n".join(rows), "\n\t")


def _is_suspect(character: str) -> bool:
    return character in _FILLERS or not character.isprintable()


def _stand_in(text: str, place: int) -> str:
    """What is shown for a suspect character."""
    character = text[place]
    if character in _JOINERS:
        beside = text[place - 1 : place], text[place + 1 : place + 2]
        if all(map(_takes_joiners, beside)):
            return character
    if unicodedata.category(character) == "Zs":
        return " "
    # As Python would write it in a string.
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _takes_joiners(character: str) -> bool:
    """Whether it is a letter, mark or picture beyond ASCII."""
    return (
        bool(character)
        and not character.isascii()
        and unicodedata.category(character)[0] in "LMS"
        and character not in _FILLERS
    )

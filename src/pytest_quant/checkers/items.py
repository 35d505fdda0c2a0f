"""The checker of closed sets: which of the things that a text names were asked for.

All of them must be listed, and nothing else. What is listed too much tells how a model fails:
something else that the text names is a wrong entry, something that it does not name is made up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.item_lists import Entry, listed_items
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.words import Phrase, is_negated, phrase, words

# First word of a name -> the names that begin with it, and the items that they stand for.
Names = dict[str, list[tuple[Phrase, str]]]

# The names of one thing: "high blood pressure = hypertension".
_SAME = re.compile(r"\s*=\s*")


def check(
    text: str,
    expected: str | Iterable[str],
    *,
    aliases: str | Iterable[str] = (),
    among: str | Iterable[str] = (),
    ordered: bool = False,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a list: every ``expected`` item must be in it, and no other.

    Items are given as a list or as one string with semicolons between them. ``aliases`` has
    entries such as "high blood pressure = hypertension"; ``among`` holds the further items that
    the passage names, which may have aliases, too. An item is recognised by its words within a
    list entry, whatever explanation is added. ``ordered``: in the order given, too.
    Raises ``ValueError`` for an empty list, or an item without a word or given twice.
    """
    right, wrong = _items(expected), _items(among)
    if not right:
        raise ValueError("expected a list of at least one item")
    if twice := [name for name, seen in Counter([*right, *wrong]).items() if seen > 1]:
        raise ValueError(f"the item {twice[0]!r} is given twice")
    names = _names([*right, *wrong], _items(aliases))
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    entries, explicit = listed_items(opened.text, len(right))
    found, unknown = _recognised(entries, names)
    # Prose that nobody announced as the answer is no list, though it has commas.
    listed = bool(found or unknown) if explicit else len(found) > len(unknown)
    if not (explicit and found) and (problem := _no_list(opened.text, listed, truncated)):
        return Outcome("unparsable", "", *problem)
    outcome = _judge(right, found, unknown, ordered=ordered)
    if truncated and outcome.pattern == patterns.MISSING:
        return Outcome("unparsable", "", "truncated", "the list was cut at the length limit")
    return outcome


def _items(given: str | Iterable[str]) -> list[str]:
    parts = [given] if isinstance(given, str) else given
    return [item.strip() for part in parts for item in part.split(";") if item.strip()]


def _names(items: Sequence[str], aliases: Sequence[str]) -> Names:
    """The items with the phrases by which they are known, under the first word of each."""
    known = [(_phrase(item), item) for item in items]
    for entry in aliases:
        item, *others = _SAME.split(entry)
        if item not in items:
            raise ValueError(f"the alias {entry!r} belongs to no item")
        known += [(_phrase(other), item) for other in others]
    names: Names = {}
    for name, item in known:
        names.setdefault(name[0], []).append((name, item))
    return names


def _phrase(name: str) -> Phrase:
    found = phrase(name)
    if not found:
        raise ValueError(f"the item {name!r} needs a word")
    return found


def _recognised(entries: Sequence[Entry], names: Names) -> tuple[list[str], list[str]]:
    """The items that the entries name, each once, and the entries that name none."""
    found: dict[str, None] = {}
    unknown = []
    for entry in entries:
        named = _named(entry.head, names)
        if named is None:
            named = _named(entry.text, names)
        if named is None and words(entry.text):
            unknown.append(entry.head or entry.text)
        found |= dict.fromkeys(named or ())
    return list(found), unknown


def _named(text: str, names: Names) -> list[str] | None:
    """The items named in a text and not denied, in order; ``None`` if there is no name in it.

    Where one name lies within another ("risk" in "credit risk") the longest counts.
    """
    among = words(text)
    spelled = [word.text for word in among]
    named: list[tuple[int, str]] = []
    reach = 0
    for start, word in enumerate(spelled):
        for name, item in sorted(names.get(word, ()), key=lambda known: -len(known[0])):
            end = start + len(name)
            if end > reach and tuple(spelled[start:end]) == name:
                named.append((start, item))
                reach = end
    if not named:
        return None
    # "No control group" names a weakness; "not a control group" takes it back.
    lacking = spelled[0] == "no"
    return [item for start, item in named if lacking or not is_negated(start, among, text)]


def _no_list(text: str, listed: bool, truncated: bool) -> tuple[str, str] | None:
    """Why what was found is no answer, unless a list with known items was announced."""
    if listed and not patterns.is_refusal(text) and not patterns.is_loop(text) and not truncated:
        return None
    announced = bool(final_answer.announcements(text))
    return patterns.missing_pattern(text, truncated=truncated, announced=announced)


def _judge(
    right: Sequence[str], found: Sequence[str], unknown: Sequence[str], *, ordered: bool
) -> Outcome:
    answer = "; ".join([*found, *unknown])
    hits = [item for item in found if item in right]
    missing = [item for item in right if item not in found]
    others = [item for item in found if item not in right]
    share = f"{len(hits)} of {len(right)} right"
    if unknown:
        pattern, reason = patterns.MADE_UP, f"{share}; not in the text: {unknown[0]}"
    elif others:
        pattern, reason = patterns.WRONG_ENTRY, f"{share}; does not belong: {others[0]}"
    elif missing:
        pattern, reason = patterns.MISSING, f"{share}; missing: {missing[0]}"
    elif ordered and hits != list(right):
        step = next(i for i, (a, b) in enumerate(zip(hits, right, strict=True), 1) if a != b)
        pattern, reason = (
            "wrong order", f"item {step}: expected {right[step - 1]}, got {hits[step - 1]}",
        )  # fmt: skip
    else:
        return Outcome("correct", answer, "", f"all {len(right)} items and no other")
    return Outcome("incorrect", answer, pattern, reason)

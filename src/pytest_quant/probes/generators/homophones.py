"""Messages written by ear: words replaced by others that sound the same, or nearly so.

Words in question are marked, in the undisturbed message as in the other, so that one question,
with one right answer, can be asked of both.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

_CONFUSED = [
    ["where", "were", "wear"],
    ["affect", "effect"],
    ["affects", "effects"],
    ["affected", "effected"],
    ["their", "there", "they're"],
    ["heard", "herd"],
]
_OTHERS = {
    word: [other for other in words if other != word] for words in _CONFUSED for word in words
}
_MARKED = re.compile(r"\[([^]]+)\]")

_SENTENCES: dict[str, list[str]] = {
    "where": [
        "[Where] have the {things} gone?",
        "They [were] sent to us {when}.",
        "Nobody knows [where] you [were] {when}.",
        "We [were] in the {room}.",
        "The {room} is [where] I left the {things}.",
        "What shall I [wear] in the {room}?",
        "I had to [wear] a coat, for we [were] cold {when}.",
        "[Were] the {things} in the {room}?",
        "Do ask [where] they [were] made.",
        "You may [wear] that [where] I work.",
    ],
    "affect": [
        "The {change} [affects] the {living}.",
        "Its [effects] come late.",
        "One [effect] is hunger.",
        "It will [affect] {place} for years.",
        "The {living} of {place} were [affected] first.",
        "The [effect] of the {change} is plain to see.",
        "Nobody can tell how it will [affect] us.",
        "The worst [effects] reach {place}.",
        "It [affects] {place} too, and has [affected] it before.",
        "Any [effect] on the {living} will [affect] {place}.",
    ],
    "their": [
        "I [heard] of it in {month}.",
        "[They're] about to move [their] {office}.",
        "Nobody goes [there] in {month}.",
        "[There] is no room in [their] {office}.",
        "Have you [heard] that from [their] {office}?",
        "A [herd] of cows stood [there].",
        "[They're] glad to be [there].",
        "Who runs [their] {office} now?",
        "In {month}, I [heard], [they're] closing it.",
        "The noise of a [herd] can be [heard] from [their] {office}.",
    ],
}
_LENGTH = 3
_FILLERS: dict[str, list[str]] = {
    "things": ["papers", "forms", "letters", "keys", "reports", "tickets", "maps", "photos"],
    "when": ["last week", "yesterday", "on Monday", "this morning", "in March", "last night"],
    "room": ["office", "kitchen", "cellar", "hall", "library", "garage"],
    "change": ["warming", "drought", "flood", "new dam", "heat", "storm", "frost"],
    "living": ["birds", "fish", "trees", "insects", "farms", "frogs", "bees", "plants"],
    "place": ["the coast", "the valley", "the north", "the islands", "the lake", "the hills"],
    "office": ["head office", "factory", "shop", "school", "studio", "workshop", "bakery",
               "museum", "bank", "clinic"],
    "month": ["January", "February", "March", "April", "May", "June", "July", "August",
              "September", "October", "November", "December"],
}  # fmt: skip


def written_by_ear(rng: Random, confusion: str, rates: list[float]) -> dict[str, Any]:
    """A message with marked words, some of them replaced; at least one is.

    ``confusion`` names the words in question. One of ``rates`` is drawn for each message: the
    share of marked words that are replaced. ``words`` are the right ones, in order.
    """
    fillers = {name: rng.choice(words) for name, words in _FILLERS.items()}
    frame = " ".join(rng.sample(_SENTENCES[confusion], _LENGTH)).format_map(fillers)
    words = _MARKED.findall(frame)
    rate = rng.choice(rates)
    heard = words
    while heard == words:
        heard = [_other(rng, word) if rng.random() < rate else word for word in words]
    return {
        "message": _with_words(frame, heard),
        "clean_message": _with_words(frame, words),
        "words": ", ".join(word.lower() for word in words),
    }


def _other(rng: Random, word: str) -> str:
    other = rng.choice(_OTHERS[word.lower()])
    return other.capitalize() if word[0].isupper() else other


def _with_words(frame: str, words: list[str]) -> str:
    """The frame with ``words`` in the place of its marks, between asterisks."""
    left = iter(words)
    return _MARKED.sub(lambda _: f"*{next(left)}*", frame)

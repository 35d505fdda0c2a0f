"""Events of dice, cards and children, counted by going through every outcome."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import comb
from random import Random
from typing import Any, NamedTuple

_RANKS = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "jack", "queen", "king", "ace"]
_SUITS = {"club": "black", "spade": "black", "heart": "red", "diamond": "red"}
# How a deck is described -> its lowest rank.
_DECKS = {
    "a standard deck of 52 cards": "2",
    "a deck of 36 cards (6 to ace in four suits)": "6",
    "a deck of 32 cards (7 to ace in four suits)": "7",
}
_PICTURES = ("jack", "queen", "king")


class _Card(NamedTuple):
    rank: str
    suit: str


_Event = tuple[str, Callable[[_Card], bool]]


def two_rolls(rng: Random) -> dict[str, Any]:
    """Two rolls of one die: how often they make a sum, and how often they exceed another."""
    sides = rng.randint(4, 20)
    total, over = rng.randint(3, 2 * sides - 1), rng.randint(sides, 2 * sides - 2)
    sums = [a + b for a, b in product(range(1, sides + 1), repeat=2)]
    return {
        "sides": sides,
        "total": total,
        "over": over,
        "hits": sums.count(total),
        "more": sum(s > over for s in sums),
        "at_least": sum(s >= over for s in sums),
        "rolls": len(sums),
    }


def one_card(rng: Random) -> dict[str, Any]:
    """A card that is one of two kinds, which may overlap."""
    deck = rng.choice(list(_DECKS))
    ranks = _RANKS[_RANKS.index(_DECKS[deck]) :]
    cards = [_Card(rank, suit) for rank in ranks for suit in _SUITS]
    (first, is_first), (second, is_second) = _narrow(rng, ranks), _wide(rng, ranks)
    one = sum(map(is_first, cards))
    other = sum(map(is_second, cards))
    hits = sum(is_first(card) or is_second(card) for card in cards)
    if hits == max(one, other):
        return one_card(rng)  # one kind is part of the other
    return {
        "deck": deck,
        "first": first,
        "second": second,
        "hits": hits,
        "one": one,
        "other": other,
        "cards": len(cards),
    }


def _narrow(rng: Random, ranks: list[str]) -> _Event:
    rank = rng.choice(ranks)
    if rng.random() < 0.5:
        colour = rng.choice(["red", "black"])
        return (
            f"a {colour} {rank}",
            lambda card: card.rank == rank and (_SUITS[card.suit] == colour),
        )
    suit = rng.choice(list(_SUITS))
    return f"the {rank} of {suit}s", lambda card: card == (rank, suit)


def _wide(rng: Random, ranks: list[str]) -> _Event:
    rank, suit = rng.choice(ranks), rng.choice(list(_SUITS))
    return rng.choice(
        [
            (f"any {rank}", lambda card: card.rank == rank),
            (f"any {suit}", lambda card: card.suit == suit),
            (
                f"a jack, queen or king of {suit}s",
                lambda card: card.rank in _PICTURES and card.suit == suit,
            ),
        ]
    )


def family(rng: Random) -> dict[str, Any]:
    """Children of whom at least some are known to be boys (or girls), and how many then are."""
    children = rng.randint(2, 8)
    known = rng.randint(1, children - 1)
    asked = rng.randint(known + 1, children)
    sex = rng.choice(["boy", "girl"])
    likely = sum(comb(children, boys) for boys in range(known, children + 1))
    return {
        "name": rng.choice(["Miller", "Brown", "Clark", "Young", "Baker", "Hill", "Wood", "King"]),
        "children": children,
        "known": f"{known} {sex}" if known == 1 else f"{known} {sex}s",
        "is_or_are": "is a" if known == 1 else "are",
        "sex": sex,
        "asked": asked,
        "hits": comb(children, asked),
        "likely": likely,
        "unconditional": 2**children,
        "rest": comb(children - known, asked - known),
        "others": 2 ** (children - known),
    }

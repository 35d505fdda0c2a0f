"""Conversations in which a tool has answered, and what it said decides what is called next."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from pytest_quant.probes.generators.tool_kinds import (
    PERSON,
    ROOM,
    TEXT,
    TIME,
    Argument,
    Kind,
    call,
    code,
    offered,
    one_of,
    whole,
)

_BOOK = one_of("Dune", "Emma", "Ulysses", "Middlemarch", "Dracula", "Persuasion", "Walden")
_BRANCH = one_of("north", "south", "harbour", "market", "park")


@dataclass(frozen=True, slots=True)
class Errand:
    """One tool finds what another one needs: ``found`` maps its answer to the other's arguments."""

    request: str
    find: Kind
    use: Kind
    answer: Mapping[str, Argument]
    found: Mapping[str, str]


def _kind(name: str, about: str, /, **arguments: Argument) -> Kind:
    return Kind(name, about, "", arguments)


_ERRANDS = (
    Errand(
        "Send {name} the message '{text}'.",
        _kind("find_contact", "Finds a person in the address book.", name=PERSON),
        _kind("send_to_contact", "Sends a contact a message.", contact=code("C", 4), text=TEXT),
        {"contact": code("C", 4), "phone": whole(100000, 999999)},
        {"contact": "contact"},
    ),
    Errand(
        "Pay back the last order of {customer}, all of it.",
        _kind("last_order", "Tells the last order of a customer.", customer=PERSON),
        _kind("refund_order", "Pays back an amount of an order.", order=code("O", 5),
              amount=Argument({"type": "number"}, lambda rng: rng.randint(40, 4000) / 4)),
        {"order": code("O", 5), "invoice": code("I", 5), "lines": whole(1, 9),
         "amount": Argument({}, lambda rng: rng.randint(40, 4000) / 4)},
        {"order": "order", "amount": "amount"},
    ),
    Errand(
        "Reserve the book '{title}' at the branch {branch}.",
        _kind("find_book", "Finds a book in the catalogue.", title=_BOOK),
        _kind("reserve_book", "Reserves a copy of a book at a branch.", book=code("K", 6),
              branch=_BRANCH),
        {"book": code("K", 6), "shelf": code("S", 3), "copies": whole(1, 9)},
        {"book": "book"},
    ),
    Errand(
        "Move my meeting with {person} to {start}.",
        _kind("find_meeting", "Finds the next meeting with a person.", person=PERSON),
        _kind("move_meeting", "Moves a meeting to another time of its day.",
              meeting=code("M", 4), start=TIME),
        {"meeting": code("M", 4), "start": TIME, "room": ROOM},
        {"meeting": "meeting"},
    ),
)  # fmt: skip


_TOOLS = offered([kind for errand in _ERRANDS for kind in (errand.find, errand.use)])


def next_call(rng: Random) -> dict[str, Any]:
    """The tool has found what the next call needs, among other things."""
    errand = rng.choice(_ERRANDS)
    asked = {name: one.draw(rng) for name, one in errand.find.arguments.items()}
    own = {
        name: one.draw(rng)
        for name, one in errand.use.arguments.items()
        if name not in errand.found
    }
    answer = {name: one.draw(rng) for name, one in errand.answer.items()}
    needed = {
        name: answer[errand.found[name]] if name in errand.found else own[name]
        for name in errand.use.arguments
    }
    return {
        "tools": _TOOLS,
        "request": errand.request.format_map({**asked, **own}),
        "before": json.dumps([call(errand.find.name, asked)]),
        "answer": json.dumps({**asked, **answer}),
        "calls": json.dumps([call(errand.use.name, needed)]),
    }


@dataclass(frozen=True, slots=True)
class Condition:
    """A tool ``tells`` a number; only below or above a bound something is to be done."""

    request: str
    look: Kind
    act: Kind
    tells: str
    bounds: range
    numbers: range
    # Of the bound and the number: what the other tool is called with, or ``None`` for nothing.
    does: Callable[[int, int], int | None]


_STOCK = one_of("pens", "mugs", "lamps", "chairs", "maps", "ropes", "bolts", "forks")
_COUNT = Argument({"type": "integer"}, lambda rng: rng.randint(1, 9))
_CONDITIONS = (
    Condition(
        "Look how many {product} are in stock. If fewer than {bound} are left, order as many as "
        "are missing to {bound}.",
        _kind("get_stock", "Tells how many pieces of a product are in stock.", product=_STOCK),
        _kind("order_stock", "Orders pieces of a product.", product=_STOCK, count=_COUNT),
        "in_stock",
        range(12, 96),
        range(2, 131),
        lambda bound, number: bound - number if number < bound else None,
    ),
    Condition(
        "Look how warm it is in the {room}. If it has fewer than {bound} degrees, heat it to "
        "{bound} degrees.",
        _kind("get_temperature", "Tells how many degrees a room has.", room=ROOM),
        _kind("set_heating", "Heats a room to some degrees.", room=ROOM, degrees=_COUNT),
        "degrees",
        range(17, 26),
        range(8, 31),
        lambda bound, number: bound if number < bound else None,
    ),
    Condition(
        "Look how much is on the account {account}. If it is more than {bound} dollars, save what "
        "is above {bound}.",
        _kind("get_balance", "Tells how many dollars are on an account.", account=code("A", 5)),
        _kind("save_money", "Saves dollars of an account.", account=code("A", 5), dollars=_COUNT),
        "balance",
        range(40, 960),
        range(5, 1200),
        lambda bound, number: number - bound if number > bound else None,
    ),
    Condition(
        "Look how many seats are free in the train {train}. If it is {bound} or more, reserve "
        "{bound} of them.",
        _kind("get_seats", "Tells how many seats of a train are free.", train=code("R", 3)),
        _kind("reserve_seats", "Reserves seats of a train.", train=code("R", 3), seats=_COUNT),
        "free",
        range(2, 15),
        range(31),
        lambda bound, number: bound if number >= bound else None,
    ),
)


_WATCHING = offered([kind for one in _CONDITIONS for kind in (one.look, one.act)])


def on_condition(rng: Random, none: float) -> dict[str, Any]:
    """What the tool has said may call for nothing, and a number has to be worked out from it."""
    chosen = rng.choice(_CONDITIONS)
    ((subject, argument),) = chosen.look.arguments.items()
    thing = argument.draw(rng)
    wanted = rng.random() >= none
    while True:
        bound, number = rng.choice(chosen.bounds), rng.choice(chosen.numbers)
        done = chosen.does(bound, number)
        if (done is not None) == wanted:
            break
    amount = next(name for name in chosen.act.arguments if name != subject)
    calls = [call(chosen.act.name, {subject: thing, amount: done})] if done is not None else []
    return {
        "tools": _WATCHING,
        "request": chosen.request.format_map({subject: thing, "bound": bound}),
        "before": json.dumps([call(chosen.look.name, {subject: thing})]),
        "answer": json.dumps({subject: thing, chosen.tells: number}),
        "calls": json.dumps(calls),
    }

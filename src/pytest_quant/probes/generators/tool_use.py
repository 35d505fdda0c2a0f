"""Requests to an assistant that has tools, with the calls that fulfil them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.tool_kinds import (
    CITY,
    KINDS,
    PAIRS,
    PERSON,
    Argument,
    Kind,
    call,
    offered,
    one_of,
    option,
    something_else,
    whole,
)


def one_call(rng: Random, tools: list[str]) -> dict[str, Any]:
    """A request that one of the tools fulfils."""
    request, wanted = KINDS[rng.choice(tools)].ask(rng)
    return _values([KINDS[name] for name in tools], request, [wanted])


def one_or_none(rng: Random, tools: list[str], none: float) -> dict[str, Any]:
    """The same, but every so often no tool does: one like it would, or none that there is."""
    if rng.random() >= none:
        return one_call(rng, tools)
    offers = [KINDS[name] for name in tools]
    if rng.random() < 0.5:
        return _values(offers, something_else(rng), [])
    others = [
        kind for pair in PAIRS if not {*tools}.isdisjoint(k.name for k in pair) for kind in pair
    ]
    missed = rng.choice([kind for kind in others if kind.name not in tools])
    return _values(offers, missed.ask(rng)[0], [])


def several(rng: Random, tools: list[str], calls: list[int]) -> dict[str, Any]:
    """Several requests at once, to be fulfilled in their order; a tool may be needed twice."""
    needed = [KINDS[rng.choice(tools)] for _ in range(rng.randint(*calls))]
    asked = [kind.ask(rng) for kind in needed]
    request = "\n".join(f"{number}. {text}" for number, (text, _) in enumerate(asked, 1))
    return _values([KINDS[name] for name in tools], request, [wanted for _, wanted in asked])


def _values(kinds: Sequence[Kind], request: str, calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"tools": offered(kinds), "request": request, "calls": json.dumps([*calls])}


def _some(values: Sequence[str], fewest: int) -> Argument:
    """A list of some of the texts that are allowed, in their order."""

    def draw(rng: Random) -> list[str]:
        taken = set(rng.sample(values, rng.randint(fewest, len(values) - 1)))
        return [value for value in values if value in taken]

    return Argument({"type": "array", "items": {"enum": [*values]}}, draw)


_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_TRUE = Argument({"type": "boolean"}, lambda _: True)
_FALSE = Argument({"type": "boolean"}, lambda _: False)
# Arguments of all types, those behind the required ones to be given only if they are asked for:
# the tool, and the words that ask for each of those.
_TYPED: Sequence[tuple[Kind, dict[str, str]]] = (
    (
        Kind("search_hotels", "Lists hotels of a city.",
             "Look for a hotel in {city} for {nights} nights",
             {"city": CITY, "nights": whole(1, 14), "stars": whole(2, 5), "breakfast": _TRUE,
              "sort_by": option("price", "rating", "distance")}, ["city", "nights"]),
        {"stars": "with {stars} stars", "breakfast": "with breakfast",
         "sort_by": "and sort the hotels by {sort_by}"},
    ),
    (
        Kind("list_orders", "Lists orders of a shop.", "List the orders that are {status}",
             {"status": option("open", "paid", "shipped", "cancelled"), "customer": PERSON,
              "limit": whole(5, 60, 5), "newest_first": _TRUE}, ["status"]),
        {"customer": "of the customer {customer}", "limit": "but no more than {limit}",
         "newest_first": "with the newest first"},
    ),
    (
        Kind("create_user", "Creates an account.",
             "Create an account for the user name {name} with the roles {roles}",
             {"name": one_of("arne7", "bea22", "cem", "dora_k", "emil", "fay99"),
              "roles": _some(["reader", "writer", "editor", "admin"], 2), "active": _FALSE,
              "quota_gb": whole(1, 40)}, ["name", "roles"]),
        {"active": "that is not active yet", "quota_gb": "with a quota of {quota_gb} GB"},
    ),
    (
        Kind("schedule_backup", "Has a database saved every week.",
             "Save the database {database} on {days} at {hour} o'clock",
             {"database": one_of("sales", "staff", "stock", "mail", "web"),
              "days": _some(_DAYS, 2), "hour": whole(0, 23), "compress": _FALSE,
              "copies": whole(2, 9)}, ["database", "days", "hour"]),
        {"compress": "without compressing it", "copies": "and keep {copies} copies"},
    ),
    (
        Kind("resize_image", "Makes a smaller image of one.",
             "Make the image {file} {width} pixels wide",
             {"file": one_of("cat.png", "map.jpg", "logo.png", "team.jpg"),
              "width": whole(100, 1200, 50), "format": option("jpg", "png", "webp"),
              "keep_original": _TRUE}, ["file", "width"]),
        {"format": "in the format {format}", "keep_original": "and keep the original"},
    ),
)  # fmt: skip


def typed(rng: Random) -> dict[str, Any]:
    """A call with texts, numbers, truth values and lists, some of them optional."""
    kind, phrases = rng.choice(_TYPED)
    given = [name for name in phrases if rng.random() < 0.5]
    values = {
        name: argument.draw(rng)
        for name, argument in kind.arguments.items()
        if name not in phrases or name in given
    }
    said = {k: ", ".join(v) if isinstance(v, list) else v for k, v in values.items()}
    request = ", ".join([kind.request, *(phrases[name] for name in given)]).format_map(said)
    return _values([one for one, _ in _TYPED], f"{request}.", [call(kind.name, values)])


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


def _mapping(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _as_given(schema: dict[str, Any]) -> Argument:
    """An argument that is not drawn by itself."""
    return Argument(schema, lambda _: None)


_STRING, _NUMBER = {"type": "string"}, {"type": "integer"}
_ADDRESS = _mapping(street=_STRING, number=_NUMBER, city=_STRING)
_LINES = {"type": "array", "items": _mapping(product=_STRING, count=_NUMBER)}
_ORDER = Kind(
    "place_order",
    "Places an order of goods for a customer.",
    "",
    {
        "customer": _as_given(_mapping(name=_STRING, address=_ADDRESS)),
        "items": _as_given(_LINES),
        "express": _as_given({"type": "boolean"}),
    },
)


def order(rng: Random, tools: list[str], lines: list[int]) -> dict[str, Any]:
    """A call whose arguments hold lists of objects and objects in objects."""
    goods = rng.sample(["pens", "mugs", "lamps", "chairs", "maps", "ropes"], rng.randint(*lines))
    items = [{"product": name, "count": rng.randint(2, 30)} for name in goods]
    person, city = PERSON.draw(rng), CITY.draw(rng)
    street = rng.choice(["Mill Lane", "High Street", "Oak Road", "Station Road", "Bridge Street"])
    address = {"street": street, "number": rng.randint(1, 99), "city": city}
    express = rng.random() < 0.5
    arguments = {
        "customer": {"name": person, "address": address},
        "items": items,
        "express": express,
    }
    wanted = _listed([f"{item['count']} {item['product']}" for item in items])
    how = "with express delivery" if express else "without express delivery"
    return _values(
        [_ORDER, *(KINDS[name] for name in tools)],
        f"Order {wanted} for {person}, {street} {address['number']} in {city}, {how}.",
        [call(_ORDER.name, arguments)],
    )

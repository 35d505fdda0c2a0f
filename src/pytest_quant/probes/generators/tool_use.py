"""Requests to an assistant that has tools, with the calls that fulfil them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.tool_kinds import (
    CITY,
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


def one_call(rng: Random, tools: int) -> dict[str, Any]:
    """Tools that have nothing to do with each other, one of which fits."""
    kinds = [rng.choice(pair) for pair in rng.sample(PAIRS, tools)]
    request, wanted = kinds[0].ask(rng)
    return _values(rng, kinds, request, [wanted])


def one_or_none(rng: Random, tools: int, none: float) -> dict[str, Any]:
    """The same, but every so often no tool fits: another one would, or none that there is."""
    kinds = [rng.choice(pair) for pair in rng.sample(PAIRS, tools)]
    request, wanted = kinds[0].ask(rng)
    if rng.random() >= none:
        return _values(rng, kinds, request, [wanted])
    if rng.random() < 0.5:
        return _values(rng, kinds[1:], request, [])
    return _values(rng, kinds[1:], something_else(rng), [])


def similar(rng: Random, pairs: int) -> dict[str, Any]:
    """Of every tool another one that is easily taken for it."""
    kinds = [kind for pair in rng.sample(PAIRS, pairs) for kind in pair]
    request, wanted = rng.choice(kinds).ask(rng)
    return _values(rng, kinds, request, [wanted])


def several(rng: Random, calls: list[int], others: int) -> dict[str, Any]:
    """Several requests at once, to be fulfilled in their order; a tool may be needed twice."""
    chosen = [rng.choice(pair) for pair in rng.sample(PAIRS, rng.randint(*calls) + others)]
    needed = chosen[others:]
    if rng.random() < 0.5:
        needed.append(rng.choice(needed))
    asked = [kind.ask(rng) for kind in needed]
    request = "\n".join(f"{number}. {text}" for number, (text, _) in enumerate(asked, 1))
    return _values(rng, chosen, request, [wanted for _, wanted in asked])


def _values(
    rng: Random, kinds: Sequence[Kind], request: str, calls: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    return {"tools": offered(rng, kinds), "request": request, "calls": json.dumps([*calls])}


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


def typed(rng: Random, tools: int) -> dict[str, Any]:
    """A call with texts, numbers, truth values and lists, some of them optional."""
    chosen = rng.sample(_TYPED, tools)
    kind, phrases = chosen[0]
    given = [name for name in phrases if rng.random() < 0.5]
    values = {
        name: argument.draw(rng)
        for name, argument in kind.arguments.items()
        if name not in phrases or name in given
    }
    said = {k: ", ".join(v) if isinstance(v, list) else v for k, v in values.items()}
    request = ", ".join([kind.request, *(phrases[name] for name in given)]).format_map(said)
    return _values(rng, [one for one, _ in chosen], f"{request}.", [call(kind.name, values)])


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


def order(rng: Random, lines: list[int], others: int) -> dict[str, Any]:
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
    text, number = {"type": "string"}, {"type": "integer"}
    schema = {
        "customer": _mapping(name=text, address=_mapping(street=text, number=number, city=text)),
        "items": {"type": "array", "items": _mapping(product=text, count=number)},
        "express": {"type": "boolean"},
    }
    tool = {"name": "place_order", "description": "Places an order of goods for a customer."}
    offers = [
        {**tool, "parameters": _mapping(**schema)},
        *(rng.choice(pair).offer for pair in rng.sample(PAIRS, others)),
    ]
    rng.shuffle(offers)
    wanted = _listed([f"{item['count']} {item['product']}" for item in items])
    how = "with express delivery" if express else "without express delivery"
    return {
        "tools": "[" + ",\n".join(map(json.dumps, offers)) + "]",
        "request": f"Order {wanted} for {person}, {street} {address['number']} in {city}, {how}.",
        "calls": json.dumps([call("place_order", arguments)]),
    }


def _mapping(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }

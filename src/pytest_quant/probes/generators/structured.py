"""Texts to be written as data: records, rows, tables, trees, with what has to come out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from random import Random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_FIRST = ["Ann", "Boris", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jun"]
_LAST = ["Lee", "Novak", "Ortiz", "Park", "Quist", "Rossi", "Silva", "Tran", "Ueda", "Vogel"]
_CITIES = ["Oslo", "Lima", "Rome", "Cairo", "Quito", "Lyon", "Porto", "Kyoto", "Perth", "Turin"]
_LANGUAGES = ["Arabic", "Czech", "Dutch", "French", "Greek", "Hindi", "Korean", "Polish"]
_COLOURS = ["red", "blue", "green", "white", "black", "grey", "brown", "pink"]
_GOODS = ["lamp", "chair", "mug", "clock", "rope", "tent", "map", "kettle", "radio", "shelf"]
_AWKWARD = [
    "cup, small", "map, folded", 'the "big" lamp', 'a 3" pipe', "rope, 5 m", "salt, fine",
    'disc "Blue"', "tent, 2 persons",
]  # fmt: skip
_SIGNS = [
    "Miller & Sons",
    "Park & Co",
    "A < B Labs",
    "Tools & More",
    "Salt & Pepper",
    "5 > 4 Games",
]
_PARTS = ["nuts & bolts", "cable < 2 m", "pens & ink", "bulb", "glue", "tape > 5 cm", "screws"]
_TEAMS = ["finance", "research", "sales"]

_TEXT, _NUMBER, _WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_YES_OR_NO, _TEXTS = {"type": "boolean"}, {"type": "array", "items": {"type": "string"}}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _name(rng: Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _price(rng: Random) -> str:
    return f"{rng.randint(2, 400)}.{rng.randint(1, 19) * 5:02}"


def _date(rng: Random) -> str:
    return f"20{rng.randint(20, 29)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


def record(rng: Random) -> dict[str, Any]:
    """A sentence about a person or a thing, and the JSON Schema of its record."""
    if rng.random() < 0.5:
        name, age, city = _name(rng), rng.randint(18, 90), rng.choice(_CITIES)
        spoken, member = rng.sample(_LANGUAGES, rng.randint(2, 3)), rng.random() < 0.5
        be = "is" if member else "is not"
        text = (
            f"{name} is {age} years old, lives in {city}, speaks {_listed(spoken)} and {be} a "
            "member."
        )
        schema = _object(name=_TEXT, age=_WHOLE, city=_TEXT, languages=_TEXTS, member=_YES_OR_NO)
        values: dict[str, Any] = {
            "name": name, "age": age, "city": city, "languages": spoken, "member": member,
        }  # fmt: skip
    else:
        product, price, grams = rng.choice(_GOODS), _price(rng), rng.randint(80, 4000)
        colours, sold_out = rng.sample(_COLOURS, rng.randint(2, 3)), rng.random() < 0.5
        be = "is sold out" if sold_out else "is in stock"
        text = (
            f"The {product} costs {price} dollars, weighs {grams} grams, comes in "
            f"{_listed(colours)}, and {be}."
        )
        schema = _object(
            product=_TEXT, price=_NUMBER, grams=_WHOLE, colours=_TEXTS, sold_out=_YES_OR_NO
        )
        values = {
            "product": product, "price": float(price), "grams": grams, "colours": colours,
            "sold_out": sold_out,
        }  # fmt: skip
    return {"text": text, "schema": json.dumps(schema), "data": json.dumps(values)}


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().strip("\n")


def purchases(rng: Random, rows: list[int], awkward: int) -> dict[str, Any]:
    """Sentences about purchases, one a row; some products hold a comma or quotes."""
    count = rng.randint(*rows)
    products = [*rng.sample(_AWKWARD, awkward), *rng.sample(_GOODS, count - awkward)]
    rng.shuffle(products)
    found, said = [], []
    for product in products:
        date, name, pieces, price = _date(rng), _name(rng), rng.randint(1, 40), _price(rng)
        found.append([date, name, product, pieces, price])
        said.append(
            rng.choice(
                (
                    "On {0} {1} bought {3} pieces of [{2}] at {4} dollars each.",
                    "{1} took {3} pieces of [{2}], each for {4} dollars, on {0}.",
                    "{3} pieces of [{2}] went to {1} on {0}; one was {4} dollars.",
                )
            ).format(date, name, product, pieces, price)
        )
    heading = ["date", "customer", "product", "pieces", "price"]
    return {"text": "\n".join(said), "heading": ",".join(heading), "data": _csv([heading, *found])}


def sorted_table(rng: Random, rows: list[int]) -> dict[str, Any]:
    """Figures of goods, to be shown in the order of one of them."""
    goods = rng.sample(_GOODS, rng.randint(*rows))
    grams = rng.sample(range(80, 4000), len(goods))
    stock = rng.sample(range(3, 90), len(goods))
    found = [(g, _price(rng), w, s) for g, w, s in zip(goods, grams, stock, strict=True)]
    said = [
        f"The {g} costs {p} dollars and weighs {w} grams; {s} are left." for g, p, w, s in found
    ]
    by_weight, falling = rng.random() < 0.5, rng.random() < 0.5
    found.sort(key=lambda row: row[2] if by_weight else row[3], reverse=falling)
    by = "the weight" if by_weight else "how many are left"
    return {
        "text": "\n".join(said),
        "order": f"{by}, the {'largest' if falling else 'smallest'} number first",
        "data": _csv([("product", "price", "grams", "left"), *found]),
    }


def nested_order(rng: Random, lines: list[int]) -> dict[str, Any]:
    """An order with a customer and lines; what is not said of it is null."""
    goods = rng.sample(_GOODS, rng.randint(*lines))
    items = [
        {"product": one, "count": rng.randint(2, 40), "price": float(_price(rng))} for one in goods
    ]
    name, city, number = _name(rng), rng.choice(_CITIES), rng.randint(1000, 9999)
    phone = f"555-{rng.randint(1000, 9999)}" if rng.random() < 0.5 else None
    due = _date(rng) if rng.random() < 0.5 else None
    said = [f"Order {number} comes from {name} in {city}."]
    said += [
        f"It has {i['count']} pieces of {i['product']} at {i['price']:.2f} dollars each."
        for i in items
    ]
    said += [f"The customer's phone is {phone}."] if phone else []
    said += [f"It is due on {due}."] if due else []
    maybe = {"type": ["string", "null"]}
    schema = _object(
        number=_WHOLE,
        due=maybe,
        customer=_object(name=_TEXT, city=_TEXT, phone=maybe),
        lines={"type": "array", "items": _object(product=_TEXT, count=_WHOLE, price=_NUMBER)},
    )
    values = {
        "number": number,
        "due": due,
        "customer": {"name": name, "city": city, "phone": phone},
        "lines": items,
    }
    return {"text": " ".join(said), "schema": json.dumps(schema), "data": json.dumps(values)}


def invoice(rng: Random, items: list[int]) -> dict[str, Any]:
    """An invoice to be written as XML; some of its words hold signs that XML keeps for itself."""
    number, date, customer = rng.randint(100, 9999), _date(rng), rng.choice(_SIGNS)
    parts = rng.sample(_PARTS, rng.randint(*items))
    lines = [(part, rng.randint(2, 60), f"K{rng.randint(100, 999)}") for part in parts]
    said = [f"Invoice {number} of {date} goes to the customer [{customer}]."]
    said += [
        f"It lists {count} pieces of [{part}] with the code {code}." for part, count, code in lines
    ]
    written = "".join(
        f"<item code={quoteattr(code)} count={quoteattr(str(count))}>{escape(part)}</item>"
        for part, count, code in lines
    )
    return {
        "text": " ".join(said),
        "data": f'<invoice number="{number}" date="{date}"><customer>{escape(customer)}</customer>'
        f"<items>{written}</items></invoice>",
    }


def grouped(rng: Random, people: list[int]) -> dict[str, Any]:
    """People of several teams: those with enough years of service, by team, the longest first."""
    count = rng.randint(*people)
    names = rng.sample([f"{a} {b}" for a in _FIRST for b in _LAST], count)
    years = rng.sample(range(1, 40), count)
    found = [(name, rng.choice(_TEAMS), served) for name, served in zip(names, years, strict=True)]
    bound = sorted(years)[rng.randint(2, count // 2)]
    said = [f"{name} has worked in {team} for {served} years." for name, team, served in found]
    chosen = sorted((one for one in found if one[2] >= bound), key=lambda one: -one[2])
    groups = {
        team: [{"name": name, "years": served} for name, of, served in chosen if of == team]
        for team in _TEAMS
    }
    inner = {"type": "array", "items": _object(name=_TEXT, years=_WHOLE)}
    return {
        "text": " ".join(said),
        "bound": bound,
        "schema": json.dumps(_object(**dict.fromkeys(_TEAMS, inner))),
        "data": json.dumps(groups),
    }

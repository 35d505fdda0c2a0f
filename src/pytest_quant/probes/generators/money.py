"""Purchases, prices, savings and rents, each worked out in small written steps."""

from __future__ import annotations

from itertools import accumulate, pairwise
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import enumerated

_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max"]
_THINGS = ["pens", "cups", "lamps", "books", "bags", "hats", "plants", "keys"]
_GOODS = ["lamp", "coat", "radio", "chair", "bag", "clock", "table", "bed", "book", "fan"]


def budget(rng: Random, purchases: list[int]) -> dict[str, Any]:
    """Money that is spent bit by bit, with what is left on the way."""
    goods = rng.sample(_GOODS, rng.randint(*purchases))
    prices = [rng.randint(5, 60) for _ in goods]
    has = sum(prices) + rng.randint(1, 99)
    left = list(accumulate(prices, lambda rest, price: rest - price, initial=has))
    steps = zip(pairwise(left), prices, strict=True)
    bought = [f"{price} dollars for a {thing}" for price, thing in zip(prices, goods, strict=True)]
    return {
        "name": rng.choice(_NAMES),
        "has": has,
        "bought": enumerated(bought),
        "left": left[-1],
        "first_left": left[1],
        "working": ", ".join(f"{before} - {price} = {after}" for (before, after), price in steps),
    }


def shopping(rng: Random, kinds: list[int]) -> dict[str, Any]:
    """Several things of several kinds: a product for each, then a running sum."""
    things = rng.sample(_THINGS, rng.randint(*kinds))
    bought = [(rng.randint(2, 9), rng.randint(2, 12), thing) for thing in things]
    costs = [count * price for count, price, _ in bought]
    totals = list(accumulate(costs))
    steps = [f"{count} * {price} = {count * price}" for count, price, _ in bought]
    steps += [
        f"{before} + {cost} = {after}"
        for (before, after), cost in zip(pairwise(totals), costs[1:], strict=True)
    ]
    listed = [f"{count} {thing} at {price} dollars each" for count, price, thing in bought]
    return {
        "name": rng.choice(_NAMES),
        "bought": enumerated(listed),
        "total": totals[-1],
        "prices": sum(price for _, price, _ in bought),
        "working": ", ".join(steps),
    }


def proportion(rng: Random) -> dict[str, Any]:
    """The price of some things from the price of others, through the price of one."""
    known, asked = rng.sample(range(2, 13), 2)
    price = rng.randint(2, 12)
    total, cost = known * price, asked * price
    return {
        "things": rng.choice(_THINGS),
        "known": known,
        "total": total,
        "asked": asked,
        "price": price,
        "cost": cost,
        "working": f"{total} / {known} = {price}, {asked} * {price} = {cost}",
    }


def price_change(rng: Random) -> dict[str, Any]:
    """A price that rises or falls by a multiple of 5 percent, by way of 5 percent."""
    twentieth, fives = rng.randint(1, 20), rng.randint(1, 12)
    price, share = 20 * twentieth, fives * twentieth
    rises = rng.random() < 0.5
    new = price + share if rises else price - share
    return {
        "thing": rng.choice(_GOODS),
        "price": price,
        "percent": 5 * fives,
        "moves": "rises" if rises else "falls",
        "share": share,
        "new": new,
        "working": f"5 percent of {price} is {twentieth}, {5 * fives} percent is "
        f"{fives} * {twentieth} = {share}, {price} {'+' if rises else '-'} {share} = {new}",
    }


def simple_interest(rng: Random) -> dict[str, Any]:
    """Savings of whole hundreds whose interest earns no interest."""
    hundreds, rate, years = rng.randint(1, 20), rng.randint(1, 9), rng.randint(2, 9)
    saved, yearly = 100 * hundreds, hundreds * rate
    interest = yearly * years
    return {
        "name": rng.choice(_NAMES),
        "saved": saved,
        "rate": rate,
        "years": years,
        "interest": interest,
        "yearly": yearly,
        "worth": saved + interest,
        "working": f"{saved} / 100 = {hundreds}, {hundreds} * {rate} = {yearly}, "
        f"{yearly} * {years} = {interest}, {saved} + {interest} = {saved + interest}",
    }


def break_even(rng: Random, most: int) -> dict[str, Any]:
    """A rent that sales must earn, by long division by what one sale earns."""
    margin, units = rng.randint(2, 9), rng.randint(11, most)
    cost = rng.randint(1, 12)
    rent = margin * units
    return {
        "things": rng.choice(_THINGS),
        "price": cost + margin,
        "cost": cost,
        "rent": rent,
        "units": units,
        "working": f"{cost + margin} - {cost} = {margin}. {_long_division(rent, margin)}",
    }


def _long_division(number: int, divisor: int) -> str:
    """Digit by digit, the rest carried on: 31 / 5 = 6 rest 1, 10 / 5 = 2 rest 0."""
    steps: list[str] = []
    rest = 0
    for digit in str(number):
        part = 10 * rest + int(digit)
        rest = part % divisor
        if steps or part >= divisor:
            steps.append(f"{part} / {divisor} = {part // divisor} rest {rest}")
    return ", ".join(steps)

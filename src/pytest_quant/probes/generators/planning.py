"""Plans to be made: journeys, meals, and production whose optimum a linear program tells."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

SIGHTS = {
    "Rome": ["Colosseum", "Pantheon", "Trevi Fountain", "Villa Borghese", "Castel Sant'Angelo",
             "Vatican Museums", "Explora", "Janiculum"],
    "London": ["Tower Bridge", "Science Museum", "Hyde Park", "Covent Garden", "Greenwich",
               "British Museum", "London Eye"],
    "Paris": ["Louvre", "Eiffel Tower", "Jardin du Luxembourg", "Notre-Dame", "Montmartre",
              "Versailles", "Cité des Sciences"],
    "Vienna": ["Prater", "Schönbrunn", "Belvedere", "Naschmarkt", "Hofburg", "Haus der Musik"],
    "Lisbon": ["Oceanarium", "Belém Tower", "Alfama", "Carmo", "Estrela", "Gulbenkian"],
    "Berlin": ["Reichstag", "Museum Island", "Tiergarten", "Brandenburg Gate", "Tempelhof",
               "Charlottenburg"],
}  # fmt: skip
_WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_REUSED = {"spinach": "spinach", "lentils": "lentil", "chickpeas": "chickpea", "rice": "rice",
           "carrots": "carrot", "potatoes": "potato"}  # fmt: skip
_FORBIDDEN = ["peanut", "shrimp", "pork", "mushroom", "walnut", "tuna"]
# Such that a demand in tens leaves whole units of Y, nearly always.
_CAPACITIES_X = [40, 50, 100, 200]
_CAPACITIES_Y = [60, 80, 100, 120, 140, 160, 200, 240]

# Units of X and of Y that a line makes in a day that it gives to one of them.
Line = tuple[int, int]


def itinerary(rng: Random, days: list[int]) -> dict[str, Any]:
    """A city, some of its sights, two children and a number of days."""
    city = rng.choice(list(SIGHTS))
    younger, count = rng.randint(4, 9), rng.randint(*days)
    return {
        "city": city,
        "sights": rng.sample(SIGHTS[city], 3),
        "younger": younger,
        "older": younger + rng.randint(2, 5),
        "days": count,
        "headings": "; ".join(f"Day {day}" for day in range(1, count + 1)),
        "most": 100 * count,
    }


def meal_plan(rng: Random) -> dict[str, Any]:
    """A week of meals with a budget, an ingredient to be used up and one to be left out."""
    reused = rng.choice(list(_REUSED))
    return {
        "people": rng.randint(2, 6),
        "minutes": rng.choice([30, 40, 45, 60]),
        "budget": rng.randrange(20, 61, 5),
        "reused": reused,
        "stem": _REUSED[reused],
        "times": rng.choice(["two", "three"]),
        "forbidden": rng.choice(_FORBIDDEN),
        "days": "; ".join(_WEEK),
    }


def production(rng: Random) -> dict[str, Any]:
    """Three lines, two demands, and the one best way to share out the day, in whole units."""
    while True:
        lines = [(rng.choice(_CAPACITIES_X), rng.choice(_CAPACITIES_Y)) for _ in range(3)]
        # What a unit of X costs in units of Y differs, so there is only one best way.
        if len({Fraction(y, x) for x, y in lines}) < 3:
            continue
        demand_x = 10 * rng.randint(4, sum(x for x, _ in lines) // 10 - 1)
        made = best_shares(lines, demand_x)
        if made is not None:
            best_y = sum(y for _, y in made)
            demand_y = max(10, best_y // 10 * 10 + 10 * rng.randint(-6, 6))
            return production_values(lines, demand_x, demand_y, made)


def production_values(
    lines: Sequence[Line], demand_x: int, demand_y: int, made: Sequence[Line]
) -> dict[str, Any]:
    """What the question shows, and the terms of its answer."""
    shortfall = max(0, demand_y - sum(y for _, y in made))
    terms = [*(x for x, _ in made), *(y for _, y in made), shortfall]
    return {
        "lines": lines,
        "demand_x": demand_x,
        "demand_y": demand_y,
        "terms": ", ".join(map(str, terms)),
    }


def best_shares(lines: Sequence[Line], demand_x: int) -> list[Line] | None:
    """What every line makes for as many Y as possible beside the demand of X.

    A line may divide its day: a linear program over the share that it gives to X. ``None`` if
    the demand cannot be met, or the best way is not in whole units.
    """
    from scipy.optimize import linprog

    solved = linprog(
        c=[y for _, y in lines],
        A_ub=[[-x for x, _ in lines]],
        b_ub=[-demand_x],
        bounds=[(0, 1)] * len(lines),
    )
    if not solved.success:
        return None
    # Capacities are small whole numbers, and so are the terms of the shares.
    shares = [Fraction(share).limit_denominator(1000) for share in solved.x.tolist()]
    made = [(x * share, y * (1 - share)) for (x, y), share in zip(lines, shares, strict=True)]
    whole = all(amount.denominator == 1 for line in made for amount in line)
    if not whole or sum(x for x, _ in made) != demand_x:
        return None
    return [(int(x), int(y)) for x, y in made]

"""Questions about plain facts: recalled, compared, ordered, combined, and told from false ones."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.fact_tables import (
    ANIMALS,
    COUNTRIES,
    GROUPS,
    OPPOSITES,
    SCALES,
    SYMBOLS,
    WEEKDAYS,
)

_OCCASIONS = ["", "For a quiz: ", "For my report: ", "For school: ", "One more question. ",
              "Quick question: "]  # fmt: skip
_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida", "Sam", "Uma", "Kim"]

_SYMBOL_ASKED = ["What is the chemical symbol of {}?", "Which symbol does {} have?",
                 "Name the symbol of {}.", "How is {} written as a chemical symbol?"]  # fmt: skip
_ELEMENT_ASKED = [
    "Which element has the symbol {}?",
    "What does the chemical symbol {} stand for?",
    "Name the element with the symbol {}.",
    "{} is the symbol of which element?",
]
_OPPOSITE_ASKED = [
    "What is the opposite of {}?",
    "Name the opposite of {}.",
    "Which word means the opposite of {}?",
    "Give a word that is the opposite of {}.",
    "What word is opposite to {}?",
    "Tell me the opposite of {}.",
]
_CLASS_ASKED = [
    "Is {} a mammal, a bird, a fish, a reptile, an amphibian or an insect?",
    "What is {}: mammal, bird, fish, reptile, amphibian or insect?",
    "To which class does {} belong: mammal, bird, fish, reptile, amphibian or insect?",
    "Mammal, bird, fish, reptile, amphibian or insect: what is {}?",
    "Which of these is {}: insect, amphibian, reptile, fish, bird, mammal?",
]
_COMPARED = ["Which is {more}, {a} or {b}?", "What is {more}: {a} or {b}?",
             "{a} or {b}: which is {more}?", "Of {a} and {b}, which one is {more}?"]  # fmt: skip
_CONTINENT_ASKED = [
    "On which continent is the country whose capital is {}?",
    "{} is the capital of a country. On which continent does it lie?",
    "The capital of a country is {}. Name the continent of that country.",
    "Which continent holds the country with the capital {}?",
    "{} is a capital. On which continent is its country?",
]
_AFTER = [
    "Which day comes {n} days after {day}?",
    "Today is {day}. Which day is it in {n} days?",
    "{name} leaves on {day} and is back {n} days later. On which day is that?",
    "{name} calls on {day}, and again {n} days later. On which day is that?",
]
_BEFORE = [
    "Which day comes {n} days before {day}?",
    "Today is {day}. Which day was it {n} days ago?",
    "{name} is back on {day} and left {n} days earlier. On which day was that?",
    "{name} calls on {day}, and called {n} days earlier. On which day was that?",
]


def symbol(rng: Random) -> dict[str, Any]:
    """An element and its symbol, asked from either side."""
    element = rng.choice(list(SYMBOLS))
    known, asked, wordings = rng.choice(
        [
            (element, SYMBOLS[element], _SYMBOL_ASKED),
            (SYMBOLS[element], element, _ELEMENT_ASKED),
        ]
    )
    question = rng.choice(_OCCASIONS) + rng.choice(wordings).format(known)
    return {"question": question, "fact": asked, "spelling": _american(asked)}


def opposite(rng: Random) -> dict[str, Any]:
    """A word and its opposite, with a second word that is as right."""
    word = rng.choice(list(OPPOSITES))
    other, alias = OPPOSITES[word]
    question = rng.choice(_OCCASIONS) + rng.choice(_OPPOSITE_ASKED).format(word)
    return {"question": question, "fact": other, "alias": alias}


def animal_class(rng: Random) -> dict[str, Any]:
    """An animal and the class it belongs to; every class is right equally often."""
    kind = rng.choice(list(ANIMALS))
    animal = with_article(rng.choice(ANIMALS[kind]))
    question = rng.choice(_OCCASIONS) + rng.choice(_CLASS_ASKED).format(animal)
    return {"question": question, "fact": kind}


def comparison(rng: Random) -> dict[str, Any]:
    """Two things of one scale, compared in one of its two directions."""
    more, less, things = rng.choices(SCALES, [len(scale[2]) ** 2 for scale in SCALES])[0]
    a, b = rng.sample(things, 2)
    upward = rng.random() < 0.5
    fact = max(a, b, key=things.index) if upward else min(a, b, key=things.index)
    shown = {"a": _named(a), "b": _named(b), "more": more if upward else less}
    question = rng.choice(_OCCASIONS) + _capital(rng.choice(_COMPARED).format(**shown))
    return {"question": question, "a": a, "b": b, "fact": fact}


def continent_of_capital(rng: Random) -> dict[str, Any]:
    """From a capital to its country, from the country to its continent."""
    continent = rng.choice(list(COUNTRIES))
    country, city = rng.choice(list(COUNTRIES[continent].items()))
    question = rng.choice(_OCCASIONS) + rng.choice(_CONTINENT_ASKED).format(city)
    return {"question": question, "country": country, "city": city, "fact": continent}


def weekday(rng: Random, days: list[int]) -> dict[str, Any]:
    """A weekday some days away, with the days on the way; never a whole week away."""
    start, count = rng.randrange(7), rng.randint(*days)
    if count % 7 == 0:
        return weekday(rng, days)
    step, wordings = rng.choice([(1, _AFTER), (-1, _BEFORE)])
    passed = [WEEKDAYS[(start + step * i) % 7] for i in range(1, count + 1)]
    question = rng.choice(wordings).format(n=count, day=WEEKDAYS[start], name=rng.choice(_NAMES))
    return {
        "question": question.replace(" 1 days", " 1 day"),
        "fact": passed[-1],
        "working": ", ".join(passed),
    }


def odd_one_out(rng: Random) -> dict[str, Any]:
    """Four words, of which one is not what the others are, or one is what is asked for."""
    kind, *others = rng.sample(list(GROUPS), 4)
    form = rng.choice(["named", "unnamed", "wanted"])
    if form == "wanted":
        odd, rest = rng.choice(GROUPS[kind]), [rng.choice(GROUPS[other]) for other in others]
    else:
        odd, rest = rng.choice(GROUPS[others[0]]), rng.sample(GROUPS[kind], 3)
    four = [odd, *rest]
    rng.shuffle(four)
    listed = ", ".join(four)
    question = {
        "named": f"Which of these is not {kind}: {listed}?",
        "unnamed": f"Which word does not belong to the others: {listed}?",
        "wanted": f"Which of these is {kind}: {listed}?",
    }[form]
    return {"question": question, "four": four, "fact": odd}


def true_statements(rng: Random, count: list[int]) -> dict[str, Any]:
    """Statements of which some are false, and for each what is known to be so."""
    total = rng.randint(*count)
    truths = [True] * (hits := rng.randint(0, total)) + [False] * (total - hits)
    rng.shuffle(truths)
    statements: dict[str, str] = {}
    while len(statements) < total:
        subject, right, wrong = _statement(rng)
        holds = truths[len(statements)]
        known = f"{subject} {right}, so {'true' if holds else 'false'}."
        if not any(known.startswith(subject) for known in statements.values()):
            statements[f"{subject} {right if holds else wrong}."] = known
    return {
        "statements": " ".join(statements),
        "working": " ".join(statements.values()),
        "hits": hits,
    }


def _statement(rng: Random) -> tuple[str, str, str]:
    """The beginning of a statement, and how it ends if it is true and if it is false."""
    kind = rng.choice(["capital", "symbol", "class"])
    if kind == "capital":
        countries = {land: city for lands in COUNTRIES.values() for land, city in lands.items()}
        (land, right), (_, wrong) = rng.sample(list(countries.items()), 2)
        return f"The capital of {land} is", right, wrong
    if kind == "symbol":
        (element, right), (_, wrong) = rng.sample(list(SYMBOLS.items()), 2)
        return f"The symbol of {element} is", right, wrong
    right, wrong = rng.sample(list(ANIMALS), 2)
    animal = with_article(rng.choice(ANIMALS[right]))
    return f"{_capital(animal)} is", with_article(right), with_article(wrong)


def with_article(noun: str) -> str:
    """``noun`` behind "a" or "an"."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _named(thing: str) -> str:
    """A thing as a comparison names it; some take no indefinite article."""
    if thing in ("light", "ice", "lava"):
        return thing
    if thing == "sun":
        return "the sun"
    return "an hour" if thing == "hour" else with_article(thing)


def _american(name: str) -> str:
    return {"aluminium": "aluminum", "sulfur": "sulphur"}.get(name, name)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

"""Long passages from which something follows that they do not say: motives, conflicts, causes."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.passages.builder import Planted, build, length_name, paragraphs
from pytest_quant.probes.passages.filler import filler, subject

_TRAVELLERS = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida", "Sam"]
_PLACES = ["Lenzbach", "Orvalle", "Torsund", "Mirabel", "Kestrel Bay", "Hollin", "Pontarra"]
# Of each motive: how it shows, and what draws it to a place.
_MOTIVES: dict[str, tuple[list[str], str]] = {
    "rest": (
        ["{} had worked every weekend since March and asked whether the rooms were quiet.",
         "{} yawned over the timetable and hoped that nothing would happen for a week."],
        "a guest house with deep chairs and no telephone",
    ),
    "birds": (
        ["{} had oiled a pair of binoculars and marked the nesting weeks in a calendar.",
         "{} packed a field guide to waders and practised the call of the curlew."],
        "a marsh full of herons",
    ),
    "money": (
        ["{} added up the fares twice and asked which meals could be brought from home.",
         "{} wrote every expense into a notebook and crossed out the taxi."],
        "a hostel that charges nothing on weekdays",
    ),
    "family": (
        ["{} carried a photograph of a grandmother in front of a low white house.",
         "{} had found the address of an uncle whom nobody had seen for twenty years."],
        "a street where the relatives still live",
    ),
    "food": (
        ["{} read menus aloud and had an opinion on every sauce.",
         "{} asked which stall fried its fish in butter and reserved a table for each evening."],
        "a lane with nine famous restaurants",
    ),
    "photographs": (
        ["{} charged three batteries and wanted to know where the evening light fell.",
         "{} cleaned two lenses and spoke of nothing but shutters and filters."],
        "cliffs that glow at sunset",
    ),
    "sport": (
        ["{} had bought shoes with spikes and asked about the steepest path.",
         "{} ran up the stairs with a full rucksack, to be ready, and timed it."],
        "a climbing route of two thousand steps",
    ),
    "history": (
        ["{} had underlined the dates of three sieges in an old chronicle.",
         "{} knew which king had slept where, and corrected the guidebook in pencil."],
        "a castle with its dungeon intact",
    ),
}  # fmt: skip
_NOT_INTERESTED = [
    "As for {}, {} said that it was no reason to leave the house.",
    "The word {} made {} look out of the window.",
]

# Of each point: three ways to say the same of a value, and the values.
_POINTS: dict[str, tuple[tuple[str, str, str], tuple[str, ...]]] = {
    "time": (
        ("It happened at {}, as the church clock showed.", "My watch said {} at that moment.",
         "I remember that it was {}."),
        ("ten past four", "half past four", "ten to five", "a quarter past five"),
    ),
    "colour": (
        ("The car was {}.", "I saw a {} car.", "What came around the corner was a {} car."),
        ("dark blue", "red", "white", "green", "silver"),
    ),
    "people": (
        ("{} got out.", "{} left the car.", "I counted who got out: {}."),
        ("two men", "three men", "one woman", "a man with a child"),
    ),
    "direction": (
        ("It had come from the {}.", "It drove up from the direction of the {}.",
         "I had seen it on its way from the {}."),
        ("station", "river", "hospital", "stadium"),
    ),
    "weather": (
        ("{}.", "{}, so I looked at the sky before anything else.", "{}, I am sure of that."),
        ("It was raining", "The sun was shining", "Snow was falling"),
    ),
    "horn": (
        ("Before the crash I heard {}.", "What I heard before the crash was {}.",
         "There was {}, and then the crash."),
        ("a long blast of the horn", "no horn at all", "the horn twice"),
    ),
    "traffic light": (
        ("The traffic light was {}.", "The light had been {} for a while.",
         "I know that the light showed {}."),
        ("green", "red", "out of order"),
    ),
    "luggage": (
        ("They took {} with them.", "I noticed {} in their hands.", "{} was carried away."),
        ("a brown suitcase", "a sports bag", "a cardboard box"),
    ),
}  # fmt: skip
_WITNESSES = ["Ms Adler", "Mr Brandt", "Ms Corti", "Mr Dahl", "Ms Ekman", "Mr Fodor", "Ms Gallo"]

_LINES = ["sales", "returned goods", "wages", "freight", "energy", "rent"]


def trip_plans(rng: Random, tokens: int) -> dict[str, Any]:
    """A story that shows three people's motives; where the vote between two places leads."""
    people = rng.sample(_TRAVELLERS, 3)
    motives = rng.sample(list(_MOTIVES), 3)
    places = rng.sample(_PLACES, 2)
    outcome, other = rng.sample(places, 2)
    votes = rng.sample([outcome, outcome, other], 3)
    planted = [
        Planted(
            f"{people[0]}, {people[1]} and {people[2]} could not agree whether to go to "
            f"{places[0]} or to {places[1]}.", 0.0,
        ),
        *(
            Planted(rng.choice(_MOTIVES[motive][0]).format(name))
            for name, motive in zip(people, motives, strict=True)
        ),
        *(
            Planted(f"Of the two places only {place} has {_MOTIVES[motive][1]}.")
            for motive, place in zip(motives, votes, strict=True)
        ),
        *_denials(rng, people, motives),
        Planted("In the end they wrote a name on a slip of paper each, to go where most of them "
                "wanted to.", 1.0),
    ]  # fmt: skip
    sentences = build(rng, filler(rng, subject("trip")), tokens, planted)
    items = [*motives, outcome]
    known = [*_MOTIVES, *places]
    return {
        "passage": paragraphs(rng, sentences),
        "people": f"{people[0]}, {people[1]} and {people[2]}",
        "motives": ", ".join(_MOTIVES),
        "items": "; ".join(items),
        "among": "; ".join(name for name in known if name not in items),
        "length": length_name(tokens),
    }


def _denials(rng: Random, people: list[str], motives: list[str]) -> list[Planted]:
    """What two of them do not care for: it shares its words with what moves others."""
    pairs = [(name, other) for name, own in zip(people, motives, strict=True)
             for other in _MOTIVES if other != own]  # fmt: skip
    return [
        Planted(rng.choice(_NOT_INTERESTED).format(motive, name))
        for name, motive in rng.sample(pairs, 2)
    ]


def witnesses(rng: Random, tokens: int) -> dict[str, Any]:
    """Three statements that agree, in different words, on all points but some."""
    disputed = rng.sample(list(_POINTS), rng.randint(2, 4))
    statements: list[list[Planted]] = [[], [], []]
    for point, (ways, values) in _POINTS.items():
        value, other = rng.sample(values, 2)
        said = [value] * 3
        if point in disputed:
            said[rng.randrange(3)] = other
        silent = rng.randrange(3) if point not in disputed and rng.random() < 0.5 else None
        for i, way in enumerate(rng.sample(ways, 3)):
            if i != silent:
                sentence = way.format(said[i])
                statements[i].append(Planted(sentence[0].upper() + sentence[1:]))
    around = filler(rng, subject("street"))
    parts = [
        f"Statement of {name}:\n" + paragraphs(rng, build(rng, around, tokens // 3, planted))
        for name, planted in zip(rng.sample(_WITNESSES, 3), statements, strict=True)
    ]
    return {
        "passage": "\n\n".join(parts),
        "points": ", ".join(_POINTS),
        "items": "; ".join(point for point in _POINTS if point in disputed),
        "among": "; ".join(point for point in _POINTS if point not in disputed),
        "aliases": "; ".join(
            f"{point} = {word}"
            for point, word in (("colour", "color"), ("traffic light", "light"),
                                ("people", "persons"), ("luggage", "bag"))
        ),
        "length": length_name(tokens),
    }  # fmt: skip


def decline(rng: Random, tokens: int) -> dict[str, Any]:
    """Quarterly figures of a company: one line explains the fall in profit, others are blamed."""
    cause, *others = rng.sample(_LINES, len(_LINES))
    planted = []
    for line in _LINES:
        start = rng.randint(700, 900) if line == "sales" else rng.randint(60, 160)
        loss = rng.randint(70, 110) if line == cause else rng.randint(-6, 6)
        change = -loss if line == "sales" else loss
        # The way there is uneven, the ends tell.
        figures = [start, start + change // 3 + rng.randint(-5, 5),
                   start + 2 * change // 3 + rng.randint(-5, 5), start + change]  # fmt: skip
        planted.append(
            Planted(
                f"In the four quarters of the year, {line} came to {figures[0]}, {figures[1]}, "
                f"{figures[2]} and {figures[3]} thousand dollars."
            )
        )
    planted += [
        Planted(f"In a letter to the staff the management blamed {others[0]}."),
        Planted(f"The local newspaper wrote that {others[1]} had ruined the year."),
    ]
    sentences = build(rng, filler(rng, subject("company")), tokens, planted)
    return {
        "passage": paragraphs(rng, sentences),
        "lines": ", ".join(_LINES),
        "cause": cause,
        "length": length_name(tokens),
    }

"""Short notes to be told by their topic, and reviews by whether they praise or not."""

from __future__ import annotations

from random import Random
from typing import Any

# No sentence names its topic, or could stand under another one.
_TOPICS: dict[str, list[str]] = {
    "sports": [
        "The goalkeeper saved two penalties.", "She won the final set in a tie-break.",
        "The coach praised his defenders after the match.",
        "The sprinter set a new record over 100 metres.",
        "Their striker scored in the last minute.", "The referee showed a red card.",
        "The home team leads the league by four points.",
        "He came second in the long jump.",
    ],
    "cooking": [
        "Stir the sauce until it thickens.", "Let the dough rise for an hour.",
        "Fry the onions in butter until golden.", "Add a pinch of salt and pepper.",
        "Bake it in the oven at 180 degrees.", "Whisk the eggs with the sugar.",
        "Simmer the beans on a low flame.", "Sprinkle grated cheese over the noodles.",
    ],
    "weather": [
        "Heavy rain is expected tonight.", "The fog will lift by noon.",
        "A storm is coming in from the sea.", "Tomorrow will be sunny with light winds.",
        "Frost is likely in the valleys.", "Clouds will move in from the west.",
        "Snow is forecast above 800 metres.", "The heat wave will last until Sunday.",
    ],
    "money": [
        "The bank raised its interest rates.", "Her savings account pays two percent.",
        "The loan must be repaid in ten years.", "Share prices fell at the stock exchange.",
        "The tax office sent a refund.", "He invested in government bonds.",
        "The euro gained against the dollar.", "Her pension fund lost four percent.",
    ],
    "health": [
        "The doctor prescribed an ointment.", "Her fever went down after two days.",
        "The nurse changed the bandage.", "He takes a pill for his blood pressure.",
        "The vaccine protects against measles.", "The surgeon operated on his knee.",
        "A sore throat is often caused by a virus.", "The X-ray showed a broken rib.",
    ],
    "music": [
        "The violinist played the first movement too fast.", "Her new song has a catchy chorus.",
        "The choir sang in four parts.", "He tuned his guitar before the concert.",
        "The drummer lost the rhythm.", "The orchestra rehearsed the symphony.",
        "The pianist practised her scales.", "The band recorded a second album.",
    ],
}  # fmt: skip
_NOTES = [
    "Here is a note: {}",
    "Someone writes: {}",
    "Read this note: {}",
    "This is a short text: {}",
]

_THINGS = ["lamp", "radio", "backpack", "kettle", "tent", "bicycle pump", "umbrella", "clock",
           "camera", "chair"]  # fmt: skip
_PLAIN: dict[str, list[str]] = {
    "positive": [
        "I love this {}.", "The {} works perfectly.", "This {} is excellent.",
        "I am very happy with the {}.", "It is beautifully made.", "It was worth every cent.",
        "I recommend it to everyone.", "It is better than I hoped.",
    ],
    "negative": [
        "I hate this {}.", "The {} broke on the first day.", "This {} is terrible.",
        "I am very unhappy with the {}.", "It is badly made.", "It was a waste of money.",
        "I warn everyone against it.", "It is worse than I feared.",
    ],
    "neutral": [
        "I bought this {} in March.", "The {} came in a cardboard box.",
        "This {} is for my cousin.", "I ordered the {} by telephone.",
        "It weighs about a kilo.", "It is sold in three sizes.",
        "It is the model of last year.", "It stands in the hall.",
    ],
}  # fmt: skip
# What is said is the opposite of what its telling words say by themselves.
_DENIED: dict[str, list[str]] = {
    "positive": [
        "I cannot complain about this {}.", "This {} has never let me down.",
        "There is nothing wrong with the {}.", "I have no regrets about buying the {}.",
        "It is not bad at all.", "It was anything but a waste of money.",
        "I was wrong to expect poor quality.", "I have yet to find a fault in it.",
    ],
    "negative": [
        "I would not call this {} good.", "This {} has never worked well.",
        "There is nothing to like about the {}.", "I take no pleasure in the {}.",
        "It is not worth its price.", "It was anything but a bargain.",
        "I was wrong to expect good quality.", "I have yet to find a use for it.",
    ],
}  # fmt: skip
_REVIEWS = ["A customer writes: {}", "This is a review: {}", "Read this review: {}"]


def topic(rng: Random) -> dict[str, Any]:
    """Two sentences on one of six topics."""
    name = rng.choice(list(_TOPICS))
    note = rng.choice(_NOTES).format(" ".join(rng.sample(_TOPICS[name], 2)))
    return {"note": note, "topic": name}


def review(rng: Random, denied: bool) -> dict[str, Any]:
    """Two sentences on a thing that praise it, condemn it or, if not ``denied``, do neither."""
    table = _DENIED if denied else _PLAIN
    mood, thing = rng.choice(list(table)), rng.choice(_THINGS)
    # The first one names the thing.
    said = [rng.choice(table[mood][:4]).format(thing), rng.choice(table[mood][4:])]
    return {"review": rng.choice(_REVIEWS).format(" ".join(said)), "mood": mood}

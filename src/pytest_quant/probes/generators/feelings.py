"""What a writer feels where the words do not say it plainly: irony, mixed reviews, politeness."""

from __future__ import annotations

from random import Random
from typing import Any

_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida", "Sam", "Uma", "Kim"]
_CRIES = ["Wonderful", "Great", "Fantastic", "Lovely", "Perfect", "Marvellous", "Splendid"]
_CLOSINGS = ["Just what I needed.", "That makes my day.", "What a start to the week.",
             "I could not have wished for more.", "This is my lucky day."]  # fmt: skip
_EVENTS: dict[str, list[str]] = {
    "pleased": [
        "the train is on time and half empty", "the sun is out after weeks of rain",
        "my lost purse was handed in with everything in it", "they raised my wages",
        "the doctor says that I am well again", "my exam went better than expected",
        "the neighbours brought us a cake", "our holiday was moved up by a week",
        "the repair was free of charge", "my old friend is coming to visit",
    ],
    "annoyed": [
        "the train is two hours late again", "it rains into my tent",
        "my purse was stolen with everything in it", "they cut my wages",
        "the doctor says that I must stay in bed", "my laptop crashed before I had saved anything",
        "the neighbours are drilling at six in the morning", "our flight was cancelled",
        "the repair cost more than a new one", "my key broke off in the lock",
    ],
}  # fmt: skip

# Of each aspect: what is said by a guest who liked it, and by one who did not.
_ASPECTS: dict[str, tuple[list[str], list[str]]] = {
    "food": (
        ["The soup alone was worth the trip.", "We wiped our plates clean with bread."],
        ["I left half of my plate, which says enough.", "The soup tasted of little but salt."],
    ),
    "staff": (
        ["The waiter remembered us from last year.", "Nobody ever made us wait."],
        ["The waiter sighed whenever we asked for something.",
         "Nobody looked up when we came in."],
    ),
    "room": (
        ["We slept like babies in the wide bed.", "From our balcony we saw the whole bay."],
        ["Our window faced a brick wall.", "The bed creaked at every turn."],
    ),
    "price": (
        ["For what we got, the bill was a pleasant surprise.",
         "Elsewhere we would have paid double."],
        ["When the bill came, we thought that it was for two parties.",
         "Elsewhere we would have paid half."],
    ),
    "location": (
        ["The beach is just across the street.", "Everything worth seeing is a short walk away."],
        ["The beach is an hour away by bus.", "A motorway runs right past the door."],
    ),
    "cleanliness": (
        ["One could have eaten off the bathroom floor.", "There was not a speck of dust."],
        ["Someone else's hair was still in the shower.", "My finger left a line in the dust."],
    ),
}  # fmt: skip

_OPENINGS = ["Thank you for your kind letter.", "I hope that you are all well.",
             "I have been a customer of yours for years.", "I am sure that you are very busy.",
             "Please forgive me for writing again."]  # fmt: skip
_THINGS = ["lamps", "cups", "chairs", "coats", "books", "tiles", "curtains", "plates"]
_LETTERS: dict[str, list[str]] = {
    "complaint": [
        "I do wonder, though, whether two of the {} were meant to arrive in pieces.",
        "It would be nice if the {} could reach me some time this year.",
        "Perhaps there is a reason why the {} are not the ones that I chose.",
        "I may have expected too much when I thought that the {} would last a week.",
        "I would not mention it if it were the first time that the {} came damaged.",
        "I am a little surprised to be charged twice for the {}.",
    ],
    "praise": [
        "I only wanted to say that the {} are even finer than in the catalogue.",
        "The {} came a day early and without a scratch.",
        "All our guests have asked where we found such {}.",
        "I did not expect the {} to be packed with such care.",
        "After ten years the {} still look like new.",
        "You exchanged the {} without a single question, which is rare.",
    ],
    "question": [
        "Could you tell me whether the {} are also made in green?",
        "May I ask how the {} are best kept clean?",
        "I would like to know in which country the {} are made.",
        "Could you let me know whether the {} are on show at your shop?",
        "I am thinking about the {} and would like to know how heavy they are.",
        "Would you tell me when your new catalogue with the {} comes out?",
    ],
}  # fmt: skip
_ENDINGS = ["With kind regards, {}", "Yours sincerely, {}", "Best wishes, {}"]


def remark(rng: Random) -> dict[str, Any]:
    """A cry of joy, meant as it is said or not: what happened tells."""
    mood = rng.choice(list(_EVENTS))
    said = f"{rng.choice(_CRIES)}, {rng.choice(_EVENTS[mood])}. {rng.choice(_CLOSINGS)}"
    return {"name": rng.choice(_NAMES), "remark": said, "mood": mood}


def mixed_review(rng: Random) -> dict[str, Any]:
    """A review of four aspects, of which one to three are disliked; none is named in it."""
    aspects = rng.sample(list(_ASPECTS), 4)
    bad = rng.sample(aspects, rng.randint(1, 3))
    said = [rng.choice(_ASPECTS[aspect][aspect in bad]) for aspect in aspects]
    listed = sorted(aspects)
    return {
        "review": " ".join(said),
        "aspects": ", ".join(listed),
        "bad": "; ".join(aspect for aspect in listed if aspect in bad),
        "good": "; ".join(aspect for aspect in listed if aspect not in bad),
    }


def polite_letter(rng: Random) -> dict[str, Any]:
    """A courteous letter that praises, complains or asks."""
    purpose = rng.choice(list(_LETTERS))
    said = rng.choice(_LETTERS[purpose]).format(rng.choice(_THINGS))
    ending = rng.choice(_ENDINGS).format(rng.choice(_NAMES))
    return {"letter": f"{rng.choice(_OPENINGS)} {said} {ending}", "purpose": purpose}

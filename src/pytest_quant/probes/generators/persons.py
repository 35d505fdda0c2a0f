"""Who did what: facts with one right answer, asked in many wordings and with slips."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.wording import misspell

# What was done, by whom, and another name that is as right.
_DEEDS: list[tuple[str, str, str]] = [
    ("was the first president of the United States of America", "George Washington", "Washington"),
    ("wrote the play Hamlet", "William Shakespeare", "Shakespeare"),
    ("painted the Mona Lisa", "Leonardo da Vinci", "Leonardo"),
    ("was the first person to walk on the moon", "Neil Armstrong", "Armstrong"),
    ("published the theory of general relativity", "Albert Einstein", "Einstein"),
    ("discovered penicillin", "Alexander Fleming", "Fleming"),
    ("wrote the novel Don Quixote", "Miguel de Cervantes", "Cervantes"),
    ("composed The Four Seasons", "Antonio Vivaldi", "Vivaldi"),
    ("was the first emperor of Rome", "Augustus", "Octavian"),
    ("wrote the novel Pride and Prejudice", "Jane Austen", "Austen"),
    ("found the law of universal gravitation", "Isaac Newton", "Newton"),
    ("was the first woman to win a Nobel Prize", "Marie Curie", "Curie"),
    ("wrote the novel War and Peace", "Leo Tolstoy", "Tolstoy"),
    ("painted The Starry Night", "Vincent van Gogh", "van Gogh"),
    ("was the first human in space", "Yuri Gagarin", "Gagarin"),
    ("wrote the Divine Comedy", "Dante Alighieri", "Dante"),
    ("was the first black president of South Africa", "Nelson Mandela", "Mandela"),
    ("was the first prime minister of independent India", "Jawaharlal Nehru", "Nehru"),
    ("wrote On the Origin of Species", "Charles Darwin", "Darwin"),
    ("published the first periodic table in 1869", "Dmitri Mendeleev", "Mendeleev"),
    ("was the first president of the Fifth Republic in France", "Charles de Gaulle", "de Gaulle"),
    ("composed the opera The Magic Flute", "Wolfgang Amadeus Mozart", "Mozart"),
    ("is said to have composed the Iliad", "Homer", "Homeros"),
    ("crossed the Atlantic for Spain in 1492", "Christopher Columbus", "Columbus"),
    ("painted Guernica", "Pablo Picasso", "Picasso"),
    ("wrote the novel Frankenstein", "Mary Shelley", "Shelley"),
    ("was the first chancellor of West Germany", "Konrad Adenauer", "Adenauer"),
    ("refused to leave her bus seat in Montgomery in 1955", "Rosa Parks", "Parks"),
]  # fmt: skip
_ASKED = ["Who {}?", "Which person {}?", "Tell me who {}.", "Can you say who {}?",
          "Do you know who {}?", "Name the one who {}."]  # fmt: skip
_BEFORE = ["", "For a quiz: ", "One question: ", "My daughter asks: ", "In short: ", "Hello! "]


def deed_misspelt(rng: Random, typos: list[int]) -> dict[str, Any]:
    """A question for a person, with slips; the name itself does not occur in it."""
    deed, name, also = rng.choice(_DEEDS)
    clean = rng.choice(_BEFORE) + rng.choice(_ASKED).format(deed)
    question = misspell(rng, clean, rng.randint(*typos))
    return {"question": question, "clean": clean, "name": name, "also": also}

"""Where the reference and a level first wrote different tokens, and what each found likely there.

Partings cross process boundaries and end up in the run record, so they are made of plain types.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that may come next, as text, and its probability. No text: the answer ends here."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a model expects at a place of an answer.

    ``reference`` and ``level`` are the probabilities that it gives the tokens which these two wrote
    there; ``likeliest`` are those that it finds the likeliest, the likeliest first.
    """

    reference: float
    level: float
    likeliest: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Parting:
    """The first place at which two answers differ.

    Both wrote the same ``place`` tokens, of which ``before`` is the end as text; then the reference
    wrote ``reference`` and the level ``level``, empty where the answer ended. The outlooks are
    those of the two models, each read again behind the prompt and what both wrote.
    """

    place: int
    before: str
    reference: str
    level: str
    at_reference: Outlook
    at_level: Outlook

"""Where two answers to a case part that came out differently, and what both models expected there.

A greedy run keeps the tokens that were chosen, not what else was likely: to keep that for every
token of every answer would cost more than it tells. So the place is read again, once for each
model, behind the prompt and what both wrote: no more than what was read and written for the answer,
for the few cases that came out differently.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.measurement import CaseResult
from pytest_quant.metrics.parting import Candidate, Outlook, Parting
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import END, Lacking, NextToken, NextTokens, Response

# So many of the likeliest tokens are shown of each model.
SHOWN = 5
# Of long prompts fewer are read, at a probe and level: as many as have so many characters.
MOST_CHARACTERS = 200_000
# How much is kept of what both wrote until they parted.
MOST_BEFORE = 200

# What a level expects next: prompts, the tokens of the answers so far, tokens that are asked about.
Foresee = Callable[[str, list[str], list[list[int]], list[list[int]]], tuple[NextTokens, ...]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A case by its place in a measurement, what both wrote, and what each wrote then."""

    case: int
    prompt: str
    said: list[int]
    wanted: list[int]


class PartingReader:
    """Remembers what was written, and reads where answers part; ``at_hand``: the reference is."""

    def __init__(self, reference: str, foresee: Foresee, *, at_hand: bool) -> None:
        self._reference = reference
        self._foresee = foresee
        self._at_hand = at_hand
        # By level, then by the most tokens of an answer and the prompt.
        self._written: dict[str, dict[tuple[int, str], tuple[array[int], bool]]] = {}

    def keep(
        self, level: str, max_tokens: int, prompts: Sequence[str], responses: Sequence[Response]
    ) -> None:
        """The tokens of some responses, and whether each ended by itself."""
        for prompt, response in zip(prompts, responses, strict=True):
            tokens = array("q", response.tokens)
            known = self._written.setdefault(level, {})
            known[max_tokens, prompt] = tokens, response.finish == "end"

    def add(
        self,
        probe: Probe,
        level: str,
        cases: Sequence[CaseResult],
        sizes: Sequence[int],
        room: int,
    ) -> tuple[tuple[CaseResult, ...], str]:
        """The cases with their partings, or why there are none where there might be some.

        Their answers had ``room`` tokens.
        They are read in the parts, of these ``sizes``, in which they were asked: what is kept of
        the first ones holds when more are asked.
        """
        found = list(cases)
        different = [i for i, case in enumerate(cases) if _differs(case)]
        places = [place for i in different if (place := self._place(room, level, i, cases[i]))]
        known = any(tokens for tokens, _ in self._written.get(level, {}).values())
        # Other levels are compared with the reference alone.
        self._written.pop(level, None)
        # Of a choice by likelihood the probabilities of all options are known already.
        if not different or probe.by == "likelihood":
            return tuple(found), ""
        if not self._at_hand:
            return tuple(found), f"{self._reference} is not at hand"
        if not places:
            return tuple(found), "" if known else f"the tokens of {level} are not known"
        try:
            for part in _parts(places, sizes):
                for place, parting in zip(part, self._read(level, part), strict=True):
                    if parting is None:
                        return tuple(found), f"{level} does not write in {self._reference}'s tokens"
                    found[place.case] = replace(cases[place.case], parting=parting)
        except (Lacking, RuntimeFailed) as error:
            return tuple(found), str(error).partition("\n")[0]
        return tuple(found), ""

    def _place(self, room: int, level: str, index: int, case: CaseResult) -> _Place | None:
        """Where two answers part; ``None`` where one was cut before the other went on."""
        key = room, case.prompt
        one = self._written.get(self._reference, {}).get(key)
        other = self._written.get(level, {}).get(key)
        if one is None or other is None:
            return None
        (first, first_ended), (second, second_ended) = one, other
        shared = 0
        while shared < min(len(first), len(second)) and first[shared] == second[shared]:
            shared += 1
        wanted = []
        for tokens, ended in ((first, first_ended), (second, second_ended)):
            if shared == len(tokens) and not ended:
                return None
            wanted.append(tokens[shared] if shared < len(tokens) else END)
        if wanted[0] == wanted[1]:
            return None
        return _Place(index, case.prompt, list(first[:shared]), wanted)

    def _read(self, level: str, places: Sequence[_Place]) -> Iterator[Parting | None]:
        asked = (
            [place.prompt for place in places],
            [place.said for place in places],
            [place.wanted for place in places],
        )
        before = self._foresee(self._reference, *asked)
        now = self._foresee(level, *asked)
        for place, one, other in zip(places, before, now, strict=True):
            yield _parting(len(place.said), one, other)


def _differs(case: CaseResult) -> bool:
    return case.level is not None and case.level.correct != case.reference.correct


def _parts(places: Sequence[_Place], sizes: Sequence[int]) -> Iterator[list[_Place]]:
    """The places of each part that has any, as far as they are not too long together."""
    first = characters = 0
    for size in sizes:
        part = []
        for place in places:
            if first <= place.case < first + size and characters <= MOST_CHARACTERS:
                characters += len(place.prompt)
                part.append(place)
        if part:
            yield part
        first += size


def _parting(place: int, one: NextTokens, other: NextTokens) -> Parting | None:
    """``None`` for two models whose tokens are not the same texts."""
    texts = [(found.said, [token.text for token in found.wanted]) for found in (one, other)]
    if texts[0] != texts[1]:
        return None
    before, (reference, level) = texts[0]
    return Parting(place, before[-MOST_BEFORE:], reference, level, _outlook(one), _outlook(other))


def _outlook(found: NextTokens) -> Outlook:
    reference, level = (_probability(token) for token in found.wanted)
    likeliest = (Candidate(token.text, _probability(token)) for token in found.likeliest)
    return Outlook(reference, level, tuple(likeliest))


def _probability(token: NextToken) -> float:
    return min(1.0, math.exp(token.logprob))

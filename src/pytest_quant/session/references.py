"""What the reference answers to each probe: asked or looked up once, for all levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from pytest_quant.metrics.measurement import TOO_LONG, Answer, CaseResult, Effort
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import PromptTooLong
from pytest_quant.session.room import Answers, Room
from pytest_quant.session.sampling import Part, Sampling

# What is known of a probe beforehand: that the level was asked it, or that this very reference
# cannot do it, which need not be found out again.
Recorded = Literal["nothing", "tells", "silent"]
# What a level answers to batches of a probe's cases in so many tokens.
Ask = Callable[[Probe, str, Sequence[tuple[Case, ...]], int], list[Answers]]


class NotRecorded(Exception):
    """A reference that was not asked, and a case whose outcome it left nowhere; says which."""


# What the reference answered to a case of a probe by the record of a level; raises ``NotRecorded``.
ReferenceRecord = Callable[[str, Probe, Case], Answer]


def nothing_recorded(level: str, probe: Probe, case: Case) -> Answer:
    """The record of a session that has none."""
    raise NotRecorded(f"case {case.index} of {probe.id} is not recorded for {level}")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a probe is asked: in how much room, and what is ``recorded`` of it."""

    room: Room
    recorded: Recorded = "nothing"


def plain_terms(probe: Probe) -> Terms:
    """As its file says, and no more."""
    return Terms(Room(probe.max_tokens, probe.max_tokens))


@dataclass(slots=True)
class ReferenceAnswers:
    """What the reference answered to one probe so far, part by part, in ``room`` tokens.

    Kept, because drawing and checking it again for each level takes long. The room is settled with
    the first part.
    """

    drawn: Iterator[Part]
    room: int = 0
    parts: list[Part] = field(default_factory=list)
    replies: list[list[Answer]] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)

    def answers(self, count: int) -> list[Answer]:
        """To the cases of the first ``count`` parts."""
        return [answer for part in self.replies[:count] for answer in part]

    def sizes(self, count: int) -> list[int]:
        """How many cases each of the first ``count`` parts has."""
        return [len(part.cases) for part in self.parts[:count]]

    def results(self, count: int, level: Sequence[Answer]) -> tuple[CaseResult, ...]:
        """These cases, with the answers of a level that was asked all of them, or none."""
        cases = [case for part in self.parts[:count] for case in part.cases]
        return tuple(
            CaseResult(
                index=case.index,
                digest=case.digest,
                prompt=case.prompt,
                expected=case.expected_text,
                reference=answer,
                level=level[i] if level else None,
                facets=dict(case.facets),
            )
            for i, (case, answer) in enumerate(zip(cases, self.answers(count), strict=True))
        )


class References:
    """The reference's answers to all probes of a session.

    ``record`` looks one up. Without ``at_hand`` nothing else is possible, and what was recorded may
    differ from level to level.
    """

    def __init__(self, name: str, ask: Ask, record: ReferenceRecord, *, at_hand: bool) -> None:
        self._name = name
        self._ask = ask
        self._record = record
        self._at_hand = at_hand
        # Levels that were recorded in other room have a reference of their own.
        self._known: dict[tuple[str, str, Room], ReferenceAnswers] = {}

    def of(self, probe: Probe, level: str, sampling: Sampling, terms: Terms) -> ReferenceAnswers:
        """What is known so far."""
        key = self._key(probe, level, terms)
        if key not in self._known:
            self._known[key] = ReferenceAnswers(sampling.parts(probe))
        return self._known[key]

    def first(self, probe: Probe, level: str, sampling: Sampling, terms: Terms) -> tuple[Case, ...]:
        """Its first cases, which are not drawn again."""
        found = self.of(probe, level, sampling, terms)
        if not found.parts:
            found.parts.append(self._drawn(probe, level, found, terms))
        return found.parts[0].cases

    def _drawn(self, probe: Probe, level: str, found: ReferenceAnswers, terms: Terms) -> Part:
        try:
            return next(found.drawn)
        except Exception:
            # The next level is to meet the same mistake.
            del self._known[self._key(probe, level, terms)]
            raise

    def extend(
        self,
        probe: Probe,
        level: str,
        found: ReferenceAnswers,
        count: int,
        terms: Terms,
        cases: int = 0,
    ) -> int:
        """Have ``count`` parts answered, or more for so many ``cases``; returns how many are.

        Raises ``NotRecorded``, and ``PromptTooLong`` unless it is recorded that the probe tells
        something: then that is a wrong answer.
        """
        needed = 0
        while needed < count or (cases > 0 and not found.parts[needed - 1].last):
            if needed == len(found.parts):
                found.parts.append(self._drawn(probe, level, found, terms))
            cases -= len(found.parts[needed].cases)
            needed += 1
        asked = [part.cases for part in found.parts[len(found.efforts) : needed]]
        answer = partial(self._answers, probe, level, recorded=terms.recorded)
        answered: list[Answers] = []
        if asked and not found.room:
            pilot = asked.pop(0)
            found.room, answers = terms.room.settle(lambda room: answer([pilot], room)[0])
            answered.append(answers)
        for replies, effort in [*answered, *(answer(asked, found.room) if asked else ())]:
            found.replies.append(replies)
            found.efforts.append(effort)
        return needed

    def _key(self, probe: Probe, level: str, terms: Terms) -> tuple[str, str, Room]:
        apart = terms.recorded == "silent" or not self._at_hand
        return probe.id, level if apart else "", terms.room

    def _answers(
        self,
        probe: Probe,
        level: str,
        parts: Sequence[tuple[Case, ...]],
        room: int,
        recorded: Recorded,
    ) -> list[Answers]:
        if recorded == "silent" or not self._at_hand:
            try:
                return [
                    ([self._record(level, probe, case) for case in cases], Effort(0, 0, 0.0))
                    for cases in parts
                ]
            except NotRecorded:
                if not self._at_hand:
                    raise
        ask = partial(ask_fitting, self._ask) if recorded == "tells" else self._ask
        return ask(probe, self._name, parts, room)


def ask_fitting(
    ask: Ask, probe: Probe, level: str, parts: Sequence[tuple[Case, ...]], room: int
) -> list[Answers]:
    """What does not fit into the level's context is answered wrong: it was to be asked."""
    try:
        return ask(probe, level, parts, room)
    except PromptTooLong as error:
        if len(parts) > 1:
            return [ask_fitting(ask, probe, level, [cases], room)[0] for cases in parts]
        answer = Answer("incorrect", "", TOO_LONG, too_long(error), "", "context")
        return [([answer] * len(cases), Effort(0, 0, 0.0)) for cases in parts]


def too_long(error: PromptTooLong) -> str:
    """What did not fit, in words."""
    return f"needs more than {error.length} tokens, the model's context is {error.context}"

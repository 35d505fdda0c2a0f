"""What the reference answers to each probe: asked or looked up once, for all levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pytest_quant.metrics.measurement import TOO_LONG, Answer, CaseResult, Effort
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import PromptTooLong
from pytest_quant.session.sampling import Part, Sampling

# What is answered to the cases of one batch, and what that took.
Answers = tuple[list[Answer], Effort]
# What a level answers to some cases of a probe.
Ask = Callable[[Probe, str, tuple[Case, ...]], Answers]


class NotRecorded(Exception):
    """A reference that was not asked, and a case whose outcome it left nowhere; says which."""


# What the reference answered to a case of a probe by the record of a level; raises ``NotRecorded``.
ReferenceRecord = Callable[[str, Probe, Case], Answer]


def nothing_recorded(level: str, probe: Probe, case: Case) -> Answer:
    """The record of a session that has none."""
    raise NotRecorded(f"case {case.index} of {probe.id} is not recorded for {level}")


@dataclass(slots=True)
class ReferenceAnswers:
    """What the reference answered to one probe so far, part by part.

    Kept, because drawing and checking it again for each level takes long.
    """

    drawn: Iterator[Part]
    parts: list[Part] = field(default_factory=list)
    replies: list[list[Answer]] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)

    def answers(self, count: int) -> list[Answer]:
        """To the cases of the first ``count`` parts."""
        return [answer for part in self.replies[:count] for answer in part]

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
        self._known: dict[tuple[str, str], ReferenceAnswers] = {}

    def of(
        self, probe: Probe, level: str, sampling: Sampling, *, spared: bool = False
    ) -> ReferenceAnswers:
        """What is known so far; ``spared`` as for `extend`."""
        key = self._key(probe, level, spared=spared)
        if key not in self._known:
            self._known[key] = ReferenceAnswers(sampling.parts(probe))
        return self._known[key]

    def first(self, probe: Probe, sampling: Sampling) -> Part:
        """The first cases of a probe, whether or not they were asked already."""
        known = self._known.get(self._key(probe, "", spared=False))
        return known.parts[0] if known and known.parts else next(sampling.parts(probe))

    def extend(
        self,
        probe: Probe,
        level: str,
        found: ReferenceAnswers,
        count: int,
        *,
        spared: bool = False,
        lost: bool = False,
    ) -> Part:
        """The last of the first ``count`` parts, all of which the reference has answered then.

        ``spared``: what is recorded is not asked again. ``lost``: what does not fit into its
        context is answered wrong. Raises ``NotRecorded``, and ``PromptTooLong`` unless ``lost``.
        """
        while len(found.parts) < count:
            try:
                found.parts.append(next(found.drawn))
            except Exception:
                # The next level is to meet the same mistake.
                del self._known[self._key(probe, level, spared=spared)]
                raise
        for part in found.parts[len(found.efforts) : count]:
            answers, effort = self._answers(probe, level, part.cases, spared=spared, lost=lost)
            found.replies.append(answers)
            found.efforts.append(effort)
        return found.parts[count - 1]

    def _key(self, probe: Probe, level: str, *, spared: bool) -> tuple[str, str]:
        return probe.id, level if spared or not self._at_hand else ""

    def _answers(
        self, probe: Probe, level: str, cases: tuple[Case, ...], *, spared: bool, lost: bool
    ) -> Answers:
        if spared or not self._at_hand:
            try:
                return [self._record(level, probe, case) for case in cases], Effort(0, 0, 0.0)
            except NotRecorded:
                if not self._at_hand:
                    raise
        if lost:
            return ask_fitting(self._ask, probe, self._name, cases)
        return self._ask(probe, self._name, cases)


def ask_fitting(ask: Ask, probe: Probe, level: str, cases: tuple[Case, ...]) -> Answers:
    """What does not fit into the level's context is answered wrong: it was to be asked."""
    try:
        return ask(probe, level, cases)
    except PromptTooLong as error:
        answer = Answer("incorrect", "", TOO_LONG, too_long(error), "", "context")
        return [answer] * len(cases), Effort(0, 0, 0.0)


def too_long(error: PromptTooLong) -> str:
    """What did not fit, in words."""
    return f"needs more than {error.length} tokens, the model's context is {error.context}"

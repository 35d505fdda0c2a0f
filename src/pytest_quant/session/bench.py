"""Asking and checking: from a probe and a level to a measurement, whatever runs the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from pytest_quant.checkers import prepare
from pytest_quant.errors import RuntimeFailed, SandboxUnavailable
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.metrics.measurement import TOO_LONG, Answer, CaseResult, Effort, Measurement
from pytest_quant.probes.model import DEFAULT_CASES, Case, Probe
from pytest_quant.runtimes.protocol import (
    Batch,
    Lacking,
    Limits,
    PromptTooLong,
    Reading,
    Response,
    Runtime,
    RuntimeInfo,
    Scores,
    divergence,
    require,
)
from pytest_quant.runtimes.responses import ResponseCache
from pytest_quant.session.replies import Reply, answers_of, chosen, prompts_of
from pytest_quant.session.sampling import Part, Sampling
from pytest_quant.session.screening import Screening
from pytest_quant.session.targets import TargetReader

# A batch that has not ended after this many seconds is cut, so that no run hangs. One of more
# cases than probes have by themselves, such as a whole benchmark, has more in proportion.
DEADLINE_S = 1800.0


@dataclass(slots=True)
class _Reference:
    """What the reference answered to a probe so far, part by part.

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


class NotRecorded(Exception):
    """A reference that is not at hand, and a case whose outcome it left nowhere; says which."""


# What a reference answered that is not at hand, to a case of a probe, by the record of a level;
# raises ``NotRecorded``.
ReferenceRecord = Callable[[str, Probe, Case], Answer]


class Bench:
    """Asks the cases of probes, opening each level's model when it is first needed.

    Holds the reference and at most one other model, or two that are compared. ``open_level`` gives
    a level's runtime; ``origin_of`` names, without opening it, all that could change a response of
    it. With ``recorded`` the reference is not asked: its answers are looked up there.
    """

    def __init__(
        self,
        reference: str,
        open_level: Callable[[str], Runtime],
        origin_of: Callable[[str], tuple[str, ...]],
        cache: ResponseCache,
        recorded: ReferenceRecord | None = None,
    ) -> None:
        self._reference = reference
        self._open_level = open_level
        self._origin_of = origin_of
        self._cache = cache
        self._recorded = recorded
        self._open: dict[str, Runtime] = {}
        # By probe; where it is recorded by level, too, as the record differs from level to level.
        self._references: dict[tuple[str, str], _Reference] = {}
        self.runtimes: dict[str, RuntimeInfo] = {}
        self._targets = TargetReader(None if recorded else reference, self._score)

    def measure(
        self,
        probe: Probe,
        level: str,
        nodeid: str,
        sampling: Sampling,
        *,
        is_recorded: bool = False,
    ) -> Measurement:
        """Ask the reference, then the level, batch by batch until ``sampling`` has enough.

        The level is asked only once the reference has shown that the probe tells something, or if
        it ``is_recorded`` that it does. Skipped is a probe that does not fit into the reference's
        context, one of programs, if these cannot be judged here, and one that asks of a runtime
        what it lacks. What does not fit into the level's context alone is answered wrong. Raises
        ``RuntimeFailed`` when a runtime fails, ``QuantUsageError`` for a mistake in the probe.
        """
        key = self._key(probe, level)
        if key not in self._references:
            self._references[key] = _Reference(sampling.parts(probe))
        reference = self._references[key]
        answers: list[Answer] = []
        efforts: list[Effort] = []
        shown: str | None = "" if is_recorded else None
        screening = Screening()
        seen, skipped, complete = 0, "", False
        try:
            prepare(probe.check)
            while not complete:
                seen += 1
                complete = self._refer(probe, level, reference, seen, lost=is_recorded).last
                right = [answer.correct for answer in reference.answers(seen)]
                if not is_recorded:
                    shown = screening.see(partial(sampling.screen, probe, last=complete), right)
                if shown is None:
                    continue
                if shown:
                    break
                for part in reference.parts[len(efforts) : seen]:
                    more, effort = self._ask_fitting(probe, level, part.cases)
                    answers += more
                    efforts.append(effort)
                if not complete and sampling.settled(reference.results(seen, answers)):
                    break
        except PromptTooLong as error:
            skipped = _too_long(error)
        except Lacking as error:
            skipped = f"not measured: {error}"
        except (NotRecorded, SandboxUnavailable) as error:
            skipped = str(error)
        drawn = [case for part in reference.parts for case in part.cases if not skipped]
        targets, untargeted = self._targets.read(probe, level, drawn) if drawn else ((), "")
        return Measurement(
            nodeid=nodeid,
            probe=probe.id,
            category=probe.category,
            difficulty=probe.difficulty,
            level=level,
            chance=probe.chance,
            task=probe.task,
            tells_hallucination=probe.tells_hallucination,
            cases=() if skipped else reference.results(seen, answers),
            reference_effort=_total(reference.efforts[:seen]),
            level_effort=_total(efforts) if answers and not skipped else None,
            uninformative="" if skipped else shown or "",
            skipped=skipped,
            complete=complete,
            targets=targets,
            untargeted=untargeted,
            counted=screening.counted,
        )

    def _key(self, probe: Probe, level: str) -> tuple[str, str]:
        return probe.id, level if self._recorded else ""

    def _refer(
        self, probe: Probe, level: str, reference: _Reference, count: int, *, lost: bool
    ) -> Part:
        """The last of the first ``count`` parts, all of which the reference has answered then.

        ``lost``: what does not fit into its context is answered wrong.
        """
        while len(reference.parts) < count:
            try:
                reference.parts.append(next(reference.drawn))
            except Exception:
                # The next level is to meet the same mistake.
                del self._references[self._key(probe, level)]
                raise
        for part in reference.parts[len(reference.efforts) : count]:
            ask = self._refer_fitting if lost else self._ask_reference
            answers, effort = ask(probe, level, part.cases)
            reference.replies.append(answers)
            reference.efforts.append(effort)
        return reference.parts[count - 1]

    def _refer_fitting(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        try:
            return self._ask_reference(probe, level, cases)
        except PromptTooLong as error:
            return _lost(cases, error)

    def _ask_fitting(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        try:
            return self._ask(probe, level, cases)
        except PromptTooLong as error:
            return _lost(cases, error)

    def replies(self, probe: Probe, sampling: Sampling) -> list[tuple[str, Response]]:
        """What the reference writes to the first cases of a probe, by prompt.

        Nothing if it is not to write, or if a prompt does not fit into its context. ``sampling`` as
        for ``measure``, with which this shares its batch. Raises ``RuntimeFailed``.
        """
        if probe.by == "likelihood":
            return []
        known = self._references.get(self._key(probe, ""))
        first = known.parts[0] if known and known.parts else next(sampling.parts(probe))
        prompts = [prompt for case in first.cases for prompt in prompts_of(case)]
        try:
            batch = self._generate(self._reference, prompts, probe.max_tokens)
        except PromptTooLong:
            return []
        return [*zip(prompts, batch.responses, strict=True)]

    def likelihoods(
        self, probe: Probe, level: str, replies: Sequence[tuple[str, Response]]
    ) -> list[tuple[float, float]]:
        """How likely the reference finds its own replies to a probe, and a level's.

        The mean natural-log probability of a token, for each prompt to which both wrote a text.
        Nothing is written for it: ``replies`` are those of `replies`, and the level has been asked
        in the same batch. Raises ``RuntimeFailed``.
        """
        prompts = [prompt for prompt, _ in replies]
        own = self._generate(level, prompts, probe.max_tokens).responses
        texts = {
            prompt: [*dict.fromkeys((theirs.text, mine.text))]
            for (prompt, theirs), mine in zip(replies, own, strict=True)
            if theirs.text.strip() and mine.text.strip()
        }
        if not texts:
            return []
        scores = self._score(self._reference, [*texts], [*texts.values()])
        means = [[one.total / len(one.tokens) for one in of] for of in scores.likelihoods if of]
        # Equal texts are scored once.
        return [(found[0], found[-1]) for found in means]

    def diverge(self, level: str, reading: Reading, base: str = "") -> Divergence:
        """How far a level is from the reference, or ``base``. Raises as ``divergence`` does."""
        base = base or self._reference

        def compare() -> tuple[Divergence, RuntimeInfo]:
            reference, own = self._runtime(base), self._runtime(level, base)
            return divergence(reference, own, reading), own.describe()

        origin = (*self._origin_of(base), *self._origin_of(level))
        found, info = self._cache.get_or_compare(origin, reading, compare)
        self.runtimes[level] = info
        return replace(found, level=level)

    def predictions(self, reading: Reading) -> Predictions:
        """What the reference predicts on a text. Raises as ``Runtime.predict`` does."""
        reference = self._runtime(self._reference)
        require(reference, "predict")
        return reference.predict(reading)

    def diverge_from(self, known: Predictions, level: str) -> Divergence:
        """How far a level is from what a reference predicted that is not at hand.

        Raises as ``Runtime.diverge_from`` does.
        """
        own = self._runtime(level)
        require(own, "predict")
        self.runtimes[level] = own.describe()
        return replace(own.diverge_from(known), level=level)

    def close(self) -> None:
        while self._open:
            self._close(next(iter(self._open)))

    def _close(self, level: str) -> None:
        # One of others that cannot be freed changes nothing of what was learned.
        with suppress(Exception, SystemExit):
            self._open.pop(level).close()

    def ask(self, level: str | None, prompt: str, max_tokens: int) -> Response:
        """What a level answers to a single prompt; ``None`` stands for the reference.

        Raises ``RuntimeFailed`` when its runtime fails.
        """
        return self._generate(level or self._reference, [prompt], max_tokens).responses[0]

    def _ask_reference(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        if self._recorded is None:
            return self._ask(probe, self._reference, cases)
        return [self._recorded(level, probe, case) for case in cases], Effort(0, 0, 0.0)

    def _ask(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        prompts = [prompt for case in cases for prompt in prompts_of(case)]
        if probe.by == "likelihood":
            replies, effort = chosen(probe, cases, partial(self._score, level))
        else:
            batch = self._generate(level, prompts, probe.max_tokens)
            replies = [
                Reply(response.whole, response.finish, logprobs=response.logprobs)
                for response in batch.responses
            ]
            effort = _effort(batch)
        return answers_of(probe, cases, replies), effort

    def _score(self, level: str, prompts: list[str], options: list[list[str]]) -> Scores:
        def score() -> tuple[Scores, RuntimeInfo]:
            runtime = self._runtime(level)
            require(runtime, "score")
            found, info = runtime.score(prompts, options, _deadline(prompts)), runtime.describe()
            _check_each(info, prompts, found.likelihoods)
            return found, info

        scores, info = self._cache.get_or_score(self._origin_of(level), prompts, options, score)
        self.runtimes[level] = info
        return scores

    def _generate(self, level: str, prompts: list[str], max_tokens: int) -> Batch:
        limits = Limits(max_tokens, deadline_s=_deadline(prompts))

        def generate() -> tuple[Batch, RuntimeInfo]:
            runtime = self._runtime(level)
            require(runtime, "generate")
            found, info = runtime.generate(prompts, limits), runtime.describe()
            _check_each(info, prompts, found.responses)
            return found, info

        batch, info = self._cache.get_or_generate(self._origin_of(level), prompts, limits, generate)
        self.runtimes[level] = info
        return batch

    def _runtime(self, level: str, beside: str = "") -> Runtime:
        if level not in self._open:
            for other in set(self._open) - {self._reference, level, beside}:
                self._close(other)
            self._open[level] = self._open_level(level)
        return self._open[level]


def _check_each(info: RuntimeInfo, prompts: Sequence[str], found: Sequence[object]) -> None:
    """Raises ``RuntimeFailed`` unless there is one for each: else answers go to other questions."""
    if len(found) != len(prompts):
        raise RuntimeFailed(
            f"the {info.name} runtime gave {len(found)} answers to {len(prompts)} prompts"
        )


def _too_long(error: PromptTooLong) -> str:
    return f"needs more than {error.length} tokens, the model's context is {error.context}"


def _lost(cases: tuple[Case, ...], error: PromptTooLong) -> tuple[list[Answer], Effort]:
    """Wrong answers: the file was to be asked, and cannot be."""
    answer = Answer("incorrect", "", TOO_LONG, _too_long(error), "", "context")
    return [answer] * len(cases), Effort(0, 0, 0.0)


def _total(efforts: Sequence[Effort]) -> Effort:
    return Effort(
        prompt_tokens=sum(effort.prompt_tokens for effort in efforts),
        new_tokens=sum(effort.new_tokens for effort in efforts),
        seconds=sum(effort.seconds for effort in efforts),
    )


def _deadline(prompts: list[str]) -> float:
    return DEADLINE_S * max(1.0, len(prompts) / DEFAULT_CASES)


def _effort(batch: Batch) -> Effort:
    return Effort(
        prompt_tokens=sum(response.prompt_tokens for response in batch.responses),
        new_tokens=sum(len(response.tokens) for response in batch.responses),
        seconds=batch.seconds,
    )

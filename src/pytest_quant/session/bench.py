"""Asking and checking: from a probe and a level to a measurement, whatever runs the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from pytest_quant.checkers import prepare
from pytest_quant.errors import RuntimeFailed, SandboxUnavailable, TimeOver
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.metrics.measurement import Answer, Effort, Measurement
from pytest_quant.metrics.targets import Target
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import (
    Batch,
    Lacking,
    Limits,
    NextTokens,
    PromptTooLong,
    Reading,
    Response,
    Runtime,
    RuntimeInfo,
    Scores,
    divergence,
    generate_each,
    require,
)
from pytest_quant.runtimes.responses import Outlooks, ResponseCache
from pytest_quant.session.choices import chosen
from pytest_quant.session.efforts import deadline_of, effort_of, is_cut, total
from pytest_quant.session.ending import ended_in_time
from pytest_quant.session.partings import SHOWN, PartingReader
from pytest_quant.session.references import (
    NotRecorded,
    ReferenceRecord,
    References,
    Terms,
    ask_fitting,
    nothing_recorded,
    plain_terms,
    too_long,
)
from pytest_quant.session.replies import answers_of, prompts_of, reply_of
from pytest_quant.session.room import Answers
from pytest_quant.session.sampling import Sampling
from pytest_quant.session.screening import Screening
from pytest_quant.session.targets import TargetReader
from pytest_quant.session.time_budget import TimeBudget


class Bench:
    """Asks the cases of probes, opening each level's model when it is first needed.

    Holds the reference and at most one other model, or two that are compared. ``open_level`` gives
    a level's runtime; ``origin_of`` names, without opening it, all that could change a response of
    it. ``record`` looks up what the reference answered, which cannot be asked unless ``at_hand``.
    """

    def __init__(
        self,
        reference: str,
        open_level: Callable[[str], Runtime],
        origin_of: Callable[[str], tuple[str, ...]],
        cache: ResponseCache,
        record: ReferenceRecord = nothing_recorded,
        *,
        at_hand: bool = True,
        time: TimeBudget | None = None,
    ) -> None:
        self._time = time or TimeBudget()
        self._reference = reference
        self._open_level = open_level
        self._origin_of = origin_of
        self._cache = cache
        self._open: dict[str, Runtime] = {}
        self._references = References(reference, self._ask, record, at_hand=at_hand)
        self.runtimes: dict[str, RuntimeInfo] = {}
        # Of the answers that `replies` gave, by probe.
        self._rooms: dict[str, int] = {}
        self._targets = TargetReader(reference if at_hand else None, self._score)
        self._partings = PartingReader(reference, self._foresee, at_hand=at_hand)

    def measure(
        self,
        probe: Probe,
        level: str,
        nodeid: str,
        sampling: Sampling,
        terms: Terms | None = None,
    ) -> Measurement:
        """Ask the reference, then the level, batch by batch until ``sampling`` has enough.

        Without ``terms`` answers have the room that the probe gives them, and nothing is recorded.

        The level is asked only once the reference has shown that the probe tells something, or if
        that is recorded. Skipped is a probe that does not fit into the reference's context, one
        of programs, if these cannot be judged here, and one that asks of a runtime what it lacks.
        What does not fit into the level's context alone is answered wrong. Raises ``RuntimeFailed``
        when a runtime fails, ``QuantUsageError`` for a mistake in the probe, ``TimeOver`` if the
        time is over before anything can be told; whole batches that were asked before are kept.
        """
        terms = terms or plain_terms(probe)
        tells = terms.recorded == "tells"
        reference = self._references.of(probe, level, sampling, terms)
        answers: list[Answer] = []
        efforts: list[Effort] = []
        shown: str | None = "" if tells else None
        screening = Screening()
        seen, skipped, complete = 0, "", False
        try:
            prepare(probe.check)
            while not complete:
                # What is asked in any case is asked at once.
                sure = sampling.sure if shown == "" else 0
                seen = self._references.extend(probe, level, reference, seen + 1, terms, sure)
                complete = reference.parts[seen - 1].last
                right = [answer.correct for answer in reference.answers(seen)]
                if not tells:
                    shown = screening.see(partial(sampling.screen, probe, last=complete), right)
                if shown is None:
                    continue
                if shown:
                    break
                parts = [part.cases for part in reference.parts[len(efforts) : seen]]
                for more, effort in ask_fitting(self._ask, probe, level, parts, reference.room):
                    answers += more
                    efforts.append(effort)
                if not complete and sampling.settled(reference.results(seen, answers)):
                    break
        except PromptTooLong as error:
            skipped = too_long(error)
        except Lacking as error:
            skipped = f"not measured: {error}"
        except (NotRecorded, SandboxUnavailable) as error:
            skipped = str(error)
        except TimeOver:
            # What was asked at once is there at once, or not at all.
            seen, complete = len(efforts), False
            if not seen:
                raise
        drawn = [case for part in reference.parts for case in part.cases if not skipped]
        cases = () if skipped else reference.results(seen, answers)
        targets: tuple[Target, ...] = ()
        untargeted = unparted = ""
        try:
            targets, untargeted = self._targets.read(probe, level, drawn) if drawn else ((), "")
            cases, unparted = self._partings.add(
                probe, level, cases, reference.sizes(seen), reference.room
            )
        except TimeOver as error:
            untargeted = unparted = str(error)
        return Measurement(
            nodeid=nodeid,
            probe=probe.id,
            category=probe.category,
            difficulty=probe.difficulty,
            level=level,
            chance=probe.chance,
            task=probe.task,
            tells_hallucination=probe.tells_hallucination,
            cases=cases,
            reference_effort=total(reference.efforts[:seen]),
            level_effort=total(efforts) if answers and not skipped else None,
            uninformative="" if skipped else _reason(shown or "", terms),
            skipped=skipped,
            complete=complete,
            targets=targets,
            untargeted=untargeted,
            unparted=unparted,
            counted=screening.counted,
            room=(reference.room or None) if probe.by == "text" else None,
        )

    def replies(
        self, probe: Probe, sampling: Sampling, terms: Terms | None = None
    ) -> list[tuple[str, Response]]:
        """What the reference writes to the first cases of a probe, by prompt.

        Nothing if it is not to write, or if a prompt does not fit into its context. ``sampling`` as
        for ``measure``, with which this shares its batch. Raises ``RuntimeFailed``.
        """
        if probe.by == "likelihood":
            return []
        terms = terms or plain_terms(probe)
        found = self._references.of(probe, "", sampling, terms)
        try:
            self._references.extend(probe, "", found, 1, terms)
            self._rooms[probe.id] = found.room
            prompts = [prompt for case in found.parts[0].cases for prompt in prompts_of(case)]
            (batch,) = self._generate(self._reference, [prompts], found.room)
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
        (own,) = self._generate(level, [prompts], self._rooms[probe.id])
        texts = {
            prompt: [*dict.fromkeys((theirs.text, mine.text))]
            for (prompt, theirs), mine in zip(replies, own.responses, strict=True)
            if theirs.is_answered and mine.is_answered
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
            self._time.check()
            reference, own = self._runtime(base), self._runtime(level, base)
            with ended_in_time(self._time, reference, own):
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
        self._time.check()
        own = self._runtime(level)
        require(own, "predict")
        self.runtimes[level] = own.describe()
        with ended_in_time(self._time, own):
            return replace(own.diverge_from(known), level=level)

    def close(self) -> None:
        while self._open:
            self._close(next(iter(self._open)))

    def _close(self, level: str) -> None:
        # One of others that cannot be freed changes nothing of what was learned.
        with suppress(Exception, SystemExit):
            self._open.pop(level).close()

    def timed(self, prompts: Sequence[str], limits: Limits) -> Batch:
        """What the reference answers now, whatever is kept, to see how fast it is."""
        runtime = self._runtime(self._reference)
        require(runtime, "generate")
        return runtime.generate(prompts, limits)

    def first_part(
        self, probe: Probe, level: str, sampling: Sampling, terms: Terms
    ) -> tuple[tuple[Case, ...], bool]:
        """The first cases of a probe, and whether a session before this one left the answers of
        the reference and of a level to them. ``QuantUsageError`` for a mistake in the probe.
        """
        cases = self._references.first(probe, level, sampling, terms)
        prompts = [prompt for case in cases for prompt in prompts_of(case)]
        if probe.by == "likelihood":
            return cases, False
        limits = Limits(terms.room.first)
        asked = (self._reference, level)
        return cases, all(
            self._cache.holds(self._origin_of(name), prompts, limits) for name in asked
        )

    def ask(self, level: str | None, prompt: str, max_tokens: int) -> Response:
        """What a level answers to a single prompt; ``None`` stands for the reference.

        Raises ``RuntimeFailed`` when its runtime fails.
        """
        (batch,) = self._generate(level or self._reference, [[prompt]], max_tokens)
        return batch.responses[0]

    def _ask(
        self, probe: Probe, level: str, parts: Sequence[tuple[Case, ...]], room: int
    ) -> list[Answers]:
        """The answers to several batches of cases, which may be worked on at once."""
        asked = [[prompt for case in cases for prompt in prompts_of(case)] for cases in parts]
        try:
            batches = self._generate(level, asked, room)
        except Lacking:
            if probe.by != "likelihood":
                raise
            # Options are then scored where the prompt wants them.
            batches = [Batch((), 0.0)] * len(parts)
        found = []
        for cases, batch in zip(parts, batches, strict=True):
            replies, effort = [*map(reply_of, batch.responses)], effort_of(batch)
            if probe.by == "likelihood":
                written = [reply.text for reply in replies]
                replies, scored = chosen(probe, cases, written, partial(self._score, level))
                effort = total([effort, scored])
            found.append((answers_of(probe, cases, replies), effort))
        return found

    def _score(self, level: str, prompts: list[str], options: list[list[str]]) -> Scores:
        def score() -> tuple[Scores, RuntimeInfo]:
            runtime = self._runtime(level)
            require(runtime, "score")
            with ended_in_time(self._time, runtime):
                most = min(deadline_of(prompts), self._time.left)
                found, info = runtime.score(prompts, options, most), runtime.describe()
            _check_each(info, prompts, found.likelihoods)
            return found, info

        scores, info = self._cache.get_or_score(self._origin_of(level), prompts, options, score)
        if not all(scores.likelihoods) and self._time.is_given:
            self._time.check()
        self.runtimes[level] = info
        return scores

    def _generate(
        self, level: str, batches: Sequence[Sequence[str]], max_tokens: int
    ) -> list[Batch]:
        limits = Limits(max_tokens, deadline_s=max(map(deadline_of, batches)))

        def generate(missing: Sequence[Sequence[str]]) -> list[tuple[Batch, RuntimeInfo]]:
            self._time.check()
            runtime = self._runtime(level)
            require(runtime, "generate")
            with ended_in_time(self._time, runtime):
                until = min(limits.deadline_s or math.inf, self._time.left)
                found = generate_each(runtime, missing, replace(limits, deadline_s=until))
            info = runtime.describe()
            for prompts, batch in zip(missing, found, strict=True):
                _check_each(info, prompts, batch.responses)
            return [(batch, info) for batch in found]

        found = self._cache.get_or_generate(self._origin_of(level), batches, limits, generate)
        if self._time.is_given and any(is_cut(batch) for batch, _ in found):
            # What is whole is kept, and found by the next session.
            self._time.check()
        self.runtimes[level] = found[-1][1]
        for prompts, (batch, _) in zip(batches, found, strict=True):
            self._partings.keep(level, max_tokens, prompts, batch.responses)
        return [batch for batch, _ in found]

    def _foresee(
        self, level: str, prompts: list[str], said: list[list[int]], wanted: list[list[int]]
    ) -> tuple[NextTokens, ...]:
        def foresee() -> tuple[Outlooks, RuntimeInfo]:
            runtime = self._runtime(level)
            require(runtime, "candidates")
            with ended_in_time(self._time, runtime):
                found, info = runtime.candidates(prompts, said, wanted, SHOWN), runtime.describe()
            _check_each(info, prompts, found)
            return Outlooks(found), info

        asked = [prompts, said, wanted, SHOWN]
        return self._cache.get_or_foresee(self._origin_of(level), asked, foresee)[0].found

    def _runtime(self, level: str, beside: str = "") -> Runtime:
        if level not in self._open:
            for other in set(self._open) - {self._reference, level, beside}:
                self._close(other)
            self._open[level] = self._open_level(level)
        return self._open[level]


def _reason(shown: str, terms: Terms) -> str:
    """Why a probe tells nothing, and whether that was found out now."""
    return f"{shown} (as recorded)" if shown and terms.recorded == "silent" else shown


def _check_each(info: RuntimeInfo, prompts: Sequence[str], found: Sequence[object]) -> None:
    """Raises ``RuntimeFailed`` unless there is one for each: else answers go to other questions."""
    if len(found) != len(prompts):
        raise RuntimeFailed(
            f"the {info.name} runtime gave {len(found)} answers to {len(prompts)} prompts"
        )

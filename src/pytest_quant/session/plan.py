"""What a session compares with what: levels, reference, files, records, tolerances."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_quant.base.library import EXPECTED_IMPACT
from pytest_quant.session.readiness import (
    announce_what_runs,
    check_asking,
    check_cache,
    check_long_text,
    check_text,
    reference_at_hand,
)

if TYPE_CHECKING:
    from pytest_quant.gate.baseline import Baseline, RecordedArtifact
    from pytest_quant.gate.tolerances import Tolerances
    from pytest_quant.levels import Level
    from pytest_quant.metrics.likeliest import Predictions
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.protocol import Dialogues, LongText, PlainText
    from pytest_quant.session.baselines import Baselines
    from pytest_quant.session.lineup import Lineup
    from pytest_quant.session.settings import Settings


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the process that has looked at the files tells those that share its work."""

    reference: str
    model: str


class Plan:
    """The plan of one session, the same in all of its processes.

    Everything heavy is made when it is first used, never while collecting. ``threads`` are those
    of this process; ``announce`` is told before anything that takes time; ``agreed`` is what
    another process of the session has settled.
    """

    def __init__(
        self,
        settings: Settings,
        threads: int,
        announce: Callable[[str], None],
        agreed: Agreed | None = None,
    ) -> None:
        self.settings = settings
        self.threads = threads
        self.announce = announce
        self._agreed = agreed

    def prepare(self, *, run: bool) -> None:
        """Read every file, and make the artifacts if anything is to be run.

        Raises ``QuantUsageError`` for the first of the user's mistakes.
        """
        # Cached properties: looking at them is what makes them.
        _ = self.tolerances, self.reference, self.held_text, self.predictions
        for level in self.tested:
            self.baseline(level)
        if run:
            check_cache(self.settings.cache_dir)
            lineup = self.lineup
            check_asking(lineup, self.conditions, self.settings.cache_dir)
            announce_what_runs(lineup, self.conditions, self.announce)
            if self.recorded_reference is None:
                check_text(self.held_text, lineup, self.reference)
                check_long_text(self.long_text, self.settings, lineup, self.reference)

    @property
    def conditions(self) -> Conditions:
        """Under which models are asked in this process."""
        from pytest_quant.runtimes.backend import Conditions

        chosen = self.settings
        return Conditions(
            self.threads,
            chosen.parallel,
            chat=chosen.chat,
            hardware=chosen.hardware,
            context=chosen.context,
        )

    @cached_property
    def reference(self) -> Level:
        from pytest_quant.levels import parse_level

        chosen = self.settings
        if chosen.reference is None and self._agreed is not None:
            return parse_level(self._agreed.reference)
        if self.recorded_reference is not None:
            return parse_level(self.recorded_reference.level)
        return reference_at_hand(chosen, lambda: self.baselines)

    @cached_property
    def recorded_reference(self) -> RecordedArtifact | None:
        """The reference as the baselines of all levels know it, if its file is not at hand."""
        from pytest_quant.session.lineup import lacks_reference

        chosen = self.settings
        named = chosen.reference
        if chosen.update != "no" or not lacks_reference(
            chosen.levels, chosen.model, chosen.artifacts, named
        ):
            return None
        tested = [level.name for level in chosen.levels if not named or level.name != named.name]
        recorded = self.baselines.reference(tested)
        return None if recorded and named and named.name != recorded.level else recorded

    @cached_property
    def model_name(self) -> str:
        """What baselines are found by; empty if no file is at hand."""
        from pytest_quant.session.lineup import lacks_reference, model_name

        if self._agreed is not None:
            return self._agreed.model
        chosen = self.settings
        lacking = lacks_reference(chosen.levels, chosen.model, chosen.artifacts, chosen.reference)
        return model_name(chosen.model, chosen.artifacts, None if lacking else self.reference)

    @cached_property
    def baselines(self) -> Baselines:
        from pytest_quant.session.baselines import Baselines

        return Baselines(self.settings.baselines, self.model_name)

    def baseline(self, level: str) -> Baseline | None:
        """What a level is compared with: nothing while it is recorded anew."""
        if self.settings.update != "no" or not self.model_name:
            return None
        return self.baselines.of(level)

    def is_recorded_file(self, level: str) -> bool:
        """Whether a level is the very file that its baseline was recorded of."""
        known, artifact = self.baseline(level), self.lineup.artifacts[level]
        same = known is not None and known.artifact.digest == artifact.digest
        return same and artifact.weights_seen

    @cached_property
    def predictions(self) -> Predictions | None:
        """What the reference was recorded to predict, if it is not at hand now."""
        known = self.recorded_reference
        return self.baselines.predictions(known) if known else None

    @cached_property
    def lineup(self) -> Lineup:
        from pytest_quant.session.lineup import line_up, line_up_without_reference

        chosen = self.settings
        if self.recorded_reference is not None:
            levels = [self.level(name) for name in self.tested]
            return line_up_without_reference(
                levels, self.reference, chosen.artifacts, chosen.cache_dir
            )
        return line_up(
            chosen.levels,
            self.reference,
            chosen.model,
            chosen.artifacts,
            chosen.cache_dir,
            self.threads,
            self.announce,
            chosen.imatrix,
        )

    @cached_property
    def tolerances(self) -> Tolerances:
        from pytest_quant.gate.tolerances import read_tolerances

        chosen = self.settings
        return read_tolerances(EXPECTED_IMPACT, chosen.tolerances, chosen.margin)

    @property
    def tested(self) -> list[str]:
        """The names of the levels under test: all but the reference."""
        names = (level.name for level in self.settings.levels)
        return [name for name in names if name != self.reference.name]

    @cached_property
    def held_text(self) -> Dialogues | PlainText:
        from pytest_quant.session.held_text import held_text

        return held_text(self.settings.text)

    @cached_property
    def long_text(self) -> LongText | None:
        """The held text as it is read in one go; ``None`` if it is not."""
        from pytest_quant.runtimes.backend import context_length
        from pytest_quant.session.held_text import LONG_TOKENS, long_text

        chosen = self.settings
        room = context_length(self.lineup.artifacts[self.reference.name])
        if room is None or self.recorded_reference is not None:
            return None
        usual = min(chosen.context or room, room, LONG_TOKENS)
        return long_text(self.held_text, chosen.text_context or usual)

    @property
    def sources(self) -> set[str]:
        """What divergences are measured on; nothing if all of the reference is unknown."""
        if self.recorded_reference is None:
            return {"text", "responses", "depth"}
        return set() if self.predictions is None else {"recorded"}

    def sources_of(self, recorded: Collection[str]) -> set[str]:
        """Those of a record's sources that are measured again.

        Models of two runtimes are compared by the reference's likeliest tokens alone, and so
        recorded.
        """
        sources = self.sources
        return sources & {*recorded} or ({"recorded"} & {*recorded} if sources else set())

    def level(self, name: str) -> Level:
        return next(level for level in self.settings.levels if level.name == name)

    def guide_level(self, name: str) -> str:
        """The level of the guide's tables that a level, or the reference, is one of."""
        own = self.reference if name == self.reference.name else self.level(name)
        return own.guide_level

    @property
    def overall(self) -> set[str]:
        """The levels that have a limit of the user's for all probes together."""
        return {level for level, category in self.settings.tolerances if category is None}

    def limit_sources(self, level: str, categories: Iterable[str | None]) -> str:
        """Whose the limits of these categories are, in words."""
        found = dict.fromkeys(self.tolerances.source(level, name) for name in categories)
        return " and ".join(found)

    def limit(self, level: str, category: str | None, task: str | None = None) -> float:
        """The tolerance in percentage points; category ``None``: all probes together."""
        return self.tolerances.tolerance(self.guide_level(level), category, task, name=level)

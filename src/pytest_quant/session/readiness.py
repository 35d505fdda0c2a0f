"""Mistakes that only the runtime or a model's file can tell, found before anything is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.depth import SHALLOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_quant.levels import Level
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.protocol import LongText, Reading
    from pytest_quant.session.baselines import Baselines
    from pytest_quant.session.lineup import Lineup
    from pytest_quant.session.settings import Settings


def reference_at_hand(chosen: Settings, baselines: Callable[[], Baselines]) -> Level:
    """The reference to run; raises ``QuantUsageError`` if there is none."""
    from pytest_quant.session.baselines import shown_path
    from pytest_quant.session.lineup import choose_reference, lacks_reference

    try:
        return choose_reference(chosen.model, chosen.artifacts, chosen.reference)
    except QuantUsageError as error:
        named = chosen.reference
        if not lacks_reference(chosen.levels, chosen.model, chosen.artifacts, named):
            raise
        paths = [baselines().path(level.name) for level in chosen.levels]
        if missing := [shown_path(path) for path in paths if not path.exists()]:
            raise QuantUsageError(f"{error}; missing: {', '.join(missing)}") from None
        raise QuantUsageError(f"{error}; these were recorded against different ones") from None


def check_cache(directory: Path) -> None:
    """Raises ``QuantUsageError`` for a directory in which nothing can be kept."""
    from pytest_quant.runtimes.cache import check_writable

    check_writable(directory)


def check_asking(lineup: Lineup, conditions: Conditions, cache_dir: Path) -> None:
    """Raises ``QuantUsageError`` if the models cannot be asked under these conditions."""
    from pytest_quant.runtimes.backend import check_asking

    check_asking([*lineup.artifacts.values()], conditions, cache_dir)


def announce_what_runs(
    lineup: Lineup, conditions: Conditions, announce: Callable[[str], None]
) -> None:
    """Tell what was found out about the models that nobody here can look at."""
    from pytest_quant.runtimes.backend import announced

    for artifact in lineup.artifacts.values():
        if told := announced(artifact, conditions):
            announce(f"{artifact.level}: {told}")


def check_text(text: Reading, lineup: Lineup, reference: Level) -> None:
    """Raises ``QuantUsageError`` for a held text that is too short for these models."""
    from pytest_quant.runtimes.backend import check_reading

    levels = dict(lineup.artifacts)
    check_reading(text, levels.pop(reference.name), [*levels.values()])


def check_long_text(
    text: LongText | None, chosen: Settings, lineup: Lineup, reference: Level
) -> None:
    """Raises ``QuantUsageError`` if these models cannot read as much in one go as was asked for."""
    if chosen.text_context is None or chosen.text_context <= SHALLOW:
        return
    place = f"--quant-text-context (quant_text_context): found {chosen.text_context:,}"
    if text is None:
        path = lineup.artifacts[reference.name].path
        raise QuantUsageError(f"{place}; {path.name} is run by a runtime that reads no long text")
    if chosen.context is not None and chosen.context < text.context:
        raise QuantUsageError(
            f"{place}; by --quant-context (quant_context) a sequence holds {chosen.context:,} "
            "tokens: raise that, or ask for less"
        )
    check_text(text, lineup, reference)

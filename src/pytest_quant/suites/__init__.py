"""Known benchmarks, read from their files: each becomes probes that ask its questions.

A probe of a suite of ours names the task that the guide measured, so its drops are the tolerances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_quant.base.registry import Registry, function, kind_of
from pytest_quant.errors import QuantUsageError, words_of
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import check_given

__all__ = ["SOURCES", "read_suite"]

# Called with a file and its name in messages. Raises ``QuantUsageError`` for a mistake in it.
Source = Callable[[Path, str], Iterable[Probe]]

SOURCES: Registry[Source] = Registry("pytest_quant.sources", "source of probes", function)


def read_suite(name: str, path: Path, shown_as: str | None = None) -> tuple[Probe, ...]:
    """The probes of a suite, all questions of the file among them, in its order.

    Raises ``QuantUsageError`` with the file and the line of the first mistake.
    """
    shown = shown_as or str(path)
    source, who = SOURCES.get(name), f"{shown}: {SOURCES.described(name)}"
    try:
        found = tuple(source(path, shown))
    except (QuantUsageError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise QuantUsageError(
            f"{who} raised {type(error).__name__}: {error}; repair the file or that package"
        ) from error
    for probe in found:
        if not isinstance(probe, Probe):
            raise QuantUsageError(
                f"{who} gave {kind_of(probe)}, expected a pytest_quant.Probe; repair that package"
            )
        try:
            check_given(probe)
        except QuantUsageError as error:
            raise QuantUsageError(f"{who}: probe {probe.id!r:.100}: {error}") from error
        # Its fields may be anything at all.
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise QuantUsageError(
                f"{who}: probe {probe.id!r:.100}: {words_of(error)}; repair that package"
            ) from error
    if not found:
        raise QuantUsageError(f"{who} found no questions in it; give another file")
    return found

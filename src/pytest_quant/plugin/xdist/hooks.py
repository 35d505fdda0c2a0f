"""The hooks that exist only while pytest-xdist is loaded.

pytest refuses hooks that no plugin declares, so the class is to be registered when xdist is.
This is the only module that knows xdist; xdist is imported when a run is distributed, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from pytest_quant.base.resources import usable_cpus
from pytest_quant.plugin.xdist.node import CollectionDifference
from pytest_quant.plugin.xdist.scheduler import LevelScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController


class XdistHooks:
    """Keeps each level's items together and divides the threads among the workers.

    ``threads`` is the number of threads for all workers together, ``None`` for one per CPU that
    may be used; ``group_of`` maps a node id to its level (``""``: none). Each worker finds its
    share in ``config.workerinput["quant_threads"]``.
    """

    def __init__(self, threads: int | None, group_of: Callable[[str], str]) -> None:
        self._threads = threads
        self._group_of = group_of

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> LevelScheduling | None:
        """Schedule by level, unless the user chose a scheduler."""
        if config.getoption("dist") != "load" or _dist_was_chosen(config):
            return None
        return level_scheduling(config, self._group_of)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        """Tell a worker how many threads are its own, at least one."""
        workers: int = node.workerinput["workercount"]
        node.workerinput["quant_threads"] = max(1, (self._threads or usable_cpus()) // workers)


def level_scheduling(config: pytest.Config, group_of: Callable[[str], str]) -> LevelScheduling:
    """The scheduler for a distributed run; differing collections are reported as errors."""
    from xdist.report import report_collection_diff
    from xdist.workermanage import parse_tx_spec_config

    def report(difference: CollectionDifference) -> None:
        message = report_collection_diff(
            list(difference.expected),
            list(difference.found),
            difference.expected_by,
            difference.found_by,
        )
        if difference.not_run:
            message = f"{message}\nitems not run because of this: {difference.not_run}"
        config.hook.pytest_collectreport(
            report=pytest.CollectReport(
                nodeid=difference.found_by, outcome="failed", longrepr=message, result=[]
            )
        )

    return LevelScheduling(len(parse_tx_spec_config(config)), group_of, report)


def _dist_was_chosen(config: pytest.Config) -> bool:
    """Whether ``--dist`` or ``-d`` was given on the command line, in an ini file or by variable.

    ``-n`` alone makes xdist overwrite ``config.option.dist``; the options as they were parsed,
    ``addopts`` included, keep what the user wrote. They lack the option if xdist was loaded by a
    conftest file, after parsing: then the choice is unknown and the user's setting stands.
    """
    parsed = config.known_args_namespace
    return getattr(parsed, "dist", None) != "no" or parsed.distload

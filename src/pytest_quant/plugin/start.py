"""How the plugin proper starts, in the controller and in every worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_quant.base.categories import CATEGORIES
from pytest_quant.base.harmless import harmless
from pytest_quant.base.past_capture import keep_stderr
from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.allure_directory import allure_directory, check_allure_directory
from pytest_quant.plugin.benchmark_item import check_available
from pytest_quant.plugin.controller import Controller
from pytest_quant.plugin.marks import MARKS, declare
from pytest_quant.plugin.node_ids import level_of, mark_of
from pytest_quant.plugin.options.selection import selection
from pytest_quant.plugin.options.settings import read_settings
from pytest_quant.plugin.options.table import FLAGS
from pytest_quant.plugin.problems import Problems
from pytest_quant.plugin.progress import Progress
from pytest_quant.plugin.rootdir import check_rootdir
from pytest_quant.plugin.session_hooks import SessionHooks
from pytest_quant.plugin.stash import SESSION, thread_count
from pytest_quant.plugin.time_hooks import TimeHooks
from pytest_quant.plugin.unwritten import Unwritten
from pytest_quant.plugin.wire import time_of
from pytest_quant.session.plan import Agreed, Plan
from pytest_quant.session.probe_files import ProbeFiles, default_paths, resolve_argument
from pytest_quant.session.session import Session
from pytest_quant.session.settings import Settings
from pytest_quant.session.suite_files import SuiteFiles
from pytest_quant.session.workload import comparing_tokens


def start(config: pytest.Config) -> None:
    """Register the plugin proper for this process; raises ``pytest.UsageError``."""
    keep_stderr()
    try:
        check_rootdir(config, FLAGS)
        settings = read_settings(config)
        if settings.benchmark is not None:
            check_available(config)
    except QuantUsageError as error:
        raise pytest.UsageError(str(error)) from None
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    # Before the arguments are replaced by what is to be collected.
    chosen = selection(config)
    files = _files(config, settings)
    named = (*CATEGORIES.names, *(mark_of(level.name) for level in settings.levels))
    declare(config, [name for name in named if name not in MARKS])
    agreed = None
    if workerinput is not None:
        agreed = Agreed(workerinput["quant_reference"], workerinput["quant_model"])
    plan = Plan(settings, thread_count(config, settings), _announcer(config), agreed)
    unwritten = Unwritten()
    session = Session(plan, files, unwritten.answers)
    session.selection = chosen
    if workerinput is not None:
        session.time.join(*time_of(workerinput))
    config.stash[SESSION] = session
    config.pluginmanager.register(SessionHooks(session), "quant-session")
    if settings.time is not None:
        # What is registered later comes earlier.
        config.pluginmanager.register(TimeHooks(session), "quant-time")
    config.pluginmanager.register(unwritten, "quant-unwritten")
    allure = allure_directory(config)
    if allure is not None:
        from pytest_quant.plugin.allure_hooks import AllureHooks

        hooks = AllureHooks(session, allure, unwritten, writes=workerinput is None)
        config.pluginmanager.register(hooks, "quant-allure")
    if workerinput is None:
        _start_controller(config, session, unwritten)


def _start_controller(config: pytest.Config, session: Session, unwritten: Unwritten) -> None:
    """What only the process does that sees every result."""
    levels = frozenset(level.name for level in session.plan.settings.levels)

    def group_of(nodeid: str) -> str:
        return level_of(nodeid, levels)

    problems = Problems(group_of, session.files.find)
    controller = Controller(config, session, problems, unwritten)
    config.pluginmanager.register(controller, "quant-controller")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and config.get_verbosity() >= 0:
        # A given number of cases is all that is asked.
        in_turn = session.plan.settings.cases is None
        comparing = comparing_tokens(session.plan.settings.text)
        progress = Progress(
            config,
            reporter,
            group_of,
            in_turn=in_turn,
            comparing=comparing,
            time_left=lambda: session.time.left,
        )
        config.pluginmanager.register(progress, "quant-progress")
    if config.pluginmanager.hasplugin("xdist"):
        from pytest_quant.plugin.xdist.hooks import XdistHooks

        hooks = XdistHooks(session.plan.settings.threads, group_of)
        config.pluginmanager.register(hooks, "quant-xdist")


def check_allure(config: pytest.Config) -> None:
    """Raises ``pytest.UsageError`` for a directory that cannot be Allure's."""
    if hasattr(config, "workerinput"):
        return
    try:
        check_rootdir(config, FLAGS)
        check_allure_directory(config, read_settings(config))
    except QuantUsageError as error:
        raise pytest.UsageError(str(error)) from None


def _files(config: pytest.Config, settings: Settings) -> ProbeFiles:
    """The files of the session's probes; pytest is told to collect just what was asked for."""
    roots = default_paths(settings.probe_paths, config.rootpath)
    suites = SuiteFiles(settings.suites)
    config.args[:] = _arguments(config, roots, suites)
    return ProbeFiles(
        roots,
        config.args,
        config.invocation_params.dir,
        config.getini("norecursedirs"),
        suites,
        whole=config.args_source is not pytest.Config.ArgsSource.ARGS,
    )


def _arguments(config: pytest.Config, roots: list[Path], suites: SuiteFiles) -> list[str]:
    """What to collect: what was named, else the probes and the suites.

    Workers are told what the controller made of it.
    """
    every_suite = [str(path) for path in suites.paths]
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return [*map(str, roots), *every_suite]
    base = config.invocation_params.dir
    named = [suites.resolve(argument, base) for argument in config.args]
    given = [
        path
        for argument, files in zip(config.args, named, strict=True)
        for path in files or [resolve_argument(argument, base)]
    ]
    # A suite on the command line is wanted even where a path stands beside it.
    if config.getoption("quant_suite") is not None and not any(named):
        given += every_suite
    return given


def _announcer(config: pytest.Config) -> Callable[[str], None]:
    def announce(text: str) -> None:
        # What a worker prints is captured as the output of the test that it runs.
        if config.get_verbosity() < 0 or hasattr(config, "workerinput"):
            return
        told = f"quantization: {harmless(text)}"
        manager = config.pluginmanager
        if (progress := manager.get_plugin("quant-progress")) is not None:
            progress.announce(told)
        elif (reporter := manager.get_plugin("terminalreporter")) is not None:
            reporter.write_line(told)

    return announce

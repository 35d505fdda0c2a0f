"""The hooks of a session in which levels were asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_quant.base.categories import CATEGORIES
from pytest_quant.base.harmless import harmless
from pytest_quant.base.past_capture import keep_stderr
from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.allure_directory import allure_directory, check_allure_directory
from pytest_quant.plugin.benchmark_item import BenchmarkItem, benchmark_items, check_available
from pytest_quant.plugin.brought import complete
from pytest_quant.plugin.collection import (
    ProbeFile,
    ProbeFiles,
    default_paths,
    resolve_argument,
)
from pytest_quant.plugin.controller import Controller
from pytest_quant.plugin.divergence_item import DivergenceItem, divergence_items
from pytest_quant.plugin.items import ProbeItem
from pytest_quant.plugin.options import FLAGS, read_settings
from pytest_quant.plugin.problems import Problems, note_end
from pytest_quant.plugin.progress import Progress
from pytest_quant.plugin.rootdir import check_rootdir
from pytest_quant.plugin.state import STATE, State, thread_count
from pytest_quant.plugin.suite_files import SuiteFiles

# Of probe files and of suites.
_ENDINGS = (".yaml", ".yml", ".jsonl", ".ndjson", ".json", ".csv")
_UNDECIDED = ("quant_verdict", "inconclusive")


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
    roots = default_paths(settings.probe_paths, config.rootpath)
    suites = SuiteFiles(settings.suites)
    base = config.invocation_params.dir
    config.args[:] = _arguments(config, roots, suites)
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS
    skipped = config.getini("norecursedirs")
    files = ProbeFiles(roots, config.args, base, skipped, suites, whole=whole)
    for name in (
        *CATEGORIES.names,
        *(f"difficulty_{n}" for n in range(1, 6)),
        *(level.name for level in settings.levels),
    ):
        config.addinivalue_line("markers", f"{name}: set by pytest-quant on probes")
    state = State(
        settings,
        files,
        thread_count(config, settings),
        _announcer(config),
        workerinput,
    )
    config.stash[STATE] = state
    config.pluginmanager.register(SessionHooks(state), "quant-session")
    config.pluginmanager.register(state.unwritten, "quant-unwritten")
    allure = allure_directory(config)
    if allure is not None:
        from pytest_quant.plugin.allure_hooks import AllureHooks

        hooks = AllureHooks(state, allure, writes=workerinput is None)
        config.pluginmanager.register(hooks, "quant-allure")
    if workerinput is not None:
        return
    levels = frozenset(level.name for level in settings.levels)

    def group_of(nodeid: str) -> str:
        return level_of(nodeid, levels)

    problems = Problems(group_of, files.find)
    config.pluginmanager.register(Controller(config, state, problems), "quant-controller")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and config.get_verbosity() >= 0:
        config.pluginmanager.register(Progress(config, reporter, group_of), "quant-progress")
    if config.pluginmanager.hasplugin("xdist"):
        from pytest_quant.plugin.xdist_hooks import XdistHooks

        config.pluginmanager.register(XdistHooks(settings.threads, group_of), "quant-xdist")


def check_allure(config: pytest.Config) -> None:
    """Raises ``pytest.UsageError`` for a directory that cannot be Allure's."""
    if hasattr(config, "workerinput"):
        return
    try:
        check_rootdir(config, FLAGS)
        check_allure_directory(config, read_settings(config))
    except QuantUsageError as error:
        raise pytest.UsageError(str(error)) from None


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


def level_of(nodeid: str, levels: Collection[str]) -> str:
    """The one of these levels that a node id of the plugin names, ``""`` for any other test.

    For the process that has node ids and no items: to group tests and to show what runs. What is
    measured says itself at which level.
    """
    path, _, name = nodeid.partition("::")
    if not path.endswith(_ENDINGS) and path != "quant-gate":
        return ""
    named = name.rpartition("[")[2].partition("]")[0]
    return named if named in levels else ""


class SessionHooks:
    """Collects probe files and runs their items, in the controller or in a worker."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._levels = [level.name for level in state.settings.levels]
        self._running: pytest.Item | None = None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ProbeFile | None:
        """Claim probe files, and no other YAML file."""
        if not self._state.files.claims(file_path):
            return None
        collector: ProbeFile = ProbeFile.from_parent(
            parent,
            path=file_path,
            nodeid=self._state.files.nodeid(file_path),
            files=self._state.files,
            levels=self._state.tested,
        )
        return collector

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Drop what is too easy or too hard; bring the items of a level together.

        A level's model is then loaded once. Last of each level comes its divergence, last of all
        the benchmarks.
        """
        dropped = [item for item in items if not self._is_wanted(item)]
        if dropped:
            dropped[0].config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if self._is_wanted(item)]
        if self._state.sources:
            items += divergence_items(session, self._levels, items)
        order = {level: i for i, level in enumerate(self._levels)}
        items.sort(key=lambda item: order.get(_level(item), -1))
        items += benchmark_items(session, self._state)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that asks for ``quant`` once for each level."""
        if "_quant_level" in metafunc.fixturenames:
            levels = [
                pytest.param(level, id=level, marks=getattr(pytest.mark, level))
                for level in self._state.tested
            ]
            metafunc.parametrize("_quant_level", levels, indirect=True)

    def _is_wanted(self, item: pytest.Item) -> bool:
        wanted = self._state.settings.difficulties
        return wanted is None or not isinstance(item, ProbeItem) or item.probe.difficulty in wanted

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count the probes that somebody left out, for what may be said of the others."""
        for item in items:
            if isinstance(item, ProbeItem):
                known = self._state.deselected
                known[item.level] = known.get(item.level, 0) + 1

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Share the error budget among what was selected."""
        probes = [item for item in session.items if isinstance(item, ProbeItem)]
        # A test that is to run twice is one check all the same.
        once = {(item.probe.id, item.level): (item.probe.category, item.level) for item in probes}
        self._state.select(once.values())

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Tell a check that the sample could not decide from one that passed."""
        properties = getattr(report, "user_properties", ())
        if report.when == "call" and report.passed and _UNDECIDED in properties:
            return "inconclusive", "?", "INCONCLUSIVE"
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remember how a test ended, which its report does not tell."""
        note_end(item, call)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remember whose reports come next."""
        self._running = item if _level(item) else None
        try:
            return (yield)
        finally:
            self._running = None

    # Before whatever counts, shows or sends it.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(
        self, report: pytest.TestReport
    ) -> Generator[None, object, object]:
        """Complete the report of a test that ran in this process."""
        if self._running is not None:
            complete(report, self._running, _level(self._running), self._state)
        return (yield)

    def pytest_unconfigure(self) -> None:
        """Free the models."""
        self._state.close()


def _level(item: pytest.Item) -> str:
    """The level that a test of the plugin's or a test in Python asks, empty for any other test."""
    if isinstance(item, ProbeItem | DivergenceItem | BenchmarkItem):
        return item.level
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        return str(item.callspec.params.get("_quant_level", ""))
    return ""


def _announcer(config: pytest.Config) -> Callable[[str], None]:
    def announce(text: str) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        # What a worker prints is captured as the output of the test that it runs.
        if reporter and config.get_verbosity() >= 0 and not hasattr(config, "workerinput"):
            reporter.write_line(f"quantization: {harmless(text)}")

    return announce

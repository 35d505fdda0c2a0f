"""The scheduler and its hooks in real distributed runs: crashes, ``-x``, ``--dist``, threads."""

from __future__ import annotations

import os
import re
from itertools import groupby
from types import SimpleNamespace

import pytest
import xdist.plugin
from tests.sessions import own_environment, start_forked

from pytest_quant.plugin.xdist.hooks import XdistHooks
from pytest_quant.plugin.xdist.scheduler import CHUNK, REFILL_BELOW, LevelScheduling

# Each worker appends the items it starts to a file of its own; the session counts, as it
# receives them, the reports of calls that come after the first failure.
CONFTEST = """
    from pathlib import Path

    import pytest

    from pytest_quant.plugin.xdist.hooks import XdistHooks, level_scheduling

    def level_of(nodeid):
        return nodeid.rpartition("-")[2]

    def pytest_xdist_make_scheduler(config):
        return level_scheduling(config, level_of)

    @pytest.fixture
    def started(request, worker_id):
        with Path(f"{worker_id}.log").open("a") as log:
            log.write(request.node.callspec.id + "\\n")

    failed = later = 0

    def pytest_runtest_logreport(report):
        global failed, later
        if report.when == "call":
            later += bool(failed)
            failed += report.failed

    def pytest_terminal_summary(terminalreporter):
        terminalreporter.write_line(f"after the first failure: {later}")
"""

ITEMS = """
    import os
    import signal

    import pytest

    @pytest.mark.parametrize("level", ["q8", "q4"])
    @pytest.mark.parametrize("number", range({count}))
    def test_item(started, number, level):
        if (number, level) in {deadly}:
            os.kill(os.getpid(), signal.SIGKILL)
        assert (number, level) not in {wrong}
"""

Item = tuple[int, str]


def make_items(
    pytester: pytest.Pytester,
    count: int,
    *,
    deadly: tuple[Item, ...] = (),
    wrong: tuple[Item, ...] = (),
) -> list[str]:
    """Twice ``count`` items of two levels; returns their parameter ids."""
    pytester.makepyfile(ITEMS.format(count=count, deadly=deadly, wrong=wrong))
    return [f"{number}-{level}" for number in range(count) for level in ("q8", "q4")]


def started_items(pytester: pytest.Pytester) -> dict[str, list[str]]:
    return {log.stem: log.read_text().split() for log in sorted(pytester.path.glob("*.log"))}


def crash_messages(result: pytest.RunResult) -> list[str]:
    """The test ids of the section that explains failures; its lines are not indented."""
    pattern = r"^worker 'gw\d+' crashed while running '.*\[(.*)\]'$"
    return re.findall(pattern, result.stdout.str(), flags=re.MULTILINE)


@pytest.fixture
def distributed(pytester: pytest.Pytester) -> pytest.Pytester:
    """A directory whose test runs, with no plugin but xdist, go by level."""
    pytester.makeconftest(CONFTEST)
    return pytester


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    arguments = ("-p", "xdist", "-p", "no:cacheprovider", *args)
    environment = own_environment(pytester.path) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    code, output, errors = start_forked(arguments, pytester.path, environment)
    return pytest.RunResult(pytest.ExitCode(code), output.splitlines(), errors.splitlines(), 0.0)


def test_only_the_item_that_killed_its_worker_fails(distributed: pytest.Pytester) -> None:
    items = make_items(distributed, 20, deadly=((3, "q4"),))
    result = run(distributed, "-n2")
    result.assert_outcomes(passed=39, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert crash_messages(result) == ["3-q4"]
    started = [item for log in started_items(distributed).values() for item in log]
    assert sorted(started) == sorted(items)


def test_every_worker_may_crash_more_than_once(distributed: pytest.Pytester) -> None:
    deadly = ((0, "q8"), (0, "q4"), (4, "q4"), (7, "q8"))
    items = make_items(distributed, 8, deadly=deadly)
    result = run(distributed, "-n2")
    result.assert_outcomes(passed=12, failed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert sorted(crash_messages(result)) == ["0-q4", "0-q8", "4-q4", "7-q8"]
    started = [item for log in started_items(distributed).values() for item in log]
    assert sorted(started) == sorted(items)


def test_a_crash_ends_the_run_where_restarts_are_disabled(distributed: pytest.Pytester) -> None:
    make_items(distributed, 20, deadly=((3, "q4"),))
    result = run(distributed, "-n2", "--max-worker-restart=0")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert crash_messages(result) == ["3-q4"]
    result.stdout.fnmatch_lines(["*worker gw? crashed and worker restarting disabled*"])
    started = [item for log in started_items(distributed).values() for item in log]
    assert len(started) == len(set(started))


def test_a_replacement_with_another_collection_is_an_error(distributed: pytest.Pytester) -> None:
    make_items(distributed, 5, deadly=((1, "q8"),))
    distributed.makeconftest(
        CONFTEST
        + """
    def pytest_collection_modifyitems(config, items):
        if config.workerinput["workerid"] != "gw0":
            del items[-1]
    """
    )
    result = run(distributed, "-n1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["Different tests were collected between gw0 and gw1.*", "*items not run*: 8"]
    )
    assert started_items(distributed) == {"gw0": ["0-q8", "1-q8"]}


def test_different_collections_are_an_error(distributed: pytest.Pytester) -> None:
    make_items(distributed, 5)
    distributed.makeconftest(
        CONFTEST
        + """
    def pytest_collection_modifyitems(config, items):
        if config.workerinput["workerid"] == "gw1":
            items.reverse()
    """
    )
    result = run(distributed, "-n2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["Different tests were collected between gw*"])
    assert started_items(distributed) == {}


def test_little_runs_after_the_first_failure(distributed: pytest.Pytester) -> None:
    make_items(distributed, 100, wrong=((5, "q8"),))
    result = run(distributed, "-n2", "-x")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    later = int(re.findall(r"^after the first failure: (\d+)$", result.stdout.str(), re.M)[0])
    assert later <= CHUNK + REFILL_BELOW - 1


def test_a_worker_stays_with_a_level_to_its_end(distributed: pytest.Pytester) -> None:
    items = make_items(distributed, 30)
    result = run(distributed, "-n2")
    result.assert_outcomes(passed=60)
    logs = started_items(distributed)
    assert sorted(item for log in logs.values() for item in log) == sorted(items)
    levels = [
        [level for level, _ in groupby(item.rpartition("-")[2] for item in log)]
        for log in logs.values()
    ]
    assert {first for first, *_ in levels} == {"q8", "q4"}
    assert all(len(taken) == len(set(taken)) for taken in levels)


def test_the_registered_hooks_schedule_by_level_and_divide_threads(
    distributed: pytest.Pytester,
) -> None:
    distributed.makeconftest(
        """
        from pytest_quant.plugin.xdist.hooks import XdistHooks

        def pytest_configure(config):
            config.pluginmanager.register(XdistHooks(6, lambda nodeid: ""))
        """
    )
    distributed.makepyfile(
        """
        def test_threads(request):
            assert request.config.workerinput["quant_threads"] == 3
        """
    )
    result = run(distributed, "-v", "-n4", "--maxprocesses=2")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["scheduling tests via LevelScheduling"])


@pytest.mark.parametrize(
    ("args", "addopts", "by_level"),
    [
        (["-n2"], "", True),
        (["-n2", "--maxprocesses=1"], "", True),
        ([], "-n2", True),
        (["-n2", "--dist=load"], "", False),
        (["-n2", "--dist", "worksteal"], "", False),
        (["-n2", "-d"], "", False),
        (["-n2"], "--dist=load", False),
        (["-n2"], "--dist=loadscope", False),
        (["--tx=2*popen", "--dist=load"], "", False),
    ],
)
@pytest.mark.parametrize("where", ["ini", "environment"])
def test_a_scheduler_that_the_user_chose_is_left_alone(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    addopts: str,
    by_level: bool,
    where: str,
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    if where == "ini":
        pytester.makeini(f"[pytest]\naddopts = {addopts}")
    else:
        monkeypatch.setenv("PYTEST_ADDOPTS", addopts)
    config = pytester.parseconfig(*args)
    xdist.plugin.pytest_cmdline_main(config)  # where -n becomes --dist=load
    scheduler = XdistHooks(None, lambda _nodeid: "").pytest_xdist_make_scheduler(config)
    assert isinstance(scheduler, LevelScheduling) == by_level


@pytest.mark.parametrize(("threads", "workers", "share"), [(8, 3, 2), (8, 1, 8), (1, 4, 1)])
def test_threads_are_divided_among_the_workers(threads: int, workers: int, share: int) -> None:
    node = SimpleNamespace(workerinput={"workercount": workers})
    XdistHooks(threads, str).pytest_configure_node(node)
    assert node.workerinput["quant_threads"] == share


def test_by_default_there_is_a_thread_for_each_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(12)), raising=False)
    node = SimpleNamespace(workerinput={"workercount": 5})
    XdistHooks(None, str).pytest_configure_node(node)
    assert node.workerinput["quant_threads"] == 2

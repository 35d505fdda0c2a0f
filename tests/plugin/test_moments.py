"""The hooks of others: each is called by itself, and what one raises is told by its name."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pytest_quant.plugin import hookspecs
from pytest_quant.plugin.moments import Moments


class _Config:
    def __init__(self) -> None:
        self.pluginmanager = pytest.PytestPluginManager()
        self.pluginmanager.add_hookspecs(hookspecs)


class _Listener:
    def __init__(self, error: BaseException | None = None) -> None:
        self.heard: list[Any] = []
        self._error = error

    def pytest_quant_record(self, record: Any) -> None:
        self.heard.append(record)
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit("no"), "GeneratorExit: no"),
        (pytest.exit.Exception("no", 0), "Exit: no"),
        (pytest.fail.Exception("no"), "Failed: no"),
        (pytest.skip.Exception("no"), "Skipped: no"),
    ],
)
def test_what_one_raises_keeps_nothing_from_the_others(error: BaseException, told: str) -> None:
    config = _Config()
    first, bad, last = _Listener(), _Listener(error), _Listener()
    for name, plugin in (("first", first), ("bad", bad), ("last", last)):
        config.pluginmanager.register(plugin, name)
    moments = Moments(cast(pytest.Config, config))
    for record in ("one", "two"):
        moments.record(cast(Any, record))
    assert first.heard == bad.heard == last.heard == ["one", "two"]
    assert moments.broken == [f"pytest_quant_record of the plugin bad raised {told}"]


def test_what_one_changes_is_its_own() -> None:
    class Thief:
        def pytest_quant_record(self, record: Any) -> None:
            record["levels"].clear()

    config, after = _Config(), _Listener()
    for name, plugin in (("after", after), ("thief", Thief())):
        config.pluginmanager.register(plugin, name)
    record = {"levels": ["q8"]}
    Moments(cast(pytest.Config, config)).record(cast(Any, record))
    assert after.heard == [record] == [{"levels": ["q8"]}]


def test_who_stops_a_session_stops_it() -> None:
    config = _Config()
    config.pluginmanager.register(_Listener(KeyboardInterrupt()), "bad")
    with pytest.raises(KeyboardInterrupt):
        Moments(cast(pytest.Config, config)).record(cast(Any, "one"))


def test_nobody_need_listen() -> None:
    moments = Moments(cast(pytest.Config, _Config()))
    moments.record(cast(Any, "one"))
    assert moments.broken == []

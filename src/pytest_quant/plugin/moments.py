"""Calls the hooks of others, each plugin by itself: what one raises keeps nothing from the rest."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from pytest_quant.metrics.measurement import Measurement
    from pytest_quant.record.run import RunRecord


class Moments:
    """``broken`` are sentences for what plugins raised, one for each plugin and hook."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._broken: dict[tuple[str, str], str] = {}

    @property
    def broken(self) -> list[str]:
        return [*self._broken.values()]

    def measured(self, measurement: Measurement) -> None:
        self._call("pytest_quant_measured", measurement=measurement)

    def record(self, record: RunRecord) -> None:
        self._call("pytest_quant_record", record=record)

    def _call(self, hook: str, **known: Any) -> None:
        manager = self._config.pluginmanager
        plugins = [found.plugin for found in getattr(manager.hook, hook).get_hookimpls()]
        for plugin in plugins:
            # Its own, whatever it does with it: verdicts are reached and told from ours.
            given = copy.deepcopy(known)
            others = [other for other in plugins if other is not plugin]
            try:
                manager.subset_hook_caller(hook, others)(config=self._config, **given)
            except KeyboardInterrupt:
                raise
            # pytest's own, as pytest.fail raises them, are no exceptions to Python.
            except BaseException as error:
                name = _name(manager.get_name(plugin) or type(plugin).__name__)
                told = f"{hook} of the plugin {name} raised {type(error).__name__}: {error}"
                self._broken.setdefault((hook, name), told)


def _name(plugin: str) -> str:
    """A plugin as a person knows it: a conftest file by its place."""
    path = Path(plugin)
    near = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if near else path)

"""Where the value of an option comes from: the command line, or else the ini file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pytest_quant.base.paths import given_path
from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.options.table import OPTIONS

_T = TypeVar("_T")
# The file that a text names which is no path, if it does; raises as `Values.parsed` knows.
Elsewhere = Callable[[str], Path | None]


class Values:
    """Raw values: the command line before the ini file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def ini(self, key: str, ini_type: str) -> Any:
        try:
            value = self._config.getini(key)
        except (TypeError, ValueError, pytest.UsageError) as error:
            raise QuantUsageError(
                f"{self.place(key)}: {error}; expected a value of type {ini_type}"
            ) from error
        if isinstance(value, list) and ini_type == "string":
            raise QuantUsageError(f"{self.place(key)}: found {value!r}, expected a string")
        return value

    def place(self, key: str) -> str:
        return f"{key} in {self._config.inipath.name if self._config.inipath else 'ini file'}"

    def raw(self, name: str) -> tuple[Any, str, Path]:
        """A value (or ``None``), where it was given, and what a relative path starts from."""
        option = next(option for option in OPTIONS if option.name == name)
        given = self._config.getoption(option.key)
        if given is not None:
            return given, option.flag, self._config.invocation_params.dir
        base = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        if option.ini_type is None:
            return None, option.flag, base
        return self.ini(option.key, option.ini_type), self.place(option.key), base

    def parsed(self, name: str, parse: Callable[[str], _T]) -> _T | None:
        value, place, _ = self.raw(name)
        if value is None:
            return None
        try:
            return parse(str(value))
        except (QuantUsageError, ValueError) as error:
            raise QuantUsageError(f"{place}: {error}") from error

    def path(self, name: str, elsewhere: Elsewhere | None = None, wanted: str = "") -> Path | None:
        """A path; with ``wanted``, what it is to be, one that is there."""
        base = self.raw(name)[2]
        return self.parsed(name, lambda text: _path(text, base, elsewhere, wanted))

    def paths(self, key: str) -> tuple[Path, ...]:
        """The paths of a setting that only the ini file has."""
        base = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        return tuple(
            self._absolute(self.place(key), text, base) for text in self.ini(key, "args") or ()
        )

    def ini_path(self, text: str, elsewhere: Elsewhere) -> Path:
        """A path in a setting that only the ini file has; raises as `parsed` knows."""
        base = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        return _path(text, base, elsewhere)

    def files(
        self,
        name: str,
        example: str,
        parse: Callable[[str], str],
        elsewhere: Elsewhere | None = None,
        wanted: str = "",
    ) -> dict[str, Path]:
        """The files of an option that may be repeated, by what stands before their equals sign;
        ``wanted`` as of `path`.
        """
        given, place, base = self.raw(name)
        files: dict[str, Path] = {}
        for text in given or ():
            key, equals, file = text.partition("=")
            if not equals or not file.strip():
                raise QuantUsageError(f"{place}: found {text!r}, expected {example}")
            try:
                key = parse(key)
            except (QuantUsageError, ValueError) as error:
                raise QuantUsageError(f"{place}: {error}") from error
            if key in files:
                what = "level" if name in ("artifact", "endpoint") else name
                raise QuantUsageError(f"{place}: {what} {key!r} is given twice; keep one file")
            files[key] = self._absolute(place, file, base, elsewhere, wanted)
        return files

    def _absolute(
        self,
        place: str,
        text: str,
        base: Path,
        elsewhere: Elsewhere | None = None,
        wanted: str = "",
    ) -> Path:
        try:
            return _path(text, base, elsewhere, wanted)
        except (QuantUsageError, ValueError) as error:
            raise QuantUsageError(f"{place}: {error}") from error


def _path(text: str, base: Path, elsewhere: Elsewhere | None, wanted: str = "") -> Path:
    found = (elsewhere(text) if elsewhere else None) or given_path(text, base).absolute()
    # Of a link that leads nowhere more is said where it is followed.
    if wanted and not found.exists() and not found.is_symlink():
        raise ValueError(f"{found}: no such file; give {wanted}")
    return found

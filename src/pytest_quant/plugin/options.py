"""Every option of the plugin, defined once for the command line, the ini file and ``--help``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pytest

if TYPE_CHECKING:
    from pytest_quant.levels import Level

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Option:
    """An option ``--quant-NAME`` with the ini twin ``quant_NAME`` of the given ini type."""

    name: str
    ini_type: Literal["string", "linelist", "int", "float"]
    metavar: str
    help: str
    default: str
    action: str = "store"

    @property
    def flag(self) -> str:
        return f"--quant-{self.name}"

    @property
    def key(self) -> str:
        return f"quant_{self.name.replace('-', '_')}"


_OPTIONS = (
    _Option(
        "levels",
        "string",
        "LEVELS",
        "quantization levels to test, separated by commas: f32 bf16 f16 q8 q6 q5 q4 q3 q2, any "
        "llama.cpp type, a recipe of quant_recipes, or all",
        "none: the plugin is off",
    ),
    _Option(
        "model",
        "string",
        "GGUF",
        "16- or 32-bit GGUF file from which the levels are quantized",
        "the embedded model",
    ),
    _Option(
        "artifact",
        "linelist",
        "LEVEL=GGUF",
        "ready-made GGUF file of one level, instead of quantizing it; may be repeated",
        "none",
        action="append",
    ),
    _Option(
        "reference",
        "string",
        "LEVEL",
        "level that the others are measured against",
        "the highest precision at hand",
    ),
    _Option(
        "suite",
        "linelist",
        "NAME=FILE",
        "benchmark to ask besides the probes: gsm8k, humaneval or mmlu, from a file of JSON lines "
        "or CSV, which may be compressed (.gz); may be repeated",
        "none",
        action="append",
    ),
    _Option(
        "cases",
        "int",
        "N",
        "cases asked of each probe, or all that it has",
        "as each probe says, mostly 32",
    ),
    _Option(
        "difficulty",
        "string",
        "RANGES",
        "difficulties of the probes to run, from 1 to 5, such as 1-3 or 1,4-5",
        "all",
    ),
    _Option(
        "alpha",
        "float",
        "ALPHA",
        "error budget of the session: the chance that any check of an undamaged model fails",
        "0.05",
    ),
    _Option(
        "parallel",
        "int",
        "N",
        "sequences decoded together",
        "from the model's context length and the machine's memory, at most 16",
    ),
    _Option("threads", "int", "N", "threads of all workers together", "one for each CPU at hand"),
    _Option(
        "cache-dir",
        "string",
        "DIR",
        "where quantized models and responses are kept",
        "the user's cache directory",
    ),
    _Option(
        "text",
        "string",
        "FILE",
        "text in UTF-8 on which to measure each level's KL divergence from the reference",
        "questions and answers of the probe library",
    ),
    _Option("json", "string", "FILE", "write the run record to FILE", "not written"),
    _Option("html", "string", "FILE", "write a report to read in a browser to FILE", "not written"),
    _Option(
        "markdown",
        "string",
        "FILE",
        "write a summary for a pull request or a job to FILE",
        "not written",
    ),
)


FLAGS = tuple(option.flag for option in _OPTIONS)


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("quantization", "quantization")
    for option in _OPTIONS:
        text = f"{option.help} (default: {option.default})"
        group.addoption(
            option.flag,
            dest=option.key,
            metavar=option.metavar,
            action=option.action,
            default=None,
            help=text.replace("%", "%%"),
        )
        parser.addini(option.key, option.help, type=option.ini_type, default=None)
    parser.addini(
        "quant_probes", "directories of probe files (default: probes)", "paths", default=None
    )
    parser.addini(
        "quant_recipes",
        "mixed-precision recipes, one a line: name: type pattern=type ... "
        "(e.g. mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k)",
        "linelist",
        default=None,
    )
    parser.addini(
        "quant_tolerances",
        "tolerances that replace the guide's, one a line: level category points "
        "(e.g. q4 numerical_reasoning 10; category 'overall' is the pooled check)",
        "linelist",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The validated options of one session. Paths are absolute; ``None`` means the default."""

    levels: tuple[Level, ...]
    model: Path | None
    artifacts: dict[str, Path]
    reference: Level | None
    suites: dict[str, Path]
    cases: int | None
    difficulties: frozenset[int] | None
    alpha: float
    parallel: int | None
    threads: int | None
    cache_dir: Path
    text: Path | None
    json: Path | None
    html: Path | None
    markdown: Path | None
    probe_paths: tuple[Path, ...]
    tolerances: dict[tuple[str, str | None], float]


def read_settings(config: pytest.Config) -> Settings:
    """The settings of this session; raises ``QuantUsageError`` naming the option at fault."""
    import platformdirs

    from pytest_quant.levels import parse_level, parse_levels, parse_recipes

    values = _Values(config)
    recipes = parse_recipes(values.ini("quant_recipes", "linelist") or ())
    levels = values.parsed("levels", lambda text: parse_levels(text, recipes))
    assert levels is not None
    return Settings(
        levels=levels,
        model=values.path("model"),
        artifacts=values.files(
            "artifact", "LEVEL=FILE, as q4=m-q4.gguf", lambda name: parse_level(name, recipes).name
        ),
        reference=values.parsed("reference", lambda text: parse_level(text, recipes)),
        suites=_suites(values),
        cases=values.parsed("cases", _positive),
        difficulties=values.parsed("difficulty", _difficulties),
        alpha=values.parsed("alpha", _share) or 0.05,
        parallel=values.parsed("parallel", _positive),
        threads=values.parsed("threads", _positive),
        cache_dir=values.path("cache-dir") or platformdirs.user_cache_path("pytest-quant"),
        text=values.path("text"),
        json=values.path("json"),
        html=values.path("html"),
        markdown=values.path("markdown"),
        probe_paths=_probe_paths(values),
        tolerances=_tolerances(values.ini("quant_tolerances", "linelist") or [], recipes),
    )


class _Values:
    """Raw values: the command line before the ini file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def ini(self, key: str, ini_type: str) -> Any:
        from pytest_quant.errors import QuantUsageError

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
        option = next(option for option in _OPTIONS if option.name == name)
        given = self._config.getoption(option.key)
        if given is not None:
            return given, option.flag, self._config.invocation_params.dir
        base = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        return self.ini(option.key, option.ini_type), self.place(option.key), base

    def parsed(self, name: str, parse: Callable[[str], _T]) -> _T | None:
        from pytest_quant.errors import QuantUsageError

        value, place, _ = self.raw(name)
        if value is None:
            return None
        try:
            return parse(str(value))
        except (QuantUsageError, ValueError) as error:
            raise QuantUsageError(f"{place}: {error}") from error

    def path(self, name: str) -> Path | None:
        base = self.raw(name)[2]
        return self.parsed(name, lambda text: _path(base, text))

    def files(self, name: str, example: str, parse: Callable[[str], str]) -> dict[str, Path]:
        """The files of an option that may be repeated, by what stands before their equals sign."""
        from pytest_quant.errors import QuantUsageError

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
                what = "level" if name == "artifact" else name
                raise QuantUsageError(f"{place}: {what} {key!r} is given twice; keep one file")
            files[key] = _path(base, file)
        return files


def _suites(values: _Values) -> dict[str, Path]:
    from pytest_quant.errors import QuantUsageError
    from pytest_quant.suites import SUITES

    def parse(text: str) -> str:
        name = text.strip().lower()
        if name not in SUITES:
            known = ", ".join(SUITES)
            raise ValueError(f"found the unknown suite {text!r}, expected one of {known}")
        return name

    suites = values.files("suite", "NAME=FILE, as gsm8k=test.jsonl", parse)
    for name, path in suites.items():
        if not path.is_file():
            raise QuantUsageError(f"{values.raw('suite')[1]}: {name}: {path}: no such file")
    return suites


def _positive(text: str) -> int:
    number = int(text) if text.strip().isdecimal() else 0
    if number < 1:
        raise ValueError(f"found {text!r}, expected a whole number of at least 1")
    return number


def _difficulties(text: str) -> frozenset[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*([1-5])\s*(?:-\s*([1-5])\s*)?", part)
        span = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not span:
            raise ValueError(
                f"found {part.strip()!r}, expected numbers from 1 to 5 and ranges of them, lower "
                "end first, separated by commas, such as 1-3 or 1,4-5"
            )
        chosen.update(span)
    return frozenset(chosen)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 0.5:
        raise ValueError(f"found {text!r}, expected a number between 0 and 0.5, such as 0.05")
    return share


def _path(base: Path, text: str) -> Path:
    if not text.strip():
        raise ValueError("found an empty path, expected a file or a directory")
    return (base / Path(text.strip()).expanduser()).absolute()


def _probe_paths(values: _Values) -> tuple[Path, ...]:
    from pytest_quant.errors import QuantUsageError

    paths: tuple[Path, ...] = tuple(values.ini("quant_probes", "paths") or ())
    for path in paths:
        if not path.exists():
            raise QuantUsageError(
                f"{values.place('quant_probes')}: {path} does not exist; expected directories of "
                "probe files, or probe files"
            )
    return paths


def _tolerances(lines: list[str], recipes: dict[str, Any]) -> dict[tuple[str, str | None], float]:
    from pytest_quant.errors import QuantUsageError
    from pytest_quant.levels import parse_level
    from pytest_quant.probes.model import CATEGORIES

    tolerances: dict[tuple[str, str | None], float] = {}
    for line in lines:
        words = line.split()
        try:
            name, category, points = words[0], words[1], float(words[2])
        except (IndexError, ValueError):
            points = -1.0
        if len(words) != 3 or not 0 <= points <= 100 or category not in (*CATEGORIES, "overall"):
            raise QuantUsageError(
                f"quant_tolerances: found {line!r}, expected: level category points, where "
                f"category is overall or one of {', '.join(CATEGORIES)} and points are 0 to 100"
            )
        try:
            level = parse_level(name, recipes).name
        except QuantUsageError as error:
            raise QuantUsageError(f"quant_tolerances: in {line!r}: {error}") from error
        tolerances[level, None if category == "overall" else category] = points
    return tolerances

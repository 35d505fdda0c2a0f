"""Every option of the plugin, defined once for the command line, the ini file and ``--help``."""

from __future__ import annotations

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
    """An option ``--quant-NAME`` with the ini twin ``quant_NAME`` of the given ini type.

    ``flag_value`` is the value of the option without a value; without a ``metavar`` it takes none.
    """

    name: str
    ini_type: Literal["string", "linelist", "int", "float", "bool"] | None
    metavar: str
    help: str
    default: str
    action: str = "store"
    flag_value: str | None = None

    @property
    def flag(self) -> str:
        return f"--quant-{self.name}"

    @property
    def key(self) -> str:
        return f"quant_{self.name.replace('-', '_')}"

    @property
    def form(self) -> dict[str, Any]:
        """How the command line reads it, in argparse's words."""
        if not self.metavar:
            return {"action": "store_const", "const": self.flag_value}
        optional = {"nargs": "?", "const": self.flag_value} if self.flag_value else {}
        return {"action": self.action, "metavar": self.metavar, **optional}


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
        "baselines",
        "string",
        "DIR",
        "directory of the recorded baselines",
        "baselines in the root directory, or those that ship with the package",
    ),
    # No ini twin: recording is an act. A setting that records would, at every run, replace what
    # the run was to be compared with.
    _Option(
        "update-baselines",
        None,
        "force",
        "record what every tested level gets right, as what later runs are compared with; refused "
        "where the variable CI is set, unless given as --quant-update-baselines=force",
        "compare",
        flag_value="yes",
    ),
    _Option(
        "require-baseline",
        "bool",
        "",
        "fail for every tested level that has no recorded baseline",
        "such a level is named",
        flag_value="true",
    ),
    _Option(
        "regression-drop",
        "float",
        "POINTS",
        "smallest drop below a recorded baseline that is worth failing for, in percentage points",
        "0.5",
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
            default=None,
            help=text.replace("%", "%%"),
            **option.form,
        )
        if option.ini_type is not None:
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
    baselines: Path
    update: Literal["no", "yes", "force"]
    require_baseline: bool
    regression_drop: float
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

    from pytest_quant.gate.regression import DEFAULT_DROP
    from pytest_quant.levels import parse_level, parse_levels, parse_recipes
    from pytest_quant.plugin import option_values

    values = _Values(config)
    recipes = parse_recipes(values.ini("quant_recipes", "linelist") or ())
    levels = values.parsed("levels", lambda text: parse_levels(text, recipes))
    assert levels is not None
    update = values.parsed("update-baselines", option_values.update) or "no"
    drop = values.parsed("regression-drop", option_values.points)
    return Settings(
        levels=levels,
        model=values.path("model"),
        artifacts=values.files(
            "artifact", "LEVEL=FILE, as q4=m-q4.gguf", lambda name: parse_level(name, recipes).name
        ),
        reference=values.parsed("reference", lambda text: parse_level(text, recipes)),
        suites=_suites(values),
        cases=values.parsed("cases", option_values.positive),
        difficulties=values.parsed("difficulty", option_values.difficulties),
        alpha=values.parsed("alpha", option_values.share) or 0.05,
        baselines=values.path("baselines") or _baselines(config.rootpath, update),
        update=update,
        require_baseline=bool(values.raw("require-baseline")[0]),
        regression_drop=DEFAULT_DROP if drop is None else drop,
        parallel=values.parsed("parallel", option_values.positive),
        threads=values.parsed("threads", option_values.positive),
        cache_dir=values.path("cache-dir") or platformdirs.user_cache_path("pytest-quant"),
        text=values.path("text"),
        json=values.path("json"),
        html=values.path("html"),
        markdown=values.path("markdown"),
        probe_paths=_probe_paths(values),
        tolerances=option_values.tolerances(
            values.ini("quant_tolerances", "linelist") or [], recipes
        ),
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
        if option.ini_type is None:
            return None, option.flag, base
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


def _baselines(rootpath: Path, update: str) -> Path:
    """A local directory, to write into in any case; else, to read, what ships."""
    from pytest_quant.library import BASELINES

    local = rootpath / "baselines"
    return local if update != "no" or local.is_dir() else BASELINES


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

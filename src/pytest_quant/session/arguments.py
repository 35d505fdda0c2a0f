"""The arguments of ``pytest_quant.run``, checked: from them to a session that is not begun."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pytest_quant.base.durations import checked_duration, parse_duration
from pytest_quant.base.library import BASELINES
from pytest_quant.base.paths import current_directory, given_path, user_cache_directory
from pytest_quant.base.resources import usable_cpus
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.levels import Level, name_among, parse_level, parse_levels
from pytest_quant.metrics.depth import SHALLOW
from pytest_quant.runtimes.chat import MOST_THINKING, THINKING_BUDGET, Chat, Thinking
from pytest_quant.runtimes.hardware import ALL_LAYERS, FlashAttention, Hardware
from pytest_quant.session.chat import (
    checked_options,
    parse_thinking,
    read_chat_template,
    read_system,
)
from pytest_quant.session.endpoints import endpoint_file, with_endpoints
from pytest_quant.session.hardware import MOST_DEVICES, flash_attention, shares
from pytest_quant.session.hub import Hub
from pytest_quant.session.plan import Plan
from pytest_quant.session.probe_files import ProbeFiles, default_paths
from pytest_quant.session.session import Session
from pytest_quant.session.settings import DEFAULT_ALPHA, MOST_CASES, MOST_THREADS, Settings
from pytest_quant.session.suite_files import SuiteFiles

PathLike = str | os.PathLike[str]
_T = TypeVar("_T")


def session_of(
    levels: Sequence[str],
    *,
    model: PathLike | None = None,
    artifacts: Mapping[str, PathLike] | None = None,
    imatrix: PathLike | None = None,
    endpoints: Mapping[str, str] | None = None,
    reference: str | None = None,
    probes: Sequence[PathLike] = (),
    cases: int | None = None,
    max_cases: int | None = None,
    max_tokens: int | None = None,
    time: str | float | None = None,
    alpha: float = DEFAULT_ALPHA,
    baselines: PathLike | None = None,
    require_baseline: bool = False,
    regression_drop: float = DEFAULT_DROP,
    text: PathLike | None = None,
    text_context: int | None = None,
    margin: float | None = None,
    threads: int | None = None,
    parallel: int | None = None,
    chat_template: PathLike | None = None,
    template_options: Mapping[str, Any] | None = None,
    system: PathLike | None = None,
    thinking: str = "auto",
    thinking_budget: int | None = None,
    gpu_layers: int | None = None,
    main_gpu: int | None = None,
    tensor_split: Sequence[float] = (),
    flash_attn: FlashAttention = "auto",
    context: int | None = None,
    cache_dir: PathLike | None = None,
    announce: Callable[[str], None],
) -> Session:
    """The session that these ask for; raises ``QuantUsageError`` naming the argument at fault."""
    base = current_directory()
    kept = _path("cache_dir", cache_dir) or user_cache_directory()
    hub = Hub(announce, kept)
    asked = parse_levels(",".join(_list("levels", levels, "['q4', 'q8']", _name)))
    against = None if reference is None else _level("reference", reference)
    known = [*asked, *([against] if against else [])]
    settings = Settings(
        levels=asked,
        cache_dir=kept,
        baselines=_path("baselines", baselines) or _baselines(base),
        regression_drop=_points("regression_drop", regression_drop),
        model=_fetched("model", model, hub) or _existing("model", model),
        artifacts=with_endpoints(
            _artifacts(artifacts, known, hub), _endpoints(endpoints, known, kept), "endpoints"
        ),
        imatrix=_fetched("imatrix", imatrix, hub) or _existing("imatrix", imatrix),
        fetched=hub.sources,
        reference=against,
        cases=_count("cases", cases, MOST_CASES),
        max_cases=_count("max_cases", max_cases, MOST_CASES),
        max_tokens=_count("max_tokens", max_tokens, MOST_CASES),
        time=_time(time),
        alpha=_share("alpha", alpha),
        require_baseline=flag("require_baseline", require_baseline),
        parallel=_count("parallel", parallel, MOST_CASES),
        threads=_count("threads", threads, MOST_THREADS),
        chat=Chat(
            template=_read("chat_template", chat_template, base, read_chat_template) or "auto",
            options=_template_options(template_options),
            system=_read("system", system, base, read_system) or "",
            thinking=_thinking(thinking),
            budget=_count("thinking_budget", thinking_budget, MOST_THINKING) or THINKING_BUDGET,
        ),
        hardware=Hardware(
            gpu_layers=_count("gpu_layers", gpu_layers, ALL_LAYERS, least=0),
            main_gpu=_count("main_gpu", main_gpu, MOST_DEVICES - 1, least=0),
            tensor_split=_shares("tensor_split", tensor_split),
            flash_attention=_flash_attention("flash_attn", flash_attn),
        ),
        context=_count("context", context, MOST_CASES),
        text=_existing("text", text),
        text_context=_count("text_context", text_context, MOST_CASES, least=SHALLOW),
        margin=None if margin is None else _points("margin", margin),
        probe_paths=tuple(_list("probes", probes, "['probes', 'mine.yaml']", _there)),
    )
    if settings.cases is not None and settings.max_cases is not None:
        raise QuantUsageError("cases and max_cases: give one of the two")
    if settings.cases is not None and settings.time is not None:
        raise QuantUsageError("cases and time: give one of the two, or max_cases beside time")
    roots = default_paths(settings.probe_paths, base)
    whole = not settings.probe_paths
    files = ProbeFiles(roots, map(str, roots), base, (".*",), SuiteFiles({}), whole=whole)
    plan = Plan(settings, settings.threads or usable_cpus(), announce)
    return Session(plan, files, announce)


def check_callable(name: str, found: Any) -> None:
    """Raises ``QuantUsageError`` for what cannot be called."""
    if found is not None and not callable(found):
        raise _mistake(name, found, "a function")


def flag(name: str, found: Any) -> bool:
    """Raises ``QuantUsageError`` for what is neither: ``"no"`` would count as true."""
    if not isinstance(found, bool):
        raise _mistake(name, found, "True or False")
    return found


def _list(name: str, found: Any, example: str, item: Callable[[str, Any], Any]) -> Iterable[Any]:
    """The items of a list; a text would be taken for one of its letters."""
    if isinstance(found, str | bytes | os.PathLike) or not isinstance(found, Iterable):
        raise _mistake(name, found, f"a list, as {example}")
    return [item(name, one) for one in found]


def _name(name: str, found: Any) -> str:
    if not isinstance(found, str):
        raise _mistake(name, found, "the name of a level, as 'q4'")
    return found


def _level(name: str, found: Any) -> Level:
    return parse_level(_name(name, found))


def _fetched(name: str, found: Any, hub: Hub) -> Path | None:
    """The file of a hub that is named, if it is one."""
    try:
        return hub.find(found) if isinstance(found, str) else None
    except (QuantUsageError, ValueError) as error:
        raise QuantUsageError(f"{name}: {error}") from None


def _artifacts(found: Any, levels: Sequence[Level], hub: Hub) -> dict[str, Path]:
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise _mistake("artifacts", found, "files by level, as {'q4': 'm-q4.gguf'}")
    files: dict[str, Path] = {}
    for name, path in found.items():
        level = name_among(levels, _name("artifacts", name))
        if level in files:
            raise QuantUsageError(f"artifacts: level {level!r} is given twice; keep one file")
        files[level] = _fetched("artifacts", path, hub) or _given("artifacts", path)
    return files


def _endpoints(found: Any, levels: Sequence[Level], kept: Path) -> dict[str, Path]:
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise _mistake("endpoints", found, "URLs by level, as {'q4': 'http://localhost:8000/v1'}")
    files: dict[str, Path] = {}
    for name, url in found.items():
        level = name_among(levels, _name("endpoints", name))
        if level in files:
            raise QuantUsageError(f"endpoints: level {level!r} is given twice; keep one URL")
        try:
            files[level] = endpoint_file(str(url), kept)
        except ValueError as error:
            raise QuantUsageError(f"endpoints: {error}") from None
    return files


def _read(name: str, found: Any, base: Path, read: Callable[[str, Path], _T]) -> _T | None:
    """What a text says, or the file that it names."""
    if found is None:
        return None
    if not isinstance(found, str | os.PathLike) or not isinstance(os.fspath(found), str):
        raise _mistake(name, found, "a text, or a path")
    try:
        return read(os.fspath(found), base)
    except (QuantUsageError, ValueError) as error:
        raise QuantUsageError(f"{name}: {error}") from None


def _template_options(found: Any) -> tuple[tuple[str, str], ...]:
    if found is None:
        return ()
    if not isinstance(found, Mapping):
        raise _mistake("template_options", found, "values by name, as {'tone': 'dry'}")
    try:
        return checked_options(found)
    except QuantUsageError as error:
        raise QuantUsageError(f"template_options: {error}") from None


def _thinking(found: Any) -> Thinking:
    try:
        return parse_thinking(found if isinstance(found, str) else repr(found))
    except QuantUsageError as error:
        raise QuantUsageError(f"thinking: {error}") from None


def _path(name: str, found: Any) -> Path | None:
    return None if found is None else _given(name, found)


def _given(name: str, found: Any) -> Path:
    if not isinstance(found, str | os.PathLike) or not isinstance(os.fspath(found), str):
        raise _mistake(name, found, "a path")
    try:
        return given_path(os.fspath(found)).absolute()
    except ValueError as error:
        raise QuantUsageError(f"{name}: {error}") from None


def _there(name: str, found: Any) -> Path:
    path = _given(name, found)
    if not path.exists():
        raise QuantUsageError(f"{name}: {path}: no such file or directory")
    return path


def _existing(name: str, found: Any) -> Path | None:
    return None if found is None else _there(name, found)


def _count(name: str, found: Any, most: int, least: int = 1) -> int | None:
    if found is None:
        return None
    try:
        number = -1 if isinstance(found, bool) else operator.index(found)
    except TypeError:
        number = -1
    if not least <= number <= most:
        raise _mistake(name, found, f"a whole number from {least} to {most:,}")
    return number


def _shares(name: str, found: Any) -> tuple[float, ...]:
    numbers = list(_list(name, found, "[3, 1]", _number))
    try:
        return shares(numbers) if numbers else ()
    except ValueError as error:
        raise QuantUsageError(f"{name}: {error}") from None


def _number(name: str, found: Any) -> float:
    if not _is_number(found):
        raise _mistake(name, found, "numbers, as [3, 1]")
    return float(found)


def _flash_attention(name: str, found: Any) -> FlashAttention:
    try:
        return flash_attention(str(found))
    except ValueError:
        raise _mistake(name, found, "'auto', 'on' or 'off'") from None


def _time(found: Any) -> float | None:
    if found is None:
        return None
    try:
        if isinstance(found, str):
            return parse_duration(found)
        return checked_duration(found if _is_number(found) else 0, found)
    except ValueError as error:
        raise QuantUsageError(f"time: {error}") from None


def _share(name: str, found: Any) -> float:
    if not (_is_number(found) and 0 < found < 0.5):
        raise _mistake(name, found, "a number between 0 and 0.5, such as 0.05")
    return float(found)


def _points(name: str, found: Any) -> float:
    if not (_is_number(found) and 0 <= found <= 100):
        raise _mistake(name, found, "percentage points from 0 to 100")
    return float(found)


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _mistake(name: str, found: Any, expected: str) -> QuantUsageError:
    return QuantUsageError(f"{name}: found {found!r:.100}, expected {expected}")


def _baselines(base: Path) -> Path:
    """Those of the current directory, else those that ship."""
    local = base / "baselines"
    return local if local.is_dir() else BASELINES

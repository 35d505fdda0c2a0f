"""From the text of an option to its value; what a text may be is said in the error."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.options.sources import Values
from pytest_quant.runtimes.chat import MOST_THINKING, THINKING_BUDGET, Chat
from pytest_quant.runtimes.hardware import Hardware
from pytest_quant.session.hardware import flash_attention, gpu_layers, main_gpu, tensor_split
from pytest_quant.session.settings import MOST_CASES, MOST_THREADS, JudgeSettings

_T = TypeVar("_T")


def positive(text: str, most: int = MOST_CASES) -> int:
    digits = text.strip()
    number = int(digits) if digits.isdecimal() and len(digits) <= 20 else 0
    if number > most:
        raise ValueError(f"found {text!r}, expected at most {most:,}")
    if number < 1:
        raise ValueError(f"found {text[:40]!r}, expected a whole number of at least 1")
    return number


def threads(text: str) -> int:
    return positive(text, MOST_THREADS)


def difficulties(text: str) -> frozenset[int]:
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


def share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 0.5:
        raise ValueError(f"found {text!r}, expected a number between 0 and 0.5, such as 0.05")
    return number


def points(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise ValueError(f"found {text!r}, expected percentage points from 0 to 100, such as 0.5")
    return number


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise ValueError(f"found {text!r}, expected seconds above 0, such as 60")
    return number


def printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError(f"found {text!r:.100}, expected a name")
    return text.strip()


def update(text: str) -> Literal["yes", "force"]:
    if text not in ("yes", "force"):
        raise ValueError(
            f"found {text!r}, expected nothing or =force; write paths before this option"
        )
    return "force" if text == "force" else "yes"


def tolerances(
    lines: list[str], level_of: Callable[[str], str]
) -> dict[tuple[str, str | None], float]:
    """By level, as the session calls it, and category; ``None`` stands for all together."""
    from pytest_quant.base.categories import CATEGORIES

    limits: dict[tuple[str, str | None], float] = {}
    names = CATEGORIES.names if lines else ()
    for line in lines:
        words = line.split()
        try:
            name, category, limit = words[0], words[1], float(words[2])
        except (IndexError, ValueError):
            limit = -1.0
        if len(words) != 3 or not 0 <= limit <= 100 or category not in (*names, "overall"):
            raise QuantUsageError(
                f"quant_tolerances: found {line!r}, expected: level category points, where "
                f"category is overall or one of {', '.join(names)} and points are 0 to 100"
            )
        try:
            level = level_of(name)
        except QuantUsageError as error:
            raise QuantUsageError(f"quant_tolerances: in {line!r}: {error}") from error
        key = level, None if category == "overall" else category
        if key in limits:
            raise QuantUsageError(
                f"quant_tolerances: {line!r} sets a limit of {level} for {category} a second time; "
                "keep one of the two lines"
            )
        limits[key] = limit
    return limits


def hardware(values: Values) -> Hardware:
    return Hardware(
        gpu_layers=values.parsed("gpu-layers", gpu_layers),
        main_gpu=values.parsed("main-gpu", main_gpu),
        tensor_split=values.parsed("tensor-split", tensor_split) or (),
        flash_attention=values.parsed("flash-attn", flash_attention) or "auto",
    )


def suites(values: Values) -> dict[str, Path]:
    from pytest_quant.suites import SOURCES

    def parse(text: str) -> str:
        # Ours are written in many ways: GSM8K, MMLU.
        name = text.strip()
        name = name if name in SOURCES.names else name.lower()
        if name not in SOURCES.names:
            known = ", ".join(SOURCES.names)
            raise ValueError(f"found the unknown suite {text!r}, expected one of {known}")
        return name

    found = values.files("suite", "NAME=FILE, as gsm8k=test.jsonl", parse)
    for name, path in found.items():
        if not path.is_file():
            raise QuantUsageError(f"{values.raw('suite')[1]}: {name}: {path}: no such file")
    return found


def report(text: str) -> str:
    """The name of a report that there is."""
    from pytest_quant.reports.written import REPORTS

    if (name := text.strip()) not in REPORTS.names:
        raise REPORTS.unknown(name)
    return name


def tables(values: Values) -> tuple[str, ...]:
    from pytest_quant.analysis.guide import CASE_STUDIES

    given, place, _ = values.raw("table")
    for name in given or ():
        if name not in CASE_STUDIES:
            known = ", ".join(CASE_STUDIES)
            raise QuantUsageError(f"{place}: found {name!r}, expected one of {known}")
    return tuple(dict.fromkeys(given or ()))


def judge(values: Values) -> JudgeSettings | None:

    url = values.parsed("judge", _endpoint)
    model = values.parsed("judge-model", printable)
    pairs = values.parsed("judge-pairs", positive)
    timeout = values.parsed("judge-timeout", seconds)
    if url is None:
        # The ini file may say how to judge, and the command line whether to.
        for other in ("judge-model", "judge-pairs", "judge-timeout"):
            given, place, _ = values.raw(other)
            if given is not None and place.startswith("--"):
                raise QuantUsageError(
                    f"{place}: no judge to ask; add its endpoint, as "
                    "--quant-judge=http://localhost:8000/v1"
                )
        return None
    if model is None:
        raise QuantUsageError(
            f"{values.raw('judge')[1]}: {url}: no model is named; add the one to ask, as "
            "--quant-judge-model=NAME (an endpoint lists its models at /models)"
        )
    return JudgeSettings(url, model, pairs or 64, timeout or 60.0)


def budget(text: str) -> int:
    return positive(text, MOST_THINKING)


def chat(values: Values) -> Chat:
    from pytest_quant.session.chat import (
        parse_template_options,
        parse_thinking,
        read_chat_template,
        read_system,
    )

    def based(name: str, read: Callable[[str, Path], _T]) -> _T | None:
        base = values.raw(name)[2]
        return values.parsed(name, lambda text: read(text, base))

    given, place, _ = values.raw("template-options")
    try:
        options = parse_template_options(given or ())
    except QuantUsageError as error:
        raise QuantUsageError(f"{place}: {error}") from error
    return Chat(
        template=based("chat-template", read_chat_template) or "auto",
        options=options,
        system=based("system", read_system) or "",
        thinking=values.parsed("thinking", parse_thinking) or "auto",
        budget=values.parsed("thinking-budget", budget) or THINKING_BUDGET,
    )


def _endpoint(text: str) -> str:
    from pytest_quant.base.urls import parse_url
    from pytest_quant.judge.endpoint import KEY_VARIABLE

    return parse_url(text, KEY_VARIABLE)

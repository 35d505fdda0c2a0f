"""What a session is asked to do, checked and complete, wherever it was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pytest_quant.levels import Level
from pytest_quant.runtimes.chat import OWN_FORM, Chat
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware

DEFAULT_ALPHA = 0.05
# More is a slip of the finger; what is counted with it stays small enough to count.
MOST_CASES = 10_000_000
# llama.cpp's GGML_MAX_N_THREADS: more end the process.
MOST_THREADS = 512


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Whom to ask about free text: at most ``pairs`` responses of each level."""

    url: str
    model: str
    pairs: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Settings:
    """The validated settings of one session. Paths are absolute; ``None`` means the default.

    ``alpha`` is a share; ``regression_drop``, ``margin`` (what any level may lose) and the
    ``tolerances`` by level and category (``None``: all together) are percentage points;
    ``time`` is what the session may take, in seconds; ``imatrix`` is the importance matrix of
    levels whose recipe names none; ``fetched`` says of files from a hub what they are;
    ``benchmark`` counts rounds, ``context`` the tokens that one sequence may hold,
    ``text_context`` those of a long reading.
    """

    levels: tuple[Level, ...]
    cache_dir: Path
    baselines: Path
    regression_drop: float
    model: Path | None = None
    fetched: Mapping[Path, str] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    imatrix: Path | None = None
    reference: Level | None = None
    suites: dict[str, Path] = field(default_factory=dict)
    cases: int | None = None
    max_cases: int | None = None
    max_tokens: int | None = None
    time: float | None = None
    difficulties: frozenset[int] | None = None
    alpha: float = DEFAULT_ALPHA
    update: Literal["no", "yes", "force"] = "no"
    require_baseline: bool = False
    parallel: int | None = None
    threads: int | None = None
    chat: Chat = OWN_FORM
    hardware: Hardware = DEFAULT_HARDWARE
    context: int | None = None
    benchmark: int | None = None
    tables: tuple[str, ...] = ()
    text: Path | None = None
    text_context: int | None = None
    judge: JudgeSettings | None = None
    json: Path | None = None
    html: Path | None = None
    markdown: Path | None = None
    reports: dict[str, Path] = field(default_factory=dict)
    probe_paths: tuple[Path, ...] = ()
    margin: float | None = None
    tolerances: dict[tuple[str, str | None], float] = field(default_factory=dict)

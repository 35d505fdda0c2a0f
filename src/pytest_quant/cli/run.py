"""``pytest-quant run``: a whole session without pytest, for scripts and machines that have none."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_quant.base.harmless import harmless
from pytest_quant.cli.arguments import path_argument
from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from pytest_quant.session.events import Event

_T = TypeVar("_T")

# As pytest's, where tests have failed.
HELD_BACK = 1
_FILES = ("json", "html", "markdown")


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "run",
        help="measure levels of a model and judge them, without pytest",
        description="Ask the probes at each level and at the reference, and print what "
        "pytest --quant-levels=LEVELS prints in the end. The exit code is 1 where a level failed, "
        "broke, or was not compared.",
    )
    parser.add_argument("levels", metavar="LEVELS", help="such as q4,q8")
    path = partial(parser.add_argument, type=path_argument)
    parser.add_argument(
        "--model",
        metavar="GGUF",
        help="16- or 32-bit file to quantize, or hf://OWNER/REPOSITORY/FILE[@REVISION] (default: "
        "the embedded)",
    )
    parser.add_argument(
        "--artifact",
        action="append",
        default=[],
        metavar="LEVEL=FILE",
        help="ready-made file of one level; may be repeated",
    )
    parser.add_argument(
        "--imatrix",
        metavar="FILE",
        help="importance matrix of the model, with which levels are quantized, or hf:// as above",
    )
    parser.add_argument(
        "--endpoint",
        action="append",
        default=[],
        metavar="LEVEL=URL",
        help="OpenAI-compatible server of one level, as q4=http://localhost:8000/v1, with #MODEL "
        "where it has several; its key is read from OPENAI_API_KEY; may be repeated",
    )
    parser.add_argument(
        "--reference",
        metavar="LEVEL",
        help="level that the others are measured against (default: the highest precision at hand)",
    )
    path(
        "--probes",
        action="append",
        default=[],
        metavar="PATH",
        help="probe file, or directory of them; may be repeated (default: ./probes, or the "
        "library that ships)",
    )
    parser.add_argument("--cases", type=int, metavar="N", help="cases asked of each probe")
    parser.add_argument(
        "--time", metavar="TIME", help="what the session may take, as 30m, 90s or 1h30m"
    )
    parser.add_argument(
        "--max-tokens", type=int, metavar="N", help="the most tokens that an answer may take"
    )
    parser.add_argument(
        "--margin",
        type=float,
        metavar="POINTS",
        help="the drop that you accept of any level, in percentage points (default: the guide's "
        "limits)",
    )
    parser.add_argument(
        "--chat-template",
        metavar="TEMPLATE",
        help="auto: the model's own; none: a plain question; or a file of Jinja source",
    )
    parser.add_argument(
        "--template-options",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what the chat template is told; values are JSON, or else texts; may be repeated",
    )
    parser.add_argument(
        "--system", metavar="TEXT", help="system text before every question, or a file of it"
    )
    parser.add_argument(
        "--thinking",
        default="auto",
        metavar="WHETHER",
        help="whether models think before they answer: auto, on or off (default: auto)",
    )
    parser.add_argument(
        "--thinking-budget",
        type=int,
        metavar="N",
        help="tokens that a model may think before an answer (default: 2048)",
    )
    text = parser.add_argument
    text("--gpu-layers", metavar="N", help="layers of each model that lie on GPUs, or all")
    text("--main-gpu", metavar="N", help="the one GPU on which each model lies, from 0")
    text("--tensor-split", metavar="SHARES", help="share of each model that each GPU has, as 3,1")
    text("--flash-attn", metavar="on|off|auto", help="flash attention (default: auto)")
    text("--context", type=int, metavar="N", help="tokens that one sequence may hold")
    path("--baselines", metavar="DIR", help="recorded baselines (default: ./baselines, or shipped)")
    path("--cache-dir", metavar="DIR", help="where models and responses are kept")
    for name in _FILES:
        path(f"--{name}", metavar="FILE", help=f"write the {name} report")
    parser.set_defaults(command=_run)


def _run(chosen: argparse.Namespace) -> Generator[str, None, int]:
    from pytest_quant.reports.gate_tests import is_held_back
    from pytest_quant.reports.terminal import COLUMNS, summary, title
    from pytest_quant.reports.written import Wanted, write_reports
    from pytest_quant.session.arguments import session_of
    from pytest_quant.session.endpoints import FORM
    from pytest_quant.session.events import Announced
    from pytest_quant.session.hardware import flash_attention, gpu_layers, main_gpu, tensor_split
    from pytest_quant.session.outputs import check_outputs
    from pytest_quant.session.run import conduct

    session = session_of(
        chosen.levels.split(","),
        model=chosen.model,
        artifacts=_by_level("--artifact", chosen.artifact, "LEVEL=FILE, as q4=m-q4.gguf"),
        endpoints=_by_level("--endpoint", chosen.endpoint, FORM),
        imatrix=chosen.imatrix,
        reference=chosen.reference,
        probes=chosen.probes,
        cases=chosen.cases,
        time=chosen.time,
        max_tokens=chosen.max_tokens,
        margin=chosen.margin,
        chat_template=chosen.chat_template,
        template_options=_options(chosen.template_options),
        system=chosen.system,
        thinking=chosen.thinking,
        thinking_budget=chosen.thinking_budget,
        baselines=chosen.baselines,
        cache_dir=chosen.cache_dir,
        gpu_layers=_parsed("--gpu-layers", chosen.gpu_layers, gpu_layers),
        main_gpu=_parsed("--main-gpu", chosen.main_gpu, main_gpu),
        tensor_split=_parsed("--tensor-split", chosen.tensor_split, tensor_split) or (),
        flash_attn=_parsed("--flash-attn", chosen.flash_attn, flash_attention) or "auto",
        context=chosen.context,
        announce=lambda sentence: _tell(Announced(sentence)),
    )
    wanted = [
        Wanted(f"--{name}", name, file)
        for name in _FILES
        if (file := getattr(chosen, name)) is not None
    ]
    check_outputs(session, {one.option: one.path for one in wanted})
    record = conduct(session, watch=_tell)
    problems = [*write_reports(wanted, record)]
    yield f" {title(record)} ".center(COLUMNS, "=")
    for line in summary(record):
        yield line.text
    if problems:
        raise QuantUsageError("\n".join(problems))
    return HELD_BACK if is_held_back(record) else 0


def _parsed(option: str, text: str | None, parse: Callable[[str], _T]) -> _T | None:
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise QuantUsageError(f"{option}: {error}") from None


def _by_level(option: str, given: Sequence[str], expected: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for text in given:
        level, equals, file = text.partition("=")
        if not (level.strip() and equals and file.strip()):
            raise QuantUsageError(f"{option}: found {text!r}, expected {expected}")
        if level in files:
            raise QuantUsageError(f"{option}: level {level!r} is given twice; keep one of them")
        files[level] = file
    return files


def _options(given: Sequence[str]) -> dict[str, Any]:
    import json

    from pytest_quant.session.chat import parse_template_options

    try:
        return {name: json.loads(value) for name, value in parse_template_options(given)}
    except QuantUsageError as error:
        raise QuantUsageError(f"--template-options: {error}") from None


def _tell(event: Event) -> None:
    """Progress goes to the standard error, so that the output is the summary alone."""
    from pytest_quant.session.events import Announced

    if isinstance(event, Announced):
        text = event.text
    else:
        text = f"{event.done} of {event.total}: {event.test} {event.problem}".rstrip()
    # Who does not listen, or no longer, wants to know the verdict all the same.
    if sys.stderr is not None:
        with suppress(OSError):
            print(harmless(text), file=sys.stderr)

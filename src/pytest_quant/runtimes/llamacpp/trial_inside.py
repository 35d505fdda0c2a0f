"""A model is tried: loaded, given a text to read, and asked for one token after it.

What ends the process does so here, in a child, and not in a session: see ``trial``.
"""

from __future__ import annotations

import json
import os
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.levels import KvTypes
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import library, native_log, tensor_types
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.soundness import damage
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary

# Letters with and without marks, other scripts, digits, a sign of four bytes and one that no text
# holds: a vocabulary must have tokens for any of them.
_TEXT = "The quick brown fox, 17 + 25 = 42; zażółć gęślą jaźń, αβγ, 日本語, \U0001f98a \x01\n"
_MOST_TOKENS = 16
_CELLS = 256
# Characters of a problem: a file may be quoted in it at any length.
_LONGEST = 4000
# Bytes of any file that is written, what is said among them.
_MOST_SAID = 64 << 20


def try_model(path: Path, kv: KvTypes | None = None, hardware: Hardware = DEFAULT_HARDWARE) -> str:
    """Load a model and decode with it as a session does; what is wrong, ``""`` if nothing is."""
    try:
        _say("loading it")
        with closing(library.Model(path, hardware=hardware)) as model:
            if not model.generates_text:
                return (
                    f"{path}: is no model that continues a text (an encoder or diffusion model); "
                    "give a decoder-only language model"
                )
            _say("reading its vocabulary")
            Vocabulary(model)
            begin = [] if model.begin_token is None else [model.begin_token]
            tokens = np.concatenate(
                [np.array(begin, np.int32), model.tokenize(_TEXT, parse_special=True)]
            )[:_MOST_TOKENS]
            if not len(tokens):
                return f"{path}: its vocabulary makes no tokens of a text; convert it again"
            _say("decoding a token")
            problem = _decode(model, tokens, kv, hardware)
    except QuantUsageError as error:
        return str(error)
    except RuntimeFailed as error:
        problem = str(error)
    return problem and f"{path}: {problem}"


def _decode(model: library.Model, tokens: Tokens, kv: KvTypes | None, hardware: Hardware) -> str:
    """Read the tokens, then decode the likeliest next one, in two sequences if these may share."""
    slots = np.arange(2 if model.can_share_prefix else 1, dtype=np.intp)
    batch = TokenBatch(_MOST_TOKENS, len(slots))
    with closing(
        library.Context(
            model,
            cells=_CELLS,
            sequences=len(slots),
            batch=_MOST_TOKENS,
            threads=1,
            kv_types=tensor_types.numbers_of(kv),
            hardware=hardware,
        )
    ) as context:
        if kv and context.kv.upper() != f"{kv.keys}/{kv.values}":
            return (
                f"llama.cpp keeps its keys and values in {context.kv or 'no such types'}, not in "
                f"{kv.keys}/{kv.values}; ask it without them"
            )
        batch.add_run(tokens, 0, slots.tolist(), rows=1)
        if problem := _step(context, batch):
            return problem
        likeliest = np.full(len(slots), context.logits(1).argmax(), np.int32)
        batch.clear()
        batch.add_steps(likeliest, np.full(len(slots), len(tokens), np.int32), slots)
        return _step(context, batch)


def _step(context: library.Context, batch: TokenBatch) -> str:
    status = context.decode(batch.native)
    if status != library.DECODE_OK:
        return f"llama.cpp cannot decode with it (status {status}):\n{native_log.last_lines()}"
    logits = context.logits(batch.rows)
    if np.isnan(logits).any() or not np.isfinite(logits.max()):
        return (
            "its logits are not numbers (NaN or infinite), though its weights are: it is damaged, "
            "or computes with numbers too large for their types; convert or quantize it again"
        )
    return ""


def _say(stage: str) -> None:
    """What begins now: the last such line tells where a process ended."""
    print(json.dumps({"stage": stage}), flush=True)


def _confine(memory: int) -> None:
    """No more than so many bytes beyond what is in use, and no image of the memory on the disk."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_SAID, _MOST_SAID))
        # The system, short of memory, is to end this process first, and not the session.
        Path("/proc/self/oom_score_adj").write_text("1000")
        # An accelerator's driver sets aside far more addresses than it fills.
        if not library.OFFLOADS:
            status = Path("/proc/self/status").read_text()
            (used,) = (line for line in status.splitlines() if line.startswith("VmData:"))
            limit = memory + 1024 * int(used.split()[1])
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def main(order: str) -> None:
    """Check a model's numbers and try it; the last line on stdout says what is wrong.

    The order is a list of the paths of all parts, of the bytes of memory that it may take, and of
    the way in which it is run.
    """
    parts, memory, way = json.loads(order)
    paths = [*map(Path, parts)]
    native_log.echo_errors()
    _confine(memory)
    _say("checking its numbers")
    try:
        kv, hardware = way["kv"], {**way["hardware"]}
        hardware["tensor_split"] = tuple(hardware["tensor_split"])
        problem = damage(paths) or try_model(paths[0], kv and KvTypes(**kv), Hardware(**hardware))
    except QuantUsageError as error:
        problem = str(error)
    print(json.dumps({"problem": problem[:_LONGEST]}), flush=True)
    # Whatever a library still does at the end is no concern of the model's.
    os._exit(0)

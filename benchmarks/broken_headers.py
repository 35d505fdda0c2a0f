"""Change a model's header in many ways, and see that none ends a session.

Each change is refused from the header, refused by the trial in a process of its own (which
llama.cpp may abort: that is what it is for), or lets the model be asked. What passes the trial and
then ends a process, and an exception that is none of ours, is a fault; the exit code is 1 then.

    python -m benchmarks.broken_headers --most 200 --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import struct
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import gguf
from benchmarks.faults.model_file import Field, ModelFile, Tensor
from benchmarks.random_model import Shape, write_model

from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.runtimes.llamacpp import trial_inside
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.trial import OWN_WAY
from pytest_quant.runtimes.protocol import Incomparable, Limits, PlainText, PromptTooLong

TINY = Shape(width=256, layers=2, heads=4, feed_forward=512, vocabulary=600, context=512)
TEXT = PlainText("nonsense", "bo da ku mi 17 " * 300)
# Bytes at the beginning in which single bits are flipped, and how many of them.
HEADER, FLIPS = 11_500, 400
KIND = gguf.GGUFValueType
INTEGERS = (0, 1, 2, 3, 7, 255, 2**31 - 1, 2**32 - 1)
REALS = (0.0, -1.0, float("nan"), float("inf"), 1e30, -1e30, 1e-45)
TEXTS = ("", "none", "no_vocab", "gpt2", "bert", "t5", "rwkv", "plamo2", "\x1b[31m", "x" * 9999)
ARCHITECTURES = sorted(gguf.MODEL_ARCH_NAMES.values())
# What the tiny model's header does not have.
ADDED: dict[str, tuple[KIND, tuple[object, ...]]] = {
    "general.alignment": (KIND.UINT32, (0, 1, 3, 8, 16, 64, 4096, 2**31)),
    "general.type": (KIND.STRING, ("adapter", "mmproj", "imatrix", "model")),
    "split.count": (KIND.UINT16, (0, 2, 65535)),
    "llama.expert_count": (KIND.UINT32, INTEGERS),
    "llama.expert_used_count": (KIND.UINT32, INTEGERS),
    "llama.attention.key_length": (KIND.UINT32, INTEGERS),
    "llama.attention.value_length": (KIND.UINT32, INTEGERS),
    "llama.attention.sliding_window": (KIND.UINT32, INTEGERS),
    "llama.attention.causal": (KIND.BOOL, (False, True)),
    "llama.attention.clamp_kqv": (KIND.FLOAT32, REALS),
    "llama.attention.scale": (KIND.FLOAT32, REALS),
    "llama.logit_scale": (KIND.FLOAT32, REALS),
    "llama.pooling_type": (KIND.UINT32, INTEGERS),
    "llama.rope.freq_base": (KIND.FLOAT32, REALS),
    "llama.rope.scaling.type": (KIND.STRING, ("yarn", "longrope", "linear", "x")),
    "llama.rope.scaling.factor": (KIND.FLOAT32, REALS),
    "tokenizer.ggml.pre": (KIND.STRING, TEXTS),
    "tokenizer.ggml.padding_token_id": (KIND.UINT32, INTEGERS),
    "tokenizer.ggml.eot_token_id": (KIND.UINT32, INTEGERS),
    "tokenizer.ggml.add_space_prefix": (KIND.BOOL, (False, True)),
    "tokenizer.ggml.add_eos_token": (KIND.BOOL, (False, True)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """``apply`` is given the model before it is written, ``patch`` the file's bytes."""

    name: str
    apply: Callable[[ModelFile], None] = lambda _: None
    patch: Callable[[bytearray], None] = lambda _: None


def changes(model: ModelFile) -> Iterator[Change]:
    """Every change, in an order that does not depend on chance."""
    for name, field in model.fields.items():
        yield Change(f"without {name}", lambda m, n=name: m.fields.pop(n))
        for kind, value, item in _other_values(field):
            told = f"{name} = {str(value)[:40]!r} ({kind.name})"
            yield Change(told, _set(name, Field(value, kind, item)))
    for name, (kind, values) in ADDED.items():
        for value in values:
            yield Change(f"{name} = {value!r}", _set(name, Field(value, kind)))
    for architecture in ARCHITECTURES:
        yield Change(f"architecture {architecture}", lambda m, a=architecture: _rename(m, a))
    yield from _token_changes(model)
    for name, tensor in model.tensors.items():
        yield Change(f"without {name}", lambda m, n=name: m.tensors.pop(n))
        if tensor.data.ndim > 1:
            yield Change(f"{name} turned", _replace(name, tensor.data.T.copy()))
        yield Change(f"half of {name}", _replace(name, tensor.data[: len(tensor.data) // 2]))
        yield Change(f"{name} empty", _replace(name, tensor.data[:0]))
    for name in ("output.weight", "token_embd.weight", "output_norm.weight", "blk.0.attn_k.weight"):
        for number in range(45):
            yield Change(f"{name} of type {number}", patch=_retype(name, number))
    for bit in random.Random(0).sample(range(8 * HEADER), FLIPS):
        yield Change(f"bit {bit}", patch=_flip(bit))


def _other_values(field: Field) -> Iterator[tuple[KIND, object, KIND | None]]:
    match field.value:
        case bool():
            yield KIND.BOOL, not field.value, None
        case int():
            yield from ((KIND.UINT32, value, None) for value in INTEGERS)
            yield from ((KIND.INT32, -value, None) for value in (1, 2**31))
            yield KIND.UINT32, field.value + 1, None
            yield KIND.ARRAY, [field.value] * 2, KIND.UINT32
            yield KIND.ARRAY, [1.5, float("nan")], KIND.FLOAT32
        case float():
            yield from ((KIND.FLOAT32, value, None) for value in REALS)
        case str():
            yield from ((KIND.STRING, value, None) for value in TEXTS)
        case list():
            half = len(field.value) // 2
            yield KIND.ARRAY, field.value[:half], field.item
            yield KIND.ARRAY, field.value + field.value[:1], field.item
            yield KIND.ARRAY, field.value[::-1], field.item
            yield KIND.ARRAY, [field.value[0]] * len(field.value), field.item
    yield KIND.STRING, "x", None
    yield KIND.FLOAT32, 1.5, None
    yield KIND.UINT32, 5, None


def _token_changes(model: ModelFile) -> Iterator[Change]:
    tokens, name = model.fields["tokenizer.ggml.tokens"].value, "tokenizer.ggml.tokens"
    for told, value in {
        "a token twice": [*tokens[:-1], tokens[-2]],
        "an empty token": [*tokens[:-1], ""],
        "no tokens of bytes": [t if not t.startswith("<0x") else f"{t}x" for t in tokens],
        "a token of 100 kB": [*tokens[:-1], "a" * 100_000],
        "only special characters": [f"\u2581{n}" for n in range(len(tokens))],
    }.items():
        yield Change(told, lambda m, v=value: m.replace(name, v))
    for kind in (0, 2, 3, 4, 5, 6, 7, -1, 2**31 - 1):
        types = [kind] * len(tokens)
        yield Change(
            f"every token of type {kind}",
            lambda m, v=types: m.replace("tokenizer.ggml.token_type", v),
        )
    for score in REALS:
        scores = [score] * len(tokens)
        yield Change(
            f"every score {score}", lambda m, v=scores: m.replace("tokenizer.ggml.scores", v)
        )


def _set(name: str, field: Field) -> Callable[[ModelFile], None]:
    def apply(model: ModelFile) -> None:
        model.fields[name] = field

    return apply


def _replace(name: str, data: object) -> Callable[[ModelFile], None]:
    def apply(model: ModelFile) -> None:
        model.tensors[name] = Tensor(data, model.tensors[name].kind)

    return apply


def _rename(model: ModelFile, architecture: str) -> None:
    fields = {
        name.replace("llama.", f"{architecture}.", 1) if name.startswith("llama.") else name: field
        for name, field in model.fields.items()
    }
    model.fields.clear()
    model.fields.update(fields)
    model.fields["general.architecture"] = Field(architecture, KIND.STRING)


def _retype(name: str, number: int) -> Callable[[bytearray], None]:
    def patch(data: bytearray) -> None:
        key = struct.pack("<Q", len(name)) + name.encode()
        place = data.index(key) + len(key)
        (dimensions,) = struct.unpack_from("<I", data, place)
        struct.pack_into("<I", data, place + 4 + 8 * dimensions, number)
        data += bytes(4_000_000)

    return patch


def _flip(bit: int) -> Callable[[bytearray], None]:
    def patch(data: bytearray) -> None:
        data[bit // 8] ^= 1 << bit % 8

    return patch


def write_changed(clean: Path, change: Change, path: Path) -> bool:
    """Write the changed model; false if the writer cannot."""
    model = ModelFile.read(clean)
    try:
        change.apply(model)
        model.write(path)
    except Exception:
        return False
    if change.patch is not Change.__dataclass_fields__["patch"].default:
        data = bytearray(path.read_bytes())
        change.patch(data)
        path.write_bytes(data)
    return True


def outcome(path: Path) -> str:
    """What becomes of a model in a session; faults begin with ``FAULT``."""
    header = _forked(lambda: inspect(path))
    if header != "well":
        return "refused from its header" if header == "in words" else f"FAULT header: {header}"
    order = json.dumps([[str(path)], trial_memory(path), asdict(OWN_WAY)])
    tried = _forked(lambda: trial_inside.main(order), passes=b'"problem": ""')
    if tried != "well":
        return f"refused by the trial ({tried if tried.startswith('SIG') else 'in words'})"
    asked = _forked(lambda: _ask(path))
    return {"well": "asked", "in words": "asked, and told in words"}.get(asked, f"FAULT: {asked}")


def trial_memory(path: Path) -> int:
    return 2 * path.stat().st_size + (4 << 30)


def _ask(path: Path) -> None:
    with LlamaCppRuntime.open(path, threads=1, parallel=2) as runtime:
        asked = ("what is 2 + 2?", "what is zażółć \U0001f98a?", "what is it")
        runtime.generate(asked, Limits(max_tokens=6))
        runtime.score(asked[:1], [("four", "five six")])
        # As long as a probe's, and as many tokens at once as llama.cpp takes.
        runtime.generate([f"{asked[1]} " * 20, "what is it"], Limits(max_tokens=2))
        runtime.diverge(runtime, TEXT)


def _forked(work: Callable[[], object], passes: bytes = b"") -> str:
    """Work in a fork: ``well``, ``in words``, a signal's name, or an exception's."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            signal.alarm(60)
            try:
                work()
            except (QuantUsageError, RuntimeFailed, PromptTooLong, Incomparable):
                os._exit(3)
            except BaseException:
                traceback.print_exc()
                os._exit(4)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        output = said.read()
    if status < 0:
        return signal.Signals(-status).name
    if status == 0:
        return "well" if passes in output else "in words"
    return "in words" if status == 3 else output.decode(errors="replace").strip()[-300:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.environ["GGML_NO_BACKTRACE"] = "1"
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as directory:
        clean, path = Path(directory, "clean.gguf"), Path(directory, "changed.gguf")
        write_model(clean, TINY)
        every = list(changes(ModelFile.read(clean)))
        random.Random(given.seed).shuffle(every)
        for change in every[: given.most]:
            if not write_changed(clean, change, path):
                counts["cannot be written"] += 1
                continue
            found = outcome(path)
            counts[found.partition(":")[0]] += 1
            if found.startswith("FAULT"):
                print(f"{change.name}: {found}")
    for name, count in counts.most_common():
        print(f"{count:5} {name}")
    return any(name.startswith("FAULT") for name in counts)


if __name__ == "__main__":
    sys.exit(main())

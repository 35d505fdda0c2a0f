"""Are our importance matrices llama.cpp's, are they used as llama-quantize uses them, and what is
the gain?

    python benchmarks/imatrix.py                         # the embedded model
    python benchmarks/imatrix.py --model MODEL           # another one, of 16 bits
    python benchmarks/imatrix.py --smollm2 DIRECTORY     # SmolLM2, fetched into a directory
    python benchmarks/imatrix.py ... --write             # the tables of docs/howto/imatrix.md

Builds llama-imatrix and llama-quantize, once, as `llama_tools` says. Both tools and we read the
same text: of every tensor the counts have to be the same, and the sums agree to what 32 bits leave
(the tool adds up in 32 bits over all of the text). With the tool's own matrix, in both forms of the
file, we and llama-quantize have to write the same tensors, byte by byte, and metadata that differ
in nothing but the name of the matrix.

The gain is told by the divergence from the model on the held text, which no matrix is made on: of
the same tokens with the matrix and without, chunk by chunk.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import smollm2
from llama_tools import CACHE, build, call
from tables import title_of, write_tables

from pytest_quant.base.library import CALIBRATION_TEXT, EMBEDDED_MODEL
from pytest_quant.levels import Recipe
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.runtimes.llamacpp.calibrating import make_matrix
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.session.held_text import held_text

PAGE = Path(__file__).parent.parent / "docs" / "howto" / "imatrix.md"
# What llama-quantize is compared on: types that need a matrix, and some that do not.
COMPARED = ("IQ1_S", "IQ2_XS", "IQ3_XXS", "Q2_K", "Q4_K_M")
GAINS = ("Q4_K_M", "Q3_K_M", "Q2_K")
ONLY_WITH = ("IQ3_XXS", "IQ2_S")
# Of sums in 32 bits over tens of thousands of tokens.
ROUNDING = 1e-3
NAMES = ("quantize.imatrix.file", "quantize.imatrix.dataset")


@dataclass(frozen=True, slots=True)
class Work:
    """A model, the text that its matrix is made on, and where files are made."""

    model: Path
    text: Path
    directory: Path
    threads: int
    tools: Path

    def tool(self, name: str) -> str:
        return str(build(self.tools, name))


def made_by_the_tool(work: Work, form: str) -> Path:
    path = work.directory / f"tool.{form}"
    call(
        work.tool("imatrix"), "-m", str(work.model), "-f", str(work.text), "-o", str(path),
        "--output-format", form, "-t", str(work.threads), "--no-ppl",
    )  # fmt: skip
    return path


def made_here(work: Work) -> Path:
    path = work.directory / "ours.gguf"
    text = work.text.read_bytes().decode()
    made = make_matrix(work.model, text, work.text.name, work.threads, lambda *_: None)
    path.write_bytes(made.data)
    return path


def sums_agree(tool: Path, ours: Path) -> bool:
    """Print how far the sums of two matrices are apart, relative to the tool's."""
    theirs, own = (
        {tensor.name: tensor.data.astype(np.float64) for tensor in gguf.GGUFReader(path).tensors}
        for path in (tool, ours)
    )
    if theirs.keys() != own.keys():
        print(f"  OTHER TENSORS: {sorted(theirs.keys() ^ own.keys())[:6]}")
        return False
    counts = [name for name in own if name.endswith(".counts")]
    same = all(np.array_equal(theirs[name], own[name]) for name in counts)
    off = np.concatenate([
        (np.abs(own[name] - theirs[name]) / np.maximum(np.abs(theirs[name]), 1e-30)).reshape(-1)
        for name in own if name.endswith(".in_sum2")
    ])  # fmt: skip
    print(
        f"  {len(counts)} tensors, {len(off):,} sums of {int(own[counts[0]].max()):,} tokens: "
        f"counts {'the same' if same else 'DIFFER'}; relative difference of sums: "
        f"median {np.median(off):.1e}, 99.9 % {np.quantile(off, 0.999):.1e}, "
        f"largest {off.max():.1e}",
        flush=True,
    )
    return same and bool(np.quantile(off, 0.999) <= ROUNDING)


def files_agree(work: Work, matrices: Sequence[Path], types: Sequence[str]) -> bool:
    """Print whether llama-quantize and we make the same files with the tool's matrices."""
    good = True
    for matrix in matrices:
        for ftype in types:
            theirs, own = work.directory / "theirs", work.directory / "own"
            call(
                work.tool("quantize"), "--imatrix", str(matrix), str(work.model), str(theirs),
                ftype, str(work.threads),
            )  # fmt: skip
            quantize(work.model, own, Recipe(ftype, imatrix=matrix), threads=work.threads)
            told = [*_differences(theirs, own)]
            print(f"  {matrix.name}, {ftype}: {', '.join(told) or 'the same'}", flush=True)
            good &= not told
    return good


def _differences(theirs: Path, own: Path) -> Iterator[str]:
    first, second = gguf.GGUFReader(theirs), gguf.GGUFReader(own)
    values = [
        {
            name: field.contents()
            for name, field in reader.fields.items()
            if name not in NAMES and not name.startswith("GGUF.")
        }
        for reader in (first, second)
    ]
    yield from (f"METADATA {key}" for key in values[0] if values[0][key] != values[1].get(key))
    yield from (f"METADATA {key}" for key in values[1] if key not in values[0])
    for a, b in zip(first.tensors, second.tensors, strict=True):
        same = (a.name, a.tensor_type) == (b.name, b.tensor_type)
        if not same or a.data.tobytes() != b.data.tobytes():
            yield f"TENSOR {a.name}"


def gain(work: Work, ftype: str, matrix: Path) -> str:
    """A row of the table: the divergence without and with the matrix, and their difference."""
    without, size = _divergence(work, Recipe(ftype))
    with_it, _ = _divergence(work, Recipe(ftype, imatrix=matrix))
    weights = np.array([chunk.tokens for chunk in without.chunks], float)
    assert [c.digest for c in without.chunks] == [c.digest for c in with_it.chunks]
    change = np.array([b.kld - a.kld for a, b in zip(without.chunks, with_it.chunks, strict=True)])
    mean, error = _mean(change, weights)
    was, now = (d.statistics["Mean KLD"].value for d in (without, with_it))
    top = (d.statistics["Same top p"].value for d in (without, with_it))
    return (
        f"| {ftype} | {size:.2f} | {was:.4f} | {now:.4f} | {mean:+.4f} ± {1.96 * error:.4f} "
        f"| {100 * mean / was:+.0f} % | {100 * (change < 0).mean():.0f} % "
        f"| {' → '.join(f'{value:.1f}' for value in top)} % |"
    )


def only_with(work: Work, ftype: str, matrix: Path) -> str:
    """A row for a type that cannot be made without."""
    found, size = _divergence(work, Recipe(ftype, imatrix=matrix))
    top = found.statistics["Same top p"].value
    return (
        f"| {ftype} | {size:.2f} | | {found.statistics['Mean KLD'].value:.4f} | | | | {top:.1f} % |"
    )


def _mean(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """A mean over tokens with its standard error, chunks being independent."""
    mean = float(np.average(values, weights=weights))
    n = len(values)
    spread = ((weights * (values - mean)) ** 2).sum() * n / (n - 1)
    return mean, float(spread**0.5 / weights.sum())


def _divergence(work: Work, recipe: Recipe) -> tuple[Divergence, float]:
    path = work.directory / "level.gguf"
    quantize(work.model, path, recipe, threads=work.threads)
    reading = held_text(None)
    with (
        LlamaCppRuntime.open(work.model, threads=work.threads) as reference,
        LlamaCppRuntime.open(path, threads=work.threads) as level,
    ):
        found = reference.diverge(level, reading)
    assert found is not None
    tensors = gguf.GGUFReader(path).tensors
    bits = 8 * sum(int(t.n_bytes) for t in tensors) / sum(int(t.n_elements) for t in tensors)
    return found, bits


HEADS = (
    "| type | bits/weight | mean KLD without | with | change (95 %) | | better in "
    "| same top token |\n|---|---|---|---|---|---|---|---|"
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--build", type=Path, default=CACHE)
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL, help="16-bit GGUF")
    parser.add_argument("--smollm2", type=Path, metavar="DIRECTORY")
    parser.add_argument("--text", type=Path, default=CALIBRATION_TEXT)
    parser.add_argument("--characters", type=int, help="of the text; default: all")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--compared", nargs="*", default=COMPARED, help="with llama-quantize's")
    parser.add_argument("--gains", nargs="*", default=GAINS, help="types made with and without")
    parser.add_argument("--needing", nargs="*", default=ONLY_WITH, help="types made only with")
    parser.add_argument("--only", choices=("agreement", "gain"))
    parser.add_argument("--write", action="store_true", help="put the table into the how-to")
    options = parser.parse_args()
    model = smollm2.fetch(options.smollm2) if options.smollm2 else options.model
    good = True
    with tempfile.TemporaryDirectory() as directory:
        text = Path(directory) / "text.txt"
        read = options.text.read_text("utf-8")[: options.characters]
        text.write_text(read, encoding="utf-8")
        work = Work(model, text, Path(directory), options.threads, options.build)
        print(f"{title_of(model)}, {len(read):,} characters of {options.text.name}", flush=True)
        ours = made_here(work)
        if options.only != "gain":
            tool = made_by_the_tool(work, "gguf")
            good &= sums_agree(tool, ours)
            matrices = [tool, made_by_the_tool(work, "dat")]
            good &= files_agree(work, matrices, options.compared)
        if options.only != "agreement":
            rows = [gain(work, ftype, ours) for ftype in options.gains]
            rows += [only_with(work, ftype, ours) for ftype in options.needing]
            table = "\n".join([HEADS, *rows])
            print(table)
            if options.write:
                write_tables(PAGE, f"gain, {title_of(model)}", table)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

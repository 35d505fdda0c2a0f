"""Do our divergences agree with llama.cpp's own tool, where is that wrong, and which is faster?

    python benchmarks/divergence.py                 # the embedded model: agreement and speed
    python benchmarks/divergence.py --large         # speed on 110 million random weights, too
    python benchmarks/divergence.py --contexts 2048 # the same with as much read in one go
    python benchmarks/divergence.py --limit-only --contexts 512 2048    # how near to decoding alone

Builds llama-perplexity, once, from the sources that llama-cpp-python was built from, linked with
the libraries that it installed, and lets it compare the same models on the same text. It keeps the
reference's log-probabilities in 16 bits and cuts them off 16 nats below the likeliest. So every
statistic is worked out a third time, in 64 bits by scipy from full logits that are kept for it, and
a fourth time with the reference rounded as the tool rounds it: that the tool agrees with the fourth
and we with the third shows whose difference it is. Beside it: how much of the divergence on the
held text is kept where a record holds only the likeliest tokens of the reference.

Speed counts from opening the models to the last number: the tool's two runs, which are processes of
their own, against one of ours, whose imports a test session pays for anyway. Rounds alternate, and
the median of the ratios within a round counts. Beside wall time stands the processor time of all
threads, which another busy process disturbs less, and which decides. A speed is enough if it is 1.5
times the tool's, or 0.9 of that of decoding both models with nothing done to the logits
(`decoding_limit`): what takes longer than that is ours to mend, what does not is llama.cpp's.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import random_model
from decoding_limit import against_limit, chunks_of, readings
from llama_tools import CACHE, build, call

from pytest_quant.base.library import EMBEDDED_MODEL, PROBES
from pytest_quant.levels import Recipe
from pytest_quant.metrics.distributions import TokenStatistics, compare_logits
from pytest_quant.metrics.divergence import STATISTICS
from pytest_quant.metrics.likeliest import compare_with, likeliest
from pytest_quant.metrics.token_statistics import summarize
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.reader import read_probes
from pytest_quant.runtimes.llamacpp import lockstep
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.protocol import PlainText
from pytest_quant.session.held_text import held_text

LEVELS = ("Q8_0", "Q4_K_M", "Q2_K")
# What has to agree; all others are shown.
JUDGED = ("Mean PPL(Q)", "Mean KLD", "Same top p")
THREE_DIGITS = 1e-3
# Of the speed of the tool's two runs.
WANTED = 1.5
# Of the reference, that a record might keep instead of it.
KEPT_TOKENS = (1, 2, 4, 8, 16, 32)
# What 64 bits leave.
ROUNDING = 1e-9

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Work:
    """Compare ``level`` with ``reference`` on a text file."""

    tool: Path
    reference: Path
    level: Path
    text: Path
    threads: int
    context: int = 512

    @property
    def read(self) -> PlainText:
        """The text as the tool reads a file."""
        return PlainText(self.text.name, self.text.read_bytes().decode().removesuffix("\n"))


def library_text(cases: int) -> str:
    """Questions and answers of the probe library, as a base model reads them."""
    probes = (p for path in sorted(PROBES.rglob("*.yaml")) for p in read_probes(path, path.name))
    solved = (case for p in probes if p.solution for case in draw_cases(p, cases))
    return "\n\n".join(f"Question: {case.prompt}\nAnswer: {case.solution}" for case in solved)


def base_run(work: Work, kept: Path) -> float:
    """The tool's first run; returns the perplexity of the reference before it is rounded."""
    return float(_tool(work, work.reference, kept, r"Final estimate: PPL = ([\d.]+)")[-1])


def level_run(work: Work, kept: Path) -> Values:
    """The tool's second run: its statistics by name."""
    row = r"(?m)^ *(.*?(?:PPL|KLD|Δp|top p).*?) *: +(-?[\d.]+)"
    found = _tool(work, work.level, kept, row, "--kl-divergence", count=len(STATISTICS))
    return {" ".join(name.split()): float(value) for name, value in found}


def _tool(
    work: Work, model: Path, kept: Path, wanted: str, *more: str, count: int = 1
) -> list[Any]:
    """What a pattern finds in the tool's output, so often; again where its log lost lines."""
    for _ in range(5):
        said = call(
            str(work.tool), "-m", str(model), "-f", str(work.text), "-c", str(work.context),
            "-t", str(work.threads), "--kl-divergence-base", str(kept), *more,
        )  # fmt: skip
        found = re.findall(wanted, said)
        if len(found) == count:
            return found
    sys.exit(f"{work.tool} did not print its results:\n{said}")


def ours(work: Work) -> dict[str, float]:
    """What pytest-quant says, and how many tokens it scored."""
    with (
        chunks_of(work.context),
        LlamaCppRuntime.open(work.reference, threads=work.threads) as reference,
        LlamaCppRuntime.open(work.level, threads=work.threads) as level,
    ):
        found = reference.diverge(level, work.read)
    return {name: s.value for name, s in found.statistics.items()} | {"tokens": found.tokens}


def ours_apart(work: Work) -> dict[str, float]:
    """The same in a process of its own, with what it cost."""
    paths = [str(path) for path in (work.reference, work.level, work.text)]
    numbers = str(work.threads), str(work.context)
    said = call(sys.executable, __file__, "--ours", *paths, *numbers)
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def independent(work: Work) -> tuple[dict[str, float], dict[str, float]]:
    """The same statistics by scipy, in 64 bits from all logits; and rounded as the tool does it."""
    from scipy.special import log_softmax, rel_entr

    exact, rounded = [], []
    for base, own, targets in _logits_of(lambda: ours(work)):
        p, q = (log_softmax(logits.astype(np.float64), axis=1) for logits in (base, own))
        kld = rel_entr(np.exp(p), np.exp(q)).sum(axis=1)
        exact.append(_statistics(kld, p, q, targets))
        p = _in_16_bits(p)
        kld = np.where(p > -16, np.exp(p) * (p - q), 0).sum(axis=1)
        rounded.append(_statistics(kld, p, q, targets))
    return _values(exact), _values(rounded)


def _statistics(
    kld: np.ndarray, p: np.ndarray, q: np.ndarray, targets: np.ndarray
) -> TokenStatistics:
    rows = np.arange(len(targets))
    same = p.argmax(axis=1) == q.argmax(axis=1)
    return TokenStatistics(kld, -q[rows, targets], -p[rows, targets], same)


def _values(chunks: Sequence[TokenStatistics]) -> dict[str, float]:
    return {name: statistic.value for name, statistic in summarize(chunks).items()}


def _in_16_bits(logs: np.ndarray) -> np.ndarray:
    high = logs.max(axis=1, keepdims=True)
    low = np.maximum(logs.min(axis=1, keepdims=True), high - 16)
    scale = (high - low) / 65535
    return np.round(np.maximum(logs - low, 0) / scale) * scale + low


def _logits_of(run: Callable[[], object]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """All logits of both models that ``run`` compares, by chunk, and the tokens that follow."""
    kept = []
    compare = lockstep.compare_logits

    def keep(
        base: np.ndarray, own: np.ndarray, targets: np.ndarray, threads: int
    ) -> TokenStatistics:
        kept.append((base.copy(), own.copy(), targets))
        return compare(base, own, targets, threads)

    lockstep.compare_logits = keep
    run()
    lockstep.compare_logits = compare
    return kept


def kept_shares(model: Path, level: Path, threads: int) -> str:
    """What share of the divergence on the held text so many of the likeliest tokens hold."""
    with (
        LlamaCppRuntime.open(model, threads=threads) as reference,
        LlamaCppRuntime.open(level, threads=threads) as own,
    ):
        logits = _logits_of(lambda: reference.diverge(own, held_text(None)))
    exact = np.concatenate([compare_logits(base, now, wanted).kld for base, now, wanted in logits])
    told = []
    for kept in KEPT_TOKENS:
        found = [
            compare_with(likeliest(base, wanted, kept), now, wanted) for base, now, wanted in logits
        ]
        mean = np.concatenate([tokens.kld for tokens in found]).mean()
        told.append(f"{kept} {mean / exact.mean():.3f}")
    return ", ".join(told)


def agreement(title: str, work: Work, kept: Path) -> bool:
    """Print one level's table; returns whether what is judged agrees, or is nearer to the truth."""
    base = base_run(work, kept)
    tool = level_run(work, kept)
    mine = ours_apart(work)
    exact, rounded = independent(work)
    print(f"\n{title}: {mine['tokens']:.0f} tokens scored")
    print(f"  {'':<32} {'tool':>12} {'ours':>12} {'64 bits':>12} {'64, rounded':>12}")
    good = True
    for name in exact:
        verdict = ""
        if name in JUDGED:
            near = abs(tool[name] - mine[name]) <= THREE_DIGITS * abs(mine[name])
            nearer = abs(mine[name] - exact[name]) < abs(tool[name] - exact[name])
            verdict = "agrees" if near else "ours is nearer to 64 bits" if nearer else "DIFFERS"
            good &= near or nearer
        if abs(mine[name] - exact[name]) > ROUNDING * (1 + abs(exact[name])):
            verdict, good = "NOT THE 64 BITS", False
        values = (tool[name], mine[name], exact[name], rounded[name])
        print(f"  {name:<32} {' '.join(f'{v:>12.6f}' for v in values)}  {verdict}")
    off = abs(base - mine["Mean PPL(base)"]) / base
    print(f"  PPL(base) of the tool's first run: {base:.4f}, ours is off by {100 * off:.4f} %")
    return good and off <= THREE_DIGITS


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    processor: float


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _cost(run: Callable[[], object], processor: Callable[[], float]) -> Cost:
    before, started = processor(), time.perf_counter()
    run()
    return Cost(time.perf_counter() - started, processor() - before)


def speed(title: str, work: Work, kept: Path, rounds: int) -> bool:
    """Print both speeds; returns whether ours is as far above that of the tool's two runs."""
    tokens = 2 * ours_apart(work)["tokens"]

    def tool() -> None:
        base_run(work, kept)
        level_run(work, kept)

    def apart() -> Cost:
        found = ours_apart(work)
        return Cost(found["wall"], found["processor"])

    costs = [(_cost(tool, _children), apart()) for _ in range(rounds)]
    print(f"\n{title}: reference and level together, {work.threads} threads, {rounds} rounds")
    for i, name in enumerate(("tool", "ours")):
        wall = statistics.median(round_[i].wall for round_ in costs)
        processor = statistics.median(round_[i].processor for round_ in costs)
        read = 2 * tokens
        print(
            f"  {name}  {wall:7.2f} s wall, {read / wall:8.0f} tokens/s   "
            f"{processor:7.2f} s processor, {read / processor:8.0f} tokens/s"
        )
    walls = _ratio([(a.wall, b.wall) for a, b in costs])
    processors = _ratio([(a.processor, b.processor) for a, b in costs])
    met = processors >= WANTED
    print(
        f"  ours over tool: {walls:.2f} x in wall time, {processors:.2f} x in processor time, "
        f"target {WANTED:g}: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def is_fast(title: str, work: Work, kept: Path, rounds: int, limit_only: bool) -> bool:
    """Whether ours is far enough above the tool's speed, or near enough to that of decoding."""
    near = True
    for how, reading in readings(work.read, work.context):
        with chunks_of(work.context):
            files = work.reference, work.level
            near &= against_limit(f"{title}, {how}", *files, reading, work.threads, rounds)
    return near if limit_only else speed(title, work, kept, rounds) or near


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.median(theirs / mine for theirs, mine in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--build", type=Path, default=CACHE)
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL, help="16-bit GGUF")
    parser.add_argument("--text", type=Path, help="default: of the probe library")
    parser.add_argument("--cases", type=int, default=3, help="of a probe; default: %(default)s")
    parser.add_argument("--levels", nargs="+", default=LEVELS, help="llama.cpp types")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--large", action="store_true", help="110 M random weights, too")
    parser.add_argument("--contexts", nargs="+", type=int, default=[512], metavar="N")
    parser.add_argument("--limit-only", action="store_true", help="without the tool")
    parser.add_argument("--ours", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        *paths, threads, context = options.ours
        found: dict[str, float] = {}
        work = Work(Path(), *map(Path, paths), int(threads), int(context))
        cost = _cost(lambda: found.update(ours(work)), time.process_time)
        print(json.dumps(found | asdict(cost)))
        return 0
    tool = Path() if options.limit_only else build(options.build, "perplexity")
    good = True
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory)
        text = options.text or made / "library.txt"
        if not options.text:
            text.write_text(library_text(options.cases), encoding="utf-8")
        for name in options.levels:
            level = made / f"{name}.gguf"
            quantize(options.model, level, Recipe(name), threads=options.threads)
            if options.limit_only:
                continue
            for context in options.contexts:
                work = Work(tool, options.model, level, text, options.threads, context)
                title = f"{options.model.name}, {name}, context {context:,}"
                good &= agreement(title, work, made / "base")
            shares = kept_shares(options.model, level, options.threads)
            print(f"  share of the divergence that the likeliest tokens hold: {shares}")
        for context in options.contexts if options.rounds else ():
            work = Work(tool, options.model, level, text, options.threads, context)
            title = f"{options.model.name}, {name}, context {context:,}"
            good &= is_fast(title, work, made / "base", options.rounds, options.limit_only)
        if options.large and options.rounds:
            large, level = made / "large.gguf", made / "large-q4.gguf"
            random_model.write_model(large, random_model.Shape())
            quantize(large, level, Recipe("Q4_K_M"), threads=options.threads)
            short = made / "short.txt"
            short.write_text(text.read_text("utf-8")[:25_000], encoding="utf-8")
            work = Work(tool, large, level, short, options.threads)
            title, limit_only = "110 M, random, Q4_K_M", options.limit_only
            good &= is_fast(title, work, made / "base", options.rounds, limit_only)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

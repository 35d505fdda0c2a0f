"""What goes into weights is added up as it is worked out from the model's file by hand."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import gguf
import numpy as np
import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.activations import Observer, multiplied, observe
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.imatrix_file import Sums
from pytest_quant.runtimes.llamacpp.prefixes import Tokens

TOKENS = np.random.default_rng(0).integers(260, 600, (3, 40), dtype=np.int32)


def observed(path: Path, chunks: list[Tokens]) -> dict[str, Sums]:
    observer = Observer()
    with closing(library.Model(path)) as model:
        observe(model, chunks, observer, threads=1)
    return observer.sums


@pytest.fixture(scope="module")
def experts(build_model) -> Path:
    return build_model(experts=4)


def test_inputs_of_the_first_block(tiny_f32: Path) -> None:
    """Normed embeddings: nothing was computed with other weights before."""
    found = observed(tiny_f32, [*TOKENS])
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(tiny_f32).tensors}
    inputs = tensors["token_embd.weight"][TOKENS.reshape(-1)].astype(np.float64)
    inputs /= np.sqrt(np.mean(inputs**2, axis=1, keepdims=True) + 1e-5)
    for name in ("attn_q", "attn_k", "attn_v"):
        sums = found[f"blk.0.{name}.weight"]
        np.testing.assert_allclose(sums.squares, (inputs**2).sum(0, keepdims=True), rtol=1e-5)
        assert sums.counts.tolist() == [TOKENS.size]


def test_every_matrix_of_a_block_is_there_and_no_other(tiny: Path) -> None:
    found = observed(tiny, [*TOKENS])
    shapes = {tensor.name: tensor.shape for tensor in inspect(tiny).matrices}
    assert {name: (sums.squares.shape, *sums.counts) for name, sums in found.items()} == {
        name: ((1, shape[0]), TOKENS.size) for name, shape in shapes.items()
    }
    with closing(library.Model(tiny)) as model:
        assert multiplied(model) == shapes.keys()


def test_chunks_begin_anew_and_add_up(tiny_f32: Path) -> None:
    whole = observed(tiny_f32, [*TOKENS])
    apart = [observed(tiny_f32, [chunk]) for chunk in TOKENS]
    for name, sums in whole.items():
        together = sum(part[name].squares for part in apart)
        np.testing.assert_allclose(sums.squares, together, rtol=1e-5)


def test_a_large_vocabulary_is_read_in_pieces(
    tiny_f32: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the rows of logits do not take more memory than they may; all tokens count."""
    whole = observed(tiny_f32, [*TOKENS])
    monkeypatch.setattr("pytest_quant.runtimes.llamacpp.activations.ROW_BYTES", 1)
    for name, sums in observed(tiny_f32, [*TOKENS]).items():
        assert sums.counts.tolist() == [TOKENS.size]
        np.testing.assert_allclose(sums.squares, whole[name].squares, rtol=1e-3)


def test_experts_have_sums_of_their_own(experts: Path) -> None:
    """A token goes to two of four; what chooses them reads all that they read."""
    found = observed(experts, [*TOKENS])
    assert len(found) == 2 * 8
    for block in range(2):
        (everything,) = found[f"blk.{block}.ffn_gate_inp.weight"].squares
        for name in ("gate", "up"):
            sums = found[f"blk.{block}.ffn_{name}_exps.weight"]
            assert sums.squares.shape == (4, 256)
            assert sums.counts.sum() == 2 * TOKENS.size
            assert (sums.counts > 0).all()
            np.testing.assert_allclose(sums.squares.sum(0), 2 * everything, rtol=1e-4)
        down = found[f"blk.{block}.ffn_down_exps.weight"]
        assert down.squares.shape == (4, 512)
        assert down.counts.tolist() == sums.counts.tolist()


def test_what_is_no_number_is_told(tiny: Path, tmp_path: Path) -> None:
    """llama.cpp would go on: the callback's own errors end nothing."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny.read_bytes())
    norm = next(
        t for t in gguf.GGUFReader(broken, "r+").tensors if t.name == "blk.1.ffn_norm.weight"
    )
    norm.data[:] = np.nan
    norm.data.flush()
    with pytest.raises(QuantUsageError, match=r"what goes into blk\.1\.ffn_\w+\.weight is not num"):
        observed(broken, [*TOKENS])

"""Files are quantized with the importance matrix that was given, or it is refused in words."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import Level, Recipe, known_types, parse_level, parse_recipes
from pytest_quant.runtimes.llamacpp.artifacts import prepare
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor
from pytest_quant.runtimes.llamacpp.imatrix_file import Sums, columns, matrix_bytes
from pytest_quant.runtimes.llamacpp.importance import check_complete, left_out, matrix_of
from pytest_quant.runtimes.llamacpp.promise import shortfall
from pytest_quant.runtimes.llamacpp.quantize import quantize

Change = Callable[[dict[str, Sums]], None]


def sums_of(model: Path, seed: int = 0) -> dict[str, Sums]:
    """A matrix in which some columns matter much more than others."""
    random = np.random.default_rng(seed)
    return {
        tensor.name: Sums(random.lognormal(0, 2, (1, columns(tensor))), np.array([128]))
        for tensor in inspect(model).matrices
    }


def written(path: Path, sums: dict[str, Sums]) -> Path:
    path.write_bytes(matrix_bytes(sums, text="a.txt", chunks=3, chunk_tokens=512))
    return path


@pytest.fixture
def matrix(tiny: Path, tmp_path: Path) -> Path:
    return written(tmp_path / "m.imatrix", sums_of(tiny))


@pytest.fixture(scope="module")
def small(build_model) -> Path:
    """One block, for types that take seconds for a million weights."""
    return build_model(layers=1, feed_forward=256)


def as_dat(path: Path, sums: dict[str, Sums]) -> Path:
    data = struct.pack("<i", len(sums))
    for name, found in sums.items():
        # By powers of two, which round nothing.
        numbers = (found.squares[0] / found.counts[0] * 4).astype("<f4")
        data += struct.pack("<i", len(name)) + name.encode()
        data += struct.pack("<ii", 4, len(numbers)) + numbers.tobytes()
    path.write_bytes(data + struct.pack("<ii", 3, 5) + b"a.txt")
    return path


def weights(path: Path) -> dict[str, bytes]:
    return {tensor.name: tensor.data.tobytes() for tensor in gguf.GGUFReader(path).tensors}


def test_columns_that_matter_are_kept_better(tiny: Path, matrix: Path, tmp_path: Path) -> None:
    """Of each weight the error is smaller where the matrix says that it matters, and what is
    written of it tells which matrix it was."""
    made = {}
    for name, path in (("with", matrix), ("without", None)):
        quantize(tiny, tmp_path / name, Recipe("Q2_K", imatrix=path), threads=1)
        made[name] = {t.name: t for t in gguf.GGUFReader(tmp_path / name).tensors}
    exact = {t.name: np.float32(t.data) for t in gguf.GGUFReader(tiny).tensors}
    for name, sums in sums_of(tiny).items():
        errors = {}
        for how, tensors in made.items():
            found = gguf.dequantize(tensors[name].data, tensors[name].tensor_type)
            errors[how] = float((sums.squares * (found - exact[name]) ** 2).sum())
        assert errors["with"] < 0.8 * errors["without"], name
    fields = gguf.GGUFReader(tmp_path / "with").fields
    told = {
        name.rpartition(".")[2]: f.contents() for name, f in fields.items() if "imatrix" in name
    }
    assert told["file"].startswith("sha256:")
    assert (told["entries_count"], told["chunks_count"]) == (14, 3)


def test_both_forms_make_the_same_weights(small: Path, tmp_path: Path) -> None:
    matrix = written(tmp_path / "m.imatrix", sums_of(small))
    dat = as_dat(tmp_path / "m.dat", sums_of(small))
    for name, path in (("gguf", matrix), ("dat", dat)):
        quantize(small, tmp_path / name, Recipe("IQ2_XS", imatrix=path), threads=1)
    first, second = (weights(tmp_path / name) for name in ("gguf", "dat"))
    assert first == second


NEEDING = [t for t in known_types() if t.startswith(("IQ1", "IQ2", "IQ3")) or t == "Q2_K_S"]


@pytest.mark.parametrize("ftype", NEEDING)
def test_types_that_need_one_are_made(ftype: str, small: Path, tmp_path: Path) -> None:
    """And the file is what its level's name says."""
    recipe = Recipe(ftype, imatrix=written(tmp_path / "m.imatrix", sums_of(small)))
    quantize(small, tmp_path / "made.gguf", recipe, threads=2)
    info = inspect(tmp_path / "made.gguf")
    assert info.file_type == ftype
    assert shortfall(info, recipe) is None


class TestAMatrixIsPartOfTheLevel:
    def level(self, matrix: Path | None) -> Level:
        level = parse_level("q4")
        return replace(level, recipe=replace(level.recipe, imatrix=matrix))

    def test_another_matrix_is_another_file(self, tiny: Path, matrix: Path, tmp_path: Path) -> None:
        plain = prepare(self.level(None), tiny, tmp_path, 1)
        first = prepare(self.level(matrix), tiny, tmp_path, 1)
        copy = tmp_path / "copy of it.imatrix"
        copy.write_bytes(matrix.read_bytes())
        again = prepare(self.level(copy), tiny, tmp_path, 1)
        other = prepare(
            self.level(written(tmp_path / "n.imatrix", sums_of(tiny, seed=1))), tiny, tmp_path, 1
        )
        assert again == first
        assert len({plain.path, first.path, other.path}) == 3
        assert len({plain.digest, first.digest, other.digest}) == 3
        assert [plain.recipe, first.recipe, other.recipe] == [
            "Q4_K_M",
            f"Q4_K_M imatrix={first.imatrix[:12]}",
            f"Q4_K_M imatrix={other.imatrix[:12]}",
        ]
        assert plain.imatrix == ""
        kept = json.loads(first.path.with_suffix(".json").read_text())
        assert kept["recipe"] == f"Q4_K_M imatrix={first.imatrix}"

    def test_a_matrix_that_changes_under_a_name(
        self, tiny: Path, matrix: Path, tmp_path: Path
    ) -> None:
        first = prepare(self.level(matrix), tiny, tmp_path, 1)
        written(matrix, sums_of(tiny, seed=1))
        second = prepare(self.level(matrix), tiny, tmp_path, 1)
        assert second.path != first.path
        assert second.digest != first.digest


def _drop(name: str) -> Change:
    return lambda sums: sums.pop(name) and None


def _widen(sums: dict[str, Sums]) -> None:
    name = "blk.1.ffn_down.weight"
    sums[name] = replace(sums[name], squares=np.ones((1, 768)))


def _more(sums: dict[str, Sums]) -> None:
    sums["blk.2.ffn_down.weight"] = sums["blk.1.ffn_down.weight"]


def _another(sums: dict[str, Sums]) -> None:
    found = {f"model.{name}": one for name, one in sums.items()}
    sums.clear()
    sums.update(found)


OTHERS: dict[str, tuple[Change, str]] = {
    "a weight less": (_drop("blk.1.ffn_up.weight"), "says nothing of blk.1.ffn_up.weight, with wh"),
    "wider": (_widen, "has 768 numbers for blk.1.ffn_down.weight, which has 512 columns in tiny."),
    "deeper": (_more, "says how much blk.2.ffn_down.weight matters, which tiny.gguf does not have"),
    "of other names": (_another, "says nothing of any weight of tiny.gguf"),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("write", [written, as_dat])
def test_a_matrix_of_another_model(
    kind: str, write: Callable[[Path, dict[str, Sums]], Path], tiny: Path, tmp_path: Path
) -> None:
    change, said = OTHERS[kind]
    sums = sums_of(tiny)
    change(sums)
    path = write(tmp_path / "m.imatrix", sums)
    with pytest.raises(QuantUsageError) as raised:
        quantize(tiny, tmp_path / "made.gguf", Recipe("Q4_K_M", imatrix=path), threads=1)
    message = str(raised.value)
    assert f"{path}: {said}" in message
    assert "pytest-quant imatrix MODEL -o FILE" in message
    assert len(message.splitlines()) <= 3
    assert not (tmp_path / "made.gguf").exists()


def test_weights_that_are_not_computed_with_need_none(matrix: Path, tiny: Path) -> None:
    """Such as those of blocks that draft further tokens, or of layers that use others' keys."""
    draft = Tensor("blk.2.ffn_up.weight", (256, 512), "F16", 0)
    norm = Tensor("blk.2.ffn_norm.weight", (256,), "F32", 0)
    other = Tensor("token_embd.weight", (256, 512), "F16", 0)
    found = matrix_of(matrix, inspect(tiny))
    missing = left_out(found, [*inspect(tiny).tensors, draft, norm, other])
    assert missing == [draft.name]
    check_complete(matrix, missing, {*found.means})
    with pytest.raises(QuantUsageError, match=f"says nothing of {draft.name}, with which the mod"):
        check_complete(matrix, missing, {*found.means, draft.name})


def test_numbers_that_no_sum_of_squares_is_made_of(small: Path, tmp_path: Path) -> None:
    """Finite, and far out: the file is made, or llama.cpp's words are told; nothing crashes."""
    for number in (0.0, 3e38):
        sums = {n: replace(s, squares=s.squares * 0 + number) for n, s in sums_of(small).items()}
        path = written(tmp_path / "m.imatrix", sums)
        for ftype in ("IQ1_S", "Q4_K_M"):
            try:
                quantize(small, tmp_path / "made.gguf", Recipe(ftype, imatrix=path), threads=1)
            except QuantUsageError as error:
                assert "llama.cpp cannot make" in str(error)
                assert len(str(error).splitlines()) <= 5


@pytest.mark.parametrize("ftype", ["F16", "BF16", "F32"])
def test_unquantized_types_would_ignore_it(
    ftype: str, tiny: Path, matrix: Path, tmp_path: Path
) -> None:
    with pytest.raises(QuantUsageError, match="would ignore them beside"):
        quantize(tiny, tmp_path / "made.gguf", Recipe(ftype, imatrix=matrix), threads=1)


def test_a_recipe_names_its_own(tiny: Path, matrix: Path, tmp_path: Path) -> None:
    recipes = parse_recipes([f"mine: iq2_s output=q8_0 imatrix={matrix} kv=q8_0"])
    artifact = prepare(parse_level("mine", recipes), tiny, tmp_path, 1)
    assert artifact.recipe == f"IQ2_S output=Q8_0 imatrix={artifact.imatrix[:12]} kv=Q8_0"
    assert artifact.warning == ""

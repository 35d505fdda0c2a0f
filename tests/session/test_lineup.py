"""Which levels are quantized with an importance matrix, and which with which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline_changes import artifact_changes
from pytest_quant.levels import parse_level, parse_recipes
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.imatrix_file import Sums, columns, matrix_bytes
from pytest_quant.session import lineup
from pytest_quant.session.baselines import recorded_artifact
from pytest_quant.session.lineup import Lineup, line_up


@pytest.fixture(scope="module")
def matrices(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two of the embedded model."""
    directory = tmp_path_factory.mktemp("matrices")
    paths = [directory / f"{name}.imatrix" for name in "ab"]
    for seed, path in enumerate(paths):
        random = np.random.default_rng(seed)
        sums = {
            tensor.name: Sums(random.lognormal(0, 2, (1, columns(tensor))), np.array([9]))
            for tensor in inspect(EMBEDDED_MODEL).matrices
        }
        path.write_bytes(matrix_bytes(sums, text="", chunks=1, chunk_tokens=512))
    return paths


def lined_up(
    cache: Path, matrix: Path | None, *recipes: str, given: Mapping[str, Path] | None = None
) -> Lineup:
    known = parse_recipes(recipes)
    levels = [parse_level(name, known) for name in (*known, "q4")]
    model = EMBEDDED_MODEL
    return line_up(levels, parse_level("f16"), model, given or {}, cache, 1, lambda _: None, matrix)


def test_a_recipe_s_own_comes_first_and_the_reference_has_none(
    matrices: list[Path], shared_cache: Path
) -> None:
    first, second = matrices
    found = lined_up(shared_cache, first, f"own: q4_k_m imatrix={second}").artifacts
    assert found["f16"].path == EMBEDDED_MODEL
    assert found["f16"].imatrix == ""
    assert found["q4"].imatrix != found["own"].imatrix
    assert all(len(found[name].imatrix) == 64 for name in ("q4", "own"))
    plain = lined_up(shared_cache, None).artifacts["q4"]
    assert plain.recipe == "Q4_K_M"
    assert len({plain.digest, found["q4"].digest, found["own"].digest}) == 3
    # What a baseline compares: the recipe is told with the matrix's digest.
    was, now = (recorded_artifact(found[name], None) for name in ("q4", "own"))
    assert next(artifact_changes(was, now)) == (
        f"recipe Q4_K_M imatrix={found['q4'].imatrix[:12]} -> "
        f"Q4_K_M imatrix={found['own'].imatrix[:12]}"
    )


def test_a_file_that_is_given_is_not_said_to_be_made_with_it(
    matrices: list[Path], shared_cache: Path, q8_file: Path
) -> None:
    given = {"q4": q8_file}
    found = lined_up(shared_cache, matrices[0], "own: q3_k_m", given=given).artifacts
    assert (found["q4"].recipe, found["q4"].imatrix) == ("Q4_K_M", "")
    assert found["own"].imatrix


def test_a_recipe_s_matrix_beside_a_file_is_a_mistake(
    matrices: list[Path], shared_cache: Path, q8_file: Path
) -> None:
    recipe = f"own: q8_0 imatrix={matrices[0]}"
    with pytest.raises(QuantUsageError, match=r"--quant-artifact own=.*leave out one of the two"):
        lined_up(shared_cache, None, recipe, given={"own": q8_file})


def test_a_runtime_that_would_not_use_it(
    matrices: list[Path], shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another runtime's quantizer, which never heard of such matrices."""
    own = lineup.backend_of(EMBEDDED_MODEL)
    other = SimpleNamespace(
        inspect=own.inspect,
        adopt=own.adopt,
        prepare=lambda level, *rest: own.prepare(
            replace(level, recipe=replace(level.recipe, imatrix=None)), *rest
        ),
    )
    monkeypatch.setattr(lineup, "backend_of", lambda _: other)
    with pytest.raises(QuantUsageError, match="level q4: its runtime quantizes without an import"):
        lined_up(shared_cache, matrices[0])

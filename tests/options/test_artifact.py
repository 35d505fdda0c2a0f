"""``--quant-artifact`` and ``quant_artifact``: ready-made files of levels."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.sessions import ONE_PROBE, Project

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.levels import Recipe
from pytest_quant.runtimes.llamacpp.quantize import quantize


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_takes_the_files_and_quantizes_nothing(
    project: Project, q8_file: Path, f32_file: Path, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    project.ini("quant_artifact =", f"    f32={f32_file}")  # the command line beats it
    run = project.run(
        *ONE_PROBE,
        *(f"--quant-artifact=q8={q8_file}", f"--quant-artifact=f16={EMBEDDED_MODEL}"),
        f"--quant-cache-dir={tmp_path / 'cache'}",
        *mode,
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.level("q8")["digest"] == digest(q8_file)
    assert run.level("f16")["digest"] == digest(EMBEDDED_MODEL)
    assert not (tmp_path / "cache" / "artifacts").exists()
    assert "quantization: q8 of given artifacts, 8 cases, alpha 0.05" in run.lines


def test_may_stand_beside_levels_that_are_quantized(project: Project, q8_file: Path) -> None:
    run = project.run(
        *ONE_PROBE,
        "--quant-levels=q8,q6",
        f"--quant-artifact=q6={q8_file}",
        f"--quant-model={EMBEDDED_MODEL}",
    )
    assert run.level("q6")["digest"] == digest(q8_file)
    assert run.level("q8")["warning"] == ""
    assert "the file says Q8_0" in run.level("q6")["warning"]


def test_files_of_the_ini_file_start_from_there(project: Project, q8_file: Path) -> None:
    project.ini(
        "quant_artifact =",
        "    q8 = m.gguf",
        f"    f16={EMBEDDED_MODEL}",
        f"quant_cache_dir = {project.cache}",
    )
    (project.path / "m.gguf").symlink_to(q8_file)
    (project.path / "below").mkdir()
    run = project.run_bare(*ONE_PROBE, "--quant-json=../record.json", cwd="below")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.level("q8")["digest"] == digest(q8_file)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["q8"], "found 'q8', expected LEVEL=FILE"),
        (["q8="], "found 'q8=', expected LEVEL=FILE"),
        (["q9=m.gguf"], "unknown quantization level 'q9'"),
        ([f"q8={EMBEDDED_MODEL}"] * 2, "level 'q8' is given twice"),
    ],
)
def test_refuses(project: Project, given: list[str], said: str) -> None:
    message = project.run(*ONE_PROBE, *(f"--quant-artifact={text}" for text in given)).mistake()
    assert message.startswith("ERROR: --quant-artifact: ")
    assert said in message


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_artifact =", "    q8")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_artifact in pytest.ini: found 'q8'")


def test_names_the_level_that_has_no_file(project: Project, q8_file: Path) -> None:
    message = project.run(
        "--quant-levels=q8", "--quant-reference=f16", f"--quant-artifact=q8={q8_file}"
    ).mistake()
    assert "no file for level f16" in message
    assert "--quant-artifact f16=FILE" in message


def test_a_file_is_not_compared_with_itself(project: Project) -> None:
    copy = project.path / "copy-Q4_K_M.gguf"
    copy.write_bytes(EMBEDDED_MODEL.read_bytes())
    message = project.run(
        "--quant-levels=q4", f"--quant-model={EMBEDDED_MODEL}", f"--quant-artifact=q4={copy}"
    ).mistake()
    assert message.startswith(f"ERROR: --quant-artifact q4={copy}: is the same file as the referen")


def test_two_files_of_one_type_are_two_recipes(project: Project, q8_file: Path) -> None:
    """docs/howto/two-uploads.md: one session, the same cases, a baseline for each."""
    other = project.path / "other.gguf"
    quantize(EMBEDDED_MODEL, other, Recipe("Q8_0", (("ffn_down", "Q6_K"),)), threads=1)
    project.ini("quant_recipes =", "    theirs: q8_0", "    ours: q8_0")
    run = project.run(
        *ONE_PROBE,
        "--quant-levels=theirs,ours",
        *(
            f"--quant-artifact={level}={path}"
            for level, path in (("theirs", other), ("ours", q8_file), ("f16", EMBEDDED_MODEL))
        ),
        "--quant-update-baselines",
    )
    assert run.level("ours")["digest"] == digest(q8_file)
    assert run.level("theirs")["digest"] == digest(other)
    asked = {
        level: [case["digest"] for case in found["cases"]]
        for found in run.measurements.values()
        for level in [found["level"]]
    }
    assert asked["theirs"] == asked["ours"] != []
    (folder,) = (project.path / "baselines").iterdir()
    assert {path.stem for path in folder.glob("*.json")} == {"theirs", "ours"}

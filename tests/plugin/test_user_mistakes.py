"""What a user can get wrong: a few lines, exit code 4, no traceback, nothing run in vain."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sessions import COLOURS, ONE_PROBE, Project

from pytest_quant.base.library import EMBEDDED_MODEL

DROPS = "[INST] Hello [/INST]"


def test_a_missing_model(project: Project, mode: tuple[str, ...]) -> None:
    message = project.run(*ONE_PROBE, "--quant-model=nowhere.gguf", *mode).mistake()
    assert message.startswith("ERROR: --quant-model: /")
    assert "nowhere.gguf: no such file; give the path of a GGUF model" in message


def test_a_missing_model_in_the_ini_file(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nquant_model = nowhere.gguf\n")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_model in pytest.ini: /")


def test_a_missing_artifact(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-artifact=q8=nowhere.gguf").mistake()
    assert message.startswith("ERROR: --quant-artifact: /")
    assert "nowhere.gguf: no such file" in message


def test_a_truncated_model(project: Project) -> None:
    content = EMBEDDED_MODEL.read_bytes()
    (project.path / "cut.gguf").write_bytes(content[: len(content) // 2])
    message = project.run(*ONE_PROBE, "--quant-model=cut.gguf").mistake()
    assert "cut.gguf: truncated: tensor " in message


def test_a_file_that_is_no_model(project: Project) -> None:
    project.write("notes.gguf", "Buy milk.")
    message = project.run(*ONE_PROBE, "--quant-model=notes.gguf").mistake()
    assert "notes.gguf: not a GGUF file" in message


def test_a_directory_for_a_model(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-model=.").mistake()
    assert "is a directory" in message


def test_a_split_model_with_a_missing_part(
    project: Project, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    script = pytestconfig.rootpath / "benchmarks" / "random_model.py"
    shape = ("--width=256", "--layers=2", "--heads=4", "--feed-forward=512", "--vocabulary=600")
    path = tmp_path / "split.gguf"
    subprocess.run([sys.executable, script, path, *shape, "--split-tensors=8"], check=True)
    (tmp_path / "split-00002-of-00003.gguf").unlink()
    message = project.run(*ONE_PROBE, "--quant-model=split-00001-of-00003.gguf").mistake()
    assert "split into 3; missing: split-00002-of-00003.gguf" in message


def templated(source: Path, template: str, path: Path) -> Path:
    """A copy of a model with this chat template."""
    import gguf
    from benchmarks.faults.model_file import Field, ModelFile

    model = ModelFile.read(source)
    model.fields["tokenizer.chat_template"] = Field(template, gguf.GGUFValueType.STRING)
    model.write(path)
    return path


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% if messages %}", "does not compile: line 1: Unexpected end of template"),
        (DROPS, f"drops, cuts or changes what the user says: it makes '{DROPS}' of 'Which bird"),
        ("{{ messages | tojson(indent=100000000) }}", "takes more than 512 MB of memory"),
    ],
)
def test_a_chat_template_that_cannot_be_used(template: str, said: str, project: Project) -> None:
    templated(EMBEDDED_MODEL, template, project.path / "m-f16.gguf")
    message = project.run(*ONE_PROBE, "--quant-model=m-f16.gguf").mistake()
    assert f"m-f16.gguf: the model's chat template {said}" in message
    assert "repair it, or give another (--quant-chat-template FILE), or ask plainly" in message


def test_the_chat_template_of_a_given_level(
    project: Project, q8_file: Path, mode: tuple[str, ...]
) -> None:
    templated(q8_file, "{{ raise_exception('no \x1b[31muser') }}", project.path / "m-q8.gguf")
    files = ("--quant-artifact=q8=m-q8.gguf", f"--quant-artifact=f16={EMBEDDED_MODEL}")
    message = project.run(*ONE_PROBE, *files, *mode).mistake()
    assert "m-q8.gguf: the model's chat template fails on a user message: no [31muser" in message


def test_a_quantized_source(project: Project, q8_file: Path) -> None:
    shutil.copy(q8_file, project.path / "m-q8.gguf")
    message = project.run(*ONE_PROBE, "--quant-model=m-q8.gguf").mistake()
    assert "m-q8.gguf: holds Q8_0 weights" in message
    assert "--quant-reference=LEVEL" in message


def test_no_reference_among_the_artifacts(project: Project, q8_file: Path) -> None:
    message = project.run(*ONE_PROBE, f"--quant-artifact=q8={q8_file}").mistake()
    assert "no reference among --quant-artifact q8" in message
    assert "f16=FILE" in message


def test_a_cache_that_cannot_be_written(project: Project, mode: tuple[str, ...]) -> None:
    """Below a regular file nobody can make a directory, not even root."""
    project.write("file", "a regular file")
    message = project.run(*ONE_PROBE, "--quant-cache-dir=file/cache", *mode).mistake()
    assert "the cache cannot be written" in message
    assert "--quant-cache-dir" in message


def test_an_error_in_a_probe_file(project: Project, mode: tuple[str, ...]) -> None:
    project.write("probes/colours.yaml", COLOURS.replace("difficulty: 1", "difficulty: 7"))
    message = project.run("--quant-levels=q8", *mode).mistake()
    assert message.startswith("ERROR: probes/colours.yaml:6: ")
    assert "difficulty" in message
    assert "7" in message


def test_a_probe_file_that_is_not_yaml(project: Project) -> None:
    project.write("probes/colours.yaml", "category: [")
    message = project.run("--quant-levels=q8").mistake()
    assert message.startswith("ERROR: probes/colours.yaml")
    assert "not valid YAML" in message


def test_a_probe_id_in_two_files(project: Project, mode: tuple[str, ...]) -> None:
    project.write("probes/a.yaml", COLOURS)
    project.write("probes/b.yaml", COLOURS)
    message = project.run("--quant-levels=q8", *mode).mistake()
    assert message.startswith("ERROR: probes/b.yaml:4: probe id 'colour' is already used in ")
    assert "probes/a.yaml:4" in message


def test_a_mistake_shows_before_a_model_is_made(project: Project, tmp_path: Path) -> None:
    project.write("probes/colours.yaml", COLOURS.replace("difficulty: 1", "difficulty: 7"))
    run = project.run("--quant-levels=q8", f"--quant-cache-dir={tmp_path / 'cache'}")
    assert run.mistake()
    assert not (tmp_path / "cache").exists()


def test_a_path_after_a_space_that_would_move_the_project(
    project: Project, f32_file: Path, mode: tuple[str, ...]
) -> None:
    """pytest itself would look for the ini file beside the model."""
    project.ini("quant_cases = 3")
    message = project.run("--quant-levels=q8", "--quant-model", str(f32_file), *mode).mistake()
    assert message.startswith(f"ERROR: --quant-model {f32_file}: write --quant-model={f32_file}")
    assert f"(rootdir: {f32_file.parents[1]})" in message


def test_a_path_after_a_space_that_moves_nothing(project: Project, f32_file: Path) -> None:
    project.ini("quant_cases = 3")
    (project.path / "m.gguf").hardlink_to(f32_file)
    run = project.run("--quant-levels=q8", "--quant-model", "m.gguf", "--co", "-q")
    assert run.code == pytest.ExitCode.OK, run.errors


def test_a_record_that_cannot_be_written_in_the_end(project: Project) -> None:
    """What was learned is shown all the same."""
    project.write("conftest.py", MAKE_A_DIRECTORY)
    run = project.run(*ONE_PROBE, "--quant-json=r.json")
    assert run.mistake().startswith("ERROR: --quant-json: ")
    assert any("overall" in line for line in run.section)


# Takes the place of the record while the session runs.
MAKE_A_DIRECTORY = """
    from pathlib import Path

    def pytest_collection_finish():
        Path("r.json").mkdir(exist_ok=True)
"""

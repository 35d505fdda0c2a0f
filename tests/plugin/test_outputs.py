"""Reports go where they were sent, and replace nothing that is not theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.sessions import COLOURS, ONE_PROBE, Project

BASELINE = "baselines/pytest-quant-embedded/q8.json"
PATH_OPTIONS = (
    "--quant-model=",
    "--quant-artifact=q8=",
    "--quant-suite=gsm8k=",
    "--quant-baselines=",
    "--quant-cache-dir=",
    "--quant-text=",
    "--quant-json=",
    "--quant-html=",
    "--quant-markdown=",
)


@pytest.mark.parametrize("option", PATH_OPTIONS)
def test_a_path_that_cannot_be_one(project: Project, option: str) -> None:
    message = project.run(*ONE_PROBE, f"{option}~nosuch/x").mistake()
    assert message.startswith(f"ERROR: {option.split('=')[0]}: found '~nosuch/x', and whose home ")


@pytest.mark.parametrize("line", ["html = ", "artifact = q8=", "suite = gsm8k=", "probes = "])
@pytest.mark.parametrize(
    ("path", "said"), [("~nosuch/x", "whose home '~nosuch'"), ("a\0b", "without the character NUL")]
)
def test_a_path_of_the_ini_file_that_cannot_be_one(
    project: Project, line: str, path: str, said: str
) -> None:
    project.ini(f"quant_{line}{path}")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith(f"ERROR: quant_{line.split(' ')[0]} in pytest.ini: found ")
    assert said in message


def test_probes_below_the_home(project: Project) -> None:
    project.ini("quant_probes = ~/mine")
    project.write("mine/colours.yaml", COLOURS)
    run = project.run("--quant-levels=q8", "--co", "-q")
    assert "mine/colours.yaml::colour[q8]" in run.lines


@pytest.mark.parametrize(
    "option", ["--quant-html=f/x", "--quant-report=html=f/x", "--junitxml=f/x", "--alluredir=f"]
)
def test_what_cannot_be_written_is_told_before_anything_runs(project: Project, option: str) -> None:
    """pytest would say so of its own report when all tests have run, with a traceback."""
    project.write("f", "a file, not a directory")
    message = project.run("--quant-levels=q8", option).mistake()
    assert "cannot be written: Not a directory; choose another" in message


def test_two_reports_in_one_file(project: Project) -> None:
    for other in ("--quant-markdown=./r", "--quant-markdown=link", "--junitxml=r", "--log-file=r"):
        (project.path / "link").unlink(missing_ok=True)
        (project.path / "link").symlink_to("r")
        message = project.run(*ONE_PROBE, "--quant-json=r", other).mistake()
        assert "is also what --quant-json writes" in message


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("m.gguf", "a model"),
        ("link.gguf", "a model"),
        ("hard.gguf", "a model"),
        ("q8.gguf", "a model"),
        ("text.txt", "the held text"),
        ("suite.jsonl", "a suite"),
        ("probes/colours.yaml", "a probe file"),
        ("pytest.ini", "the settings"),
        ("conftest.py", "a plugin"),
        (BASELINE, "a baseline"),
        (BASELINE.replace("q8", "q6"), "a baseline"),
    ],
)
def test_a_report_in_place_of_what_is_read(
    project: Project, q8_file: Path, f32_file: Path, path: str, what: str
) -> None:
    project.ini(f"quant_cache_dir = {project.cache}")
    project.write("conftest.py", "")
    project.write("text.txt", "Text.")
    project.write("suite.jsonl", '{"question": "1 + 1?", "answer": "#### 2"}')
    project.write("probes/colours.yaml", COLOURS)
    shutil.copy(f32_file, project.path / "m.gguf")
    shutil.copy(q8_file, project.path / "q8.gguf")
    (project.path / "link.gguf").symlink_to("m.gguf")
    (project.path / "hard.gguf").hardlink_to(project.path / "m.gguf")
    # What is recorded of another level is not read, and kept all the same.
    project.write(BASELINE.replace("q8", "q6"), "{}")
    recorded = Path(__file__).parents[2] / "baselines" / "pytest-quant-embedded" / "q8.json"
    shutil.copy(recorded, project.path / BASELINE)
    before = (project.path / path).read_bytes()
    run = project.run_bare(
        "--quant-levels=q8",
        "--quant-model=m.gguf",
        "--quant-artifact=q8=q8.gguf",
        "--quant-text=text.txt",
        "--quant-suite=gsm8k=suite.jsonl",
        f"--quant-html={path}",
    )
    message = run.mistake()
    assert f"{path} is {what} of this session, and would be replaced" in message
    assert (project.path / path).read_bytes() == before


def test_a_report_in_place_of_what_is_recorded(project: Project) -> None:
    run = project.run(*ONE_PROBE, "--quant-update-baselines", f"--quant-html={BASELINE}")
    assert f"{BASELINE} is also what --quant-html writes" in run.mistake()


def test_a_baseline_that_cannot_be_written_is_found_before_anything_runs(project: Project) -> None:
    project.path.joinpath(BASELINE).mkdir(parents=True)
    run = project.run(*ONE_PROBE, "--quant-update-baselines")
    assert "Is a directory" in run.mistake()
    assert "test session starts" not in run.output


def test_links_and_pipes_and_devices(project: Project, mode: tuple[str, ...]) -> None:
    """The standard output is a file here, which is neither replaced nor overwritten."""
    (project.path / "latest.html").symlink_to("reports/of-today.html")
    run = project.run(*ONE_PROBE, "--quant-html=latest.html", "--quant-markdown=/dev/stdout", *mode)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert (project.path / "latest.html").is_symlink()
    written = (project.path / "reports" / "of-today.html").read_text("utf-8")
    assert written.startswith("<!doctype html>")
    start, markdown, end = (
        run.output.index(text)
        for text in ("test session starts", "## Quantization of ", "= quantization: ")
    )
    assert start < markdown < end


def test_a_full_disk_loses_one_report(project: Project) -> None:
    run = project.run(
        *ONE_PROBE, "--quant-markdown=/dev/full", "--quant-html=r.html", "--quant-update-baselines"
    )
    message = run.mistake()
    assert message.startswith(
        "ERROR: --quant-markdown: /dev/full cannot be written: No space left on device"
    )
    assert any(line.startswith("overall") for line in run.section)
    assert run.record is not None
    assert (project.path / "r.html").exists()
    assert (project.path / BASELINE).exists()


@pytest.mark.parametrize("name", ["file", "file/results", "loop", "dangling"])
def test_a_directory_for_allure_that_cannot_be(project: Project, name: str) -> None:
    project.write("file", "")
    (project.path / "loop").symlink_to("loop")
    (project.path / "dangling").symlink_to("nowhere")
    message = project.run(*ONE_PROBE, f"--alluredir={name}").mistake()
    assert message.startswith(f"ERROR: --alluredir: {project.path / name} cannot be written: ")


@pytest.mark.parametrize("name", [".", "..", "baselines", "probes", "link", "models"])
def test_what_allure_must_not_clear(project: Project, f32_file: Path, name: str) -> None:
    project.write("probes/colours.yaml", COLOURS)
    project.write(BASELINE, "{}")
    (project.path / "models").mkdir()
    shutil.copy(f32_file, project.path / "models" / "m.gguf")
    (project.path / "link").symlink_to("models")
    run = project.run(
        "--quant-levels=q8",
        "--quant-model=models/m.gguf",
        f"--alluredir={name}",
        "--clean-alluredir",
    )
    assert run.mistake().startswith("ERROR: --clean-alluredir: would remove ")
    assert (project.path / "probes" / "colours.yaml").exists()
    assert (project.path / "models" / "m.gguf").exists()
    assert (project.path / BASELINE).exists()


def test_what_allure_may_clear(project: Project) -> None:
    old = project.write("results/old-result.json", "{}")
    run = project.run(*ONE_PROBE, "--alluredir=results", "--clean-alluredir")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert not old.exists()
    assert list(old.parent.glob("*-result.json"))

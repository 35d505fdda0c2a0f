"""A model whose header is hostile: nothing of it acts in a terminal or in a report."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import gguf
import pytest
from benchmarks.faults.model_file import Field, ModelFile
from tests.sessions import ONE_PROBE, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL

ACTS = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202egnp.\u2066\u200b\r\x00"


def hostile(project: Project, **fields: str) -> Path:
    """The embedded model with these texts in its header."""
    model = ModelFile.read(EMBEDDED_MODEL)
    for name, text in fields.items():
        key = name.replace("__", ".")
        model.fields[key] = Field(text, gguf.GGUFValueType.STRING)
    path = project.path / "hostile.gguf"
    model.write(path)
    return path


def acting(run: Run, *files: str) -> set[str]:
    """What of all that a session wrote does something."""
    texts = [run.output, run.errors]
    texts += [(run.directory / name).read_text("utf-8") for name in files]
    texts += [
        path.read_text("utf-8") for path in (run.directory / "allure").glob("*") if path.is_file()
    ]
    characters = set("".join(texts)) - {"\n", "\t"}
    return {c for c in characters if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


def test_a_name_and_a_template_that_fails(project: Project, mode: tuple[str, ...]) -> None:
    said = f"{ACTS}{'!' * 100_000}"
    path = hostile(
        project,
        general__name=f"m{ACTS}",
        tokenizer__chat_template=f"{{{{ raise_exception({said!r}) }}}}",
    )
    outputs = {
        "junit.xml": "--junitxml",
        "page.html": "--quant-html",
        "page.md": "--quant-markdown",
    }
    run = project.run(
        *ONE_PROBE,
        f"--quant-model={path}",
        "--alluredir=allure",
        *(f"{option}={name}" for name, option in outputs.items()),
        *mode,
    )
    assert run.code != pytest.ExitCode.OK
    assert "Traceback" not in run.output + run.errors
    written = [name for name in outputs if (run.directory / name).exists()]
    assert acting(run, *written) == set()
    assert len(run.output + run.errors) < 60_000


def test_a_model_that_can_be_run(project: Project) -> None:
    path = hostile(project, general__name=f"m{ACTS}")
    outputs = {
        "junit.xml": "--junitxml",
        "page.html": "--quant-html",
        "page.md": "--quant-markdown",
    }
    run = project.run(
        *ONE_PROBE,
        f"--quant-model={path}",
        "--alluredir=allure",
        "--quant-update-baselines",
        *(f"{option}={name}" for name, option in outputs.items()),
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert acting(run, *outputs) == set()
    (recorded,) = (run.directory / "baselines").glob("*/q8.json")
    assert recorded.parent.name.startswith("m-0-pwned-2J-31m-gnp")


def test_what_llama_cpp_refuses(project: Project) -> None:
    run = project.run(*ONE_PROBE, f"--quant-model={hostile(project, tokenizer__ggml__model=ACTS)}")
    assert run.code != pytest.ExitCode.OK
    assert acting(run) == set()

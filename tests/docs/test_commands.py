"""Every command that README.md and docs/ show is run, in the order in which a reader would."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests.sessions import WITHOUT_DIVERGENCE, start_forked, start_program

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.cli.main import command_parser
from pytest_quant.levels import Recipe
from pytest_quant.plugin.options.table import FLAGS, OPTIONS
from pytest_quant.runtimes.llamacpp.quantize import quantize

REPOSITORY = Path(__file__).parents[2]
# It shows what commands print, which a test of its own compares: tests/probes/test_writing_docs.py.
ELSEWHERE = REPOSITORY / "docs" / "writing-probes.md"
DOCUMENTS = {
    str(path.relative_to(REPOSITORY)): path
    for path in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
    if path != ELSEWHERE
}

# What no test can run, by a part of it, and why.
NOT_RUN = {
    "sh scripts/install": "makes .venv and compiles llama.cpp",
    "pip install": "changes what is installed, from the network",
    "npx": "fetches Allure from the network",
    "hf://": "fetches models from the network",
    "vllm serve": "needs a GPU and a model from the network",
    "llama-server -m": "starts a server; tests/runtimes/endpoint/test_served.py has one",
    "export OPENAI_API_KEY": "sets a variable of the reader's shell",
    "http://localhost:80": "asks servers; tests/runtimes/endpoint/test_served.py has some",
    "provider.example": "the same",
    "--benchmark-compare-fail": "fails where another process makes the machine slower",
}
SHELLS = ("sh", "bash", "console")
# A block that names no language is a command if it begins with one of these.
PROGRAMS = ("pytest", "pytest-quant", "python", "pip", "sh", "npx", "mkdocs")
FORKED = ("pytest", "pytest-quant")
# The options that take a value.
VALUED = [option.flag for option in OPTIONS if option.metavar and not option.flag_value]
# Asked instead of the library: a probe that has few cases, however many a command wants, and whose
# checker is quickly there.
ASKED = Path(__file__).parent / "data" / "probes"
_SAVED = re.compile(r"\bsave this as `([^`]+)`", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """A file that a document has its reader write."""

    name: str
    text: str


def steps(text: str) -> Iterator[File | str]:
    """What a reader does: files to save, and commands, each one logical line of a shell."""
    saved_as = ""
    for token in MarkdownIt().parse(text):
        if token.type in ("fence", "code_block"):
            language = (token.info.split() or [""])[0]
            if saved_as:
                yield File(saved_as, token.content)
            elif language in SHELLS or (not language and _program(token.content) in PROGRAMS):
                yield from _commands(token.content, prompted=language == "console")
            saved_as = ""
        elif token.type == "inline":
            named = _SAVED.search(token.content)
            saved_as = named[1] if named else ""


def _program(block: str) -> str:
    return "".join(block.split(maxsplit=1)[:1])


def _commands(block: str, *, prompted: bool) -> Iterator[str]:
    lines = block.replace("\\\n", " ").splitlines()
    if prompted:
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    for line in lines:
        if words := shlex.split(line, comments=True):
            yield shlex.join(words)


def why_not(command: str) -> str:
    """Why a command cannot be run here, or nothing."""
    return next((why for part, why in NOT_RUN.items() if part in command), "")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who follows a document in a directory of his own.

    Our programs run in forks, which start faster than what is typed; but each of those ``typed``
    is started as it stands there when it is first met.
    """

    directory: Path
    models: Path
    cache: Path
    typed: set[str] = field(default_factory=set)

    def follow(self, text: str) -> None:
        shutil.copytree(ASKED, self.directory / "probes")
        for step in steps(text):
            if isinstance(step, File):
                (self.directory / step.name).write_text(step.text, encoding="utf-8")
            elif not why_not(step):
                self._prepare(step)
                self._run(step)

    def _run(self, command: str) -> None:
        words, environment = shlex.split(command), self._environment()
        program, *arguments = words
        if program in FORKED and program not in self.typed:
            code, output, errors = start_forked(arguments, self.directory, environment, program)
        else:
            self.typed.discard(program)
            code, output, errors = start_program(words, self.directory, environment)
        said = output + errors
        assert code == 0, f"{command}\n{said}"
        assert not command.startswith("pytest ") or "= quantization: " in said, f"{command}\n{said}"

    def _environment(self) -> dict[str, str]:
        settings = (
            "-p no:hypothesispytest",
            WITHOUT_DIVERGENCE,
            "--quant-threads=1",
            f"--quant-cache-dir={shlex.quote(str(self.cache))}",
        )
        hidden = ("PYTEST_", "XDG_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(hidden) and k != "CI"}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTEST_ADDOPTS": " ".join(settings),
            "HOME": str(self.directory),
        }

    def _prepare(self, command: str) -> None:
        """What a command needs and no one before it made: small models, another run record."""
        words = shlex.split(command)
        for word in words:
            path = self.directory / word.rpartition("=")[2]
            if path.exists() or word.startswith("--json="):
                continue
            if path.suffix == ".json" and words[0] == "pytest-quant":
                shutil.copyfile(next(self.directory.glob("*.json")), path)
            if path.suffix == ".gguf":
                shutil.copyfile(self._model(path.stem.rpartition("-")[2].upper()), path)

    def _model(self, file_type: str) -> Path:
        """The embedded model as one of its types; file names end with it."""
        if file_type == "F16":
            return EMBEDDED_MODEL
        path = self.models / f"{file_type}.gguf"
        if not path.exists():
            quantize(EMBEDDED_MODEL, path, Recipe(file_type), threads=1)
        return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_document_run(
    document: str, tmp_path: Path, models: Path, shared_cache: Path
) -> None:
    typed = set(FORKED if document == "README.md" else ())
    reader = Reader(tmp_path, models, shared_cache, typed)
    reader.follow(DOCUMENTS[document].read_text("utf-8"))


def test_what_is_not_run_is_still_shown_somewhere() -> None:
    shown = [step for path in DOCUMENTS.values() for step in steps(path.read_text("utf-8"))]
    for part in NOT_RUN:
        assert any(isinstance(step, str) and part in step for step in shown), part


@pytest.mark.parametrize("path", [*DOCUMENTS.values(), ELSEWHERE], ids=lambda path: path.name)
def test_what_the_text_names_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    named = set(re.findall(r"--quant-[a-z]+(?:-[a-z]+)*", text))
    assert named - set(FLAGS) == set()
    # Written one way everywhere: with an equals sign, as --help has it.
    spaced = re.findall(rf"(?:{'|'.join(VALUED)}) (?:[A-Z]+\b|[\w./-]+[.=]\w)", text)
    assert spaced == []
    # With arguments: the name of a command alone is none that anybody would type.
    for command in re.findall(r"`pytest-quant (\w+ [^`|]+)`", text):
        command_parser().parse_args(shlex.split(command))

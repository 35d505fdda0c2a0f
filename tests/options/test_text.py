"""``--quant-text`` and ``quant_text``: the text on which divergences are measured."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, SHORT_TEXT, Project, Run

SELECTED = ("--quant-levels=q8", "--quant-cases=8", "-k", CAPITAL)


def chunks(run: Run) -> tuple[str, int]:
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    text = run.record["divergences"][0]
    assert text["source"] == "text"
    assert {chunk["tokens"] for chunk in text["chunks"]} == {255}
    return text["title"], len(text["chunks"])


def test_a_text_of_one_s_own(project: Project, mode: tuple[str, ...]) -> None:
    project.ini("quant_text = unused.txt")  # the command line beats it
    project.write("mine.txt", SHORT_TEXT)
    title, count = chunks(project.run(*SELECTED, "--quant-text=mine.txt", *mode, held_text=True))
    assert title == "mine.txt"
    assert count >= 2


def test_a_path_of_the_ini_file_starts_from_there(project: Project) -> None:
    project.ini("quant_text = mine.txt")
    project.write("mine.txt", SHORT_TEXT)
    (project.path / "below").mkdir()
    run = project.run_bare(
        *SELECTED,
        f"--quant-cache-dir={project.cache}",
        "--quant-threads=1",
        "--quant-json=../record.json",
        cwd="below",
    )
    assert chunks(run)[0] == "mine.txt"


def test_one_that_is_too_short_is_told_in_words(project: Project) -> None:
    project.write("mine.txt", "A few words.")
    run = project.run(*SELECTED, "--quant-text=mine.txt", held_text=True)
    said = " ".join(run.mistake().split())
    assert "test session starts" not in run.output
    assert "--quant-text (quant_text): mine.txt has " in said
    assert "expected at least 1024, two chunks; give a longer text" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "--quant-text: found an empty path"),
        ("none.txt", "none.txt: cannot be read: No such file"),
        (".", ": cannot be read: Is a directory"),
        ("empty.txt", "empty.txt: found no text"),
        ("bytes.txt", "bytes.txt: found byte 0 that is not UTF-8"),
    ],
)
def test_refuses_before_anything_runs(project: Project, given: str, said: str) -> None:
    project.write("empty.txt", "")
    (project.path / "bytes.txt").write_bytes(b"\xff\xfe")
    run = project.run(*SELECTED, f"--quant-text={given}")
    assert said in run.mistake()
    assert "test session starts" not in run.output


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_text = none.txt")
    message = project.run(*SELECTED).mistake()
    assert message.startswith("ERROR: --quant-text (quant_text): ")

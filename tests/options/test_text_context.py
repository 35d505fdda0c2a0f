"""``--quant-text-context`` and ``quant_text_context``: how much of a text is read in one go."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, SHORT_TEXT, Project, Run

SELECTED = ("--quant-levels=q8", "--quant-cases=8", "-k", CAPITAL)


def depth(run: Run) -> list[int]:
    """How deep the stretches of the long reading begin; nothing where there is none."""
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    found = [d for d in run.record["divergences"] if d["source"] == "depth"]
    return [chunk["depth"] for one in found for chunk in one["chunks"]]


def test_how_much_is_read_in_one_go(project: Project, mode: tuple[str, ...]) -> None:
    project.ini("quant_text_context = 2048")  # the command line beats it
    run = project.run(*SELECTED, "--quant-text-context=600", *mode, divergence=True)
    assert max(depth(run)) == 590
    assert any(line.split() == ["by", "depth", "0-512", "-600"] for line in run.section)


def test_nothing_is_read_at_depth(project: Project) -> None:
    project.ini("quant_text_context = 512")
    run = project.run(*SELECTED, divergence=True)
    assert depth(run) == []
    assert "by depth" not in run.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0", "--quant-text-context: found '0', expected a whole number of at least 1"),
        ("511", "--quant-text-context: found 511, expected at least 512"),
        ("4096", "found 4,096; embedded-f16.gguf was trained with 2,048 tokens"),
    ],
)
def test_mistakes_are_told_before_anything_runs(project: Project, given: str, said: str) -> None:
    run = project.run(*SELECTED, f"--quant-text-context={given}", divergence=True)
    assert said in " ".join(run.mistake().split())


def test_a_sequence_that_holds_less(project: Project) -> None:
    arguments = ("--quant-context=1024", "--quant-text-context=2048")
    run = project.run(*SELECTED, *arguments, divergence=True)
    assert "by --quant-context (quant_context) a sequence holds 1,024" in run.mistake()


def test_a_text_that_holds_less(project: Project) -> None:
    project.write("mine.txt", SHORT_TEXT[:3000])
    arguments = ("--quant-text=mine.txt", "--quant-text-context=2048")
    run = project.run(*SELECTED, *arguments, divergence=True)
    said = " ".join(run.mistake().split())
    assert "found 2,048; mine.txt (--quant-text) has " in said

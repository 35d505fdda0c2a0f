"""``--quant-table``, ``quant_table`` and ``pytest-quant table``: the guide's tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import Project

from pytest_quant.cli.main import main

PROBES = """
    category: world_knowledge
    probes:
      - id: diagnosis
        subcategory: words
        difficulty: 1
        task: "medical:diagnosis"
        prompt: "{question} Write the word after 'Answer:'."
        generator: pytest_quant.probes.generators.facts.opposite
        expect: "{fact}"
        check: {kind: text, aliases: ["{alias}"]}
"""
HEAD = "medical question answering, % (change against f16 in points)"


def test_shows_a_table_and_what_is_missing(
    project: Project, mode: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    probes = project.write("medical.yaml", PROBES)
    tables = ("--quant-table=medical", "--quant-table=gsm8k")
    run = project.run("--quant-levels=q8", "--quant-cases=8", *tables, *mode, str(probes))
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    begin = run.section.index(HEAD)
    said = run.section[begin:]
    assert said[2].startswith("f16")
    assert said[5].split()[:3] == ["guide", "86.9", "(-0.6)"]
    text = " ".join(" ".join(said).split())
    assert "treatment: not measured" in text
    assert "gsm8k: no probe of this table's tasks was asked; ask it with --quant-suite" in text
    # The record alone gives the same table.
    assert main(["table", "medical", str(project.path / "record.json")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == said[: len(shown)]


def test_names_from_the_ini_file(project: Project) -> None:
    probes = project.write("medical.yaml", PROBES)
    project.ini("quant_table = medical")
    run = project.run("--quant-levels=q8", "--quant-cases=8", str(probes))
    assert HEAD in run.section


def test_an_unknown_table(project: Project) -> None:
    message = project.run("--quant-levels=q8", "--quant-table=medicine").mistake()
    assert "--quant-table: found 'medicine', expected one of medical, code, mmlu" in message


def test_a_file_that_is_no_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "r.json"
    file.write_text("{}")
    assert main(["table", "mmlu", str(file)]) == 4
    assert "expected a run record" in capsys.readouterr().err

"""``--quant-suite`` and ``quant_suite``: the questions of known benchmarks, from their files."""

from __future__ import annotations

import gzip

import pytest
from tests.real_data import real_file
from tests.sessions import COLOURS, Project, Run

GSM8K = """\
{"question": "Ann has 2 pens and buys 3. How many?", "answer": "2+3=<<2+3=5>>5\\n#### 5"}
{"question": "Bo walks 4 km a day. How far in 3 days?", "answer": "<<12>> <<13>>\\n#### 13"}
{"question": "A long way.", "answer": "<<1>> <<2>> <<3>>\\n#### 1,250"}
"""
MMLU = """\
subject,question,a,b,c,d,answer
anatomy,Where is the heart?,leg,chest,arm,foot,B
"""
COLLECT = ("--quant-levels=q8,q4", "--co", "-q")


def collected(run: Run) -> list[str]:
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    return [line for line in run.lines if "::" in line]


@pytest.fixture
def local(project: Project) -> Project:
    """A project with a probe of its own and two benchmarks."""
    project.write("probes/colours.yaml", COLOURS)
    project.write("files/test.jsonl", GSM8K)
    project.write("files/mmlu.csv", MMLU)
    return project


def test_stands_beside_the_probes(local: Project) -> None:
    suites = ("--quant-suite=gsm8k=files/test.jsonl", "--quant-suite=mmlu=files/mmlu.csv")
    assert collected(local.run(*COLLECT, *suites)) == [
        f"{nodeid}[{level}]"
        for level in ("q8", "q4")
        for nodeid in (
            "probes/colours.yaml::colour",
            "suites/gsm8k.jsonl::gsm8k_1_2_steps",
            "suites/gsm8k.jsonl::gsm8k_3_4_steps",
            "suites/mmlu.csv::mmlu_other",
        )
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("suites",), ["gsm8k_1_2_steps[q8]", "gsm8k_3_4_steps[q8]"]),
        (("files/test.jsonl",), ["gsm8k_1_2_steps[q8]", "gsm8k_3_4_steps[q8]"]),
        (("suites/gsm8k.jsonl::gsm8k_3_4_steps[q8]",), ["gsm8k_3_4_steps[q8]"]),
        (
            ("suites", "probes/colours.yaml", "-k", "colour or 1_2"),
            ["gsm8k_1_2_steps[q8]", "colour[q8]"],
        ),
        # It was asked for, so it is there beside any path.
        (("probes",), ["colour[q8]", "gsm8k_1_2_steps[q8]", "gsm8k_3_4_steps[q8]"]),
    ],
)
def test_is_selected_by_name(
    local: Project, arguments: tuple[str, ...], expected: list[str]
) -> None:
    run = local.run(
        *COLLECT, "--quant-levels=q8", "--quant-suite=gsm8k=files/test.jsonl", *arguments
    )
    assert [nodeid.rpartition("::")[2] for nodeid in collected(run)] == expected


def test_the_ini_file_names_suites_from_its_own_place(local: Project) -> None:
    """They are collected like its probes: unless a path is given."""
    local.ini("quant_suite =", "    gsm8k = below/../files/test.jsonl")
    (local.path / "below").mkdir()
    run = local.run_bare(*COLLECT, "--quant-levels=q8", cwd="below")
    assert [name for name in collected(run) if not name.startswith("quant-gate")] == [
        "probes/colours.yaml::colour[q8]",
        "suites/gsm8k.jsonl::gsm8k_1_2_steps[q8]",
        "suites/gsm8k.jsonl::gsm8k_3_4_steps[q8]",
    ]
    run = local.run(*COLLECT, "--quant-levels=q8", "probes")
    assert collected(run) == ["probes/colours.yaml::colour[q8]"]


def test_asks_its_questions_by_the_guide_s_tolerance(local: Project, mode: tuple[str, ...]) -> None:
    run = local.run(
        "--quant-levels=q8",
        "--quant-suite=gsm8k=files/test.jsonl",
        "--quant-cases=9",
        "suites",
        *mode,
    )
    measured = run.measurements
    assert {nodeid: len(m["cases"]) for nodeid, m in measured.items()} == {
        "suites/gsm8k.jsonl::gsm8k_1_2_steps[q8]": 2,
        "suites/gsm8k.jsonl::gsm8k_3_4_steps[q8]": 1,
    }
    first = measured["suites/gsm8k.jsonl::gsm8k_1_2_steps[q8]"]
    assert first["task"] == "gsm8k:1-2 steps"
    assert [case["expected"] for case in first["cases"]] == ["5", "13"]
    assert first["cases"][0]["prompt"].startswith("Ann has 2 pens and buys 3. How many?\n\n")


def test_reads_a_compressed_file(project: Project) -> None:
    (project.path / "t.jsonl.gz").write_bytes(gzip.compress(GSM8K.encode()))
    run = project.run(*COLLECT, "--quant-suite=GSM8K=t.jsonl.gz", "suites")
    assert collected(run)[0] == "suites/gsm8k.jsonl::gsm8k_1_2_steps[q8]"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["gsm8k"], "found 'gsm8k', expected NAME=FILE"),
        (
            ["gsm9k=files/test.jsonl"],
            "unknown suite 'gsm9k', expected one of gsm8k, humaneval, mmlu",
        ),
        (["gsm8k=a.csv", "gsm8k=b.csv"], "suite 'gsm8k' is given twice"),
        (["gsm8k=nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["mmlu=files/test.jsonl"], "files/test.jsonl:1: field 'subject'"),
    ],
)
def test_refuses(local: Project, given: list[str], said: str) -> None:
    arguments = [f"--quant-suite={text}" for text in given]
    assert said in local.run("--quant-levels=q8", *arguments).mistake()


@pytest.mark.parametrize(
    ("suite", "file", "probes"),
    [("gsm8k", "gsm8k-test.jsonl", 3), ("humaneval", "HumanEval.jsonl.gz", 1)],
)
def test_of_the_real_files(project: Project, suite: str, file: str, probes: int) -> None:
    run = project.run(*COLLECT, f"--quant-suite={suite}={real_file(file)}", "suites")
    assert len(collected(run)) == 2 * probes

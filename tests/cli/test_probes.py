"""``pytest-quant probes``: what it lists, finds and shows, within 80 columns."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sessions import COLOURS

from pytest_quant.base.library import PROBES
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.cli.tables import COLUMNS
from pytest_quant.probes.reader import read_probes

Command = Callable[..., tuple[int, list[str], str]]

SUMS = """
    category: iterative
    probes:
      - id: sums
        subcategory: additions
        difficulty: 2
        cases: 8
        prompt: "What is {a} plus {b}?"
        parameters: {a: {integer: [1, 99]}, b: {integer: [1, 99]}}
        expect: a + b
        check: {kind: numeric}
        solution: "{a} + {b} = {answer}"
"""


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a command in an empty directory: its exit code, its lines, what it said of mistakes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*arguments: str) -> tuple[int, list[str], str]:
        code = main(arguments)
        said = capsys.readouterr()
        lines = said.out.splitlines()
        # Where the package is installed is not ours to shorten.
        shown = [line.replace(str(PROBES.parent), "") for line in lines]
        assert all(len(line) <= COLUMNS and line == line.rstrip() for line in shown), said.out
        return code, lines, said.err

    return run


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


class TestList:
    def test_the_library_is_listed_where_there_are_no_local_probes(self, run: Command) -> None:
        code, lines, _ = run("probes")
        assert code == 0
        probes = [p for path in PROBES.glob("*.yaml") for p in read_probes(path)]
        assert lines[-1] == f"{len(probes)} probes"
        listed = {line.split()[0] for line in lines if line}
        assert listed >= {probe.id for probe in probes} | {f"{name}:" for name in GUIDE_CATEGORIES}

    def test_local_probes_come_before_the_library(self, run: Command) -> None:
        write("probes/sums.yaml", SUMS)
        write("probes/colours.yml", COLOURS)
        write("probes/other.yaml", "services: {}")
        assert run("probes") == (
            0,
            [
                "world_knowledge: common sense and world knowledge, 1 probe",
                "probe   subcategory  checker  difficulty  cases",
                "colour  colours      text              1      2",
                "",
                "iterative: handling recursive or iterative problems, 1 probe",
                "probe   subcategory  checker  difficulty  cases",
                "sums    additions    numeric           2      8",
                "",
                "2 probes",
            ],
            "",
        )

    def test_cases_are_counted_if_asked_for(self, run: Command) -> None:
        write("probes/sums.yaml", SUMS)
        write("probes/colours.yml", COLOURS)
        _, lines, _ = run("probes", "--count")
        assert lines[2] == "colour  colours      text              1      2         12"
        assert lines[6] == "sums    additions    numeric           2      8       200+"

    def test_a_path_that_is_given(self, run: Command) -> None:
        write("mine/sums.yaml", SUMS)
        write("mine/colours.yaml", COLOURS)
        assert run("probes", "--path", "mine")[1][-1] == "2 probes"
        assert run("probes", "--path", "mine/sums.yaml")[1][-1] == "1 probe"

    @pytest.mark.parametrize(
        ("path", "said"), [("nowhere", "nowhere does not exist"), (".", ". holds no probe file")]
    )
    def test_a_path_without_probes(self, run: Command, path: str, said: str) -> None:
        code, lines, errors = run("probes", "--path", path)
        assert (code, lines) == (USAGE_ERROR, [])
        assert errors.startswith(said)

    def test_the_guide_s_places(self, run: Command) -> None:
        code, lines, _ = run("probes", "--guide")
        assert code == 0
        rows = [line.split() for line in lines if line.startswith("4.")]
        assert [row[0] for row in rows] == [
            f"4.{c}.{k}.{q}" for c in range(1, 11) for k in (1, 2, 3) for q in (1, 2, 3)
        ]
        taken = [row for row in rows if row[1] != "MISSING"]
        assert ["4.1.1.3", "two_leg_journey", "numeric", "3", "32"] in taken
        assert f"{len(taken)} of 90 places have a probe" in lines

    def test_every_entry_of_the_guide_s_lists_has_a_probe(self, run: Command) -> None:
        _, lines, _ = run("probes", "--guide")
        assert lines[-1] == "15 of 15 entries of the lists have a probe"
        heads = [line for line in lines if line.endswith(" quantization:")]
        assert [head.split()[1] for head in heads] == ["resilient", "affected", "sensitive"]
        entry = lines.index("  recognising entities in standard formats: entities_named,")
        assert lines[entry + 1] == "    entities_with_names_of_cities"

    def test_entries_without_a_probe_are_marked(self, run: Command) -> None:
        write("probes/sums.yaml", SUMS.replace("id: sums", "id: addition"))
        _, lines, _ = run("probes", "--guide")
        assert "  calculation and derivation: addition" in lines
        assert "  logic of many steps: MISSING" in lines
        assert lines[-1] == "1 of 15 entries of the lists have a probe"

    def test_missing_places_are_marked(self, run: Command) -> None:
        write(
            "probes/sums.yaml",
            SUMS.replace("difficulty: 2", 'guide: "4.9.1.2"\n        difficulty: 2'),
        )
        _, lines, _ = run("probes", "--guide")
        (begin,) = (i for i, line in enumerate(lines) if line == "iterative: recursion")
        assert lines[begin : begin + 5] == [
            "iterative: recursion",
            "place     probe    checker  difficulty  cases",
            "4.9.1.1   MISSING  -                 -      -",
            "4.9.1.2   sums     numeric           2      8",
            "4.9.1.3   MISSING  -                 -      -",
        ]
        assert "1 of 90 places have a probe" in lines


class TestCheck:
    def test_files_without_mistakes(self, run: Command) -> None:
        write("probes/sums.yaml", SUMS)
        write("probes/colours.yml", COLOURS)
        assert run("probes", "check", "probes") == (
            0,
            [
                "probes/colours.yml: 1 probe, 2 cases, no mistakes found",
                "probes/sums.yaml: 1 probe, 8 cases, no mistakes found",
            ],
            "",
        )

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("id: sums", "idd: sums", "sums.yaml:3: field 'probes[0].idd': found an unknown field"),
            (
                "a + b",
                "a + c",
                "sums.yaml:9: field 'probes[0].expect': found the unknown name 'c'",
            ),
            ("[1, 99]", "[9, 1]", "sums.yaml:8: field 'probes[0].parameters.a': found "),
            ("a + b", "a / (b - b)", "sums.yaml:3: probe 'sums': "),
            (
                "{answer}",
                "{answer}0",
                "sums.yaml:3: probe 'sums': case 0: its own check does not accept the solution ",
            ),
            (
                "cases: 8",
                "cases: 10000",
                "sums.yaml:3: probe 'sums': has only 9,801 distinct cases, and 'cases' says 10000",
            ),
        ],
    )
    def test_a_mistake_has_its_line(self, run: Command, old: str, new: str, said: str) -> None:
        write("sums.yaml", SUMS.replace(old, new, 1))
        code, lines, errors = run("probes", "check", "sums.yaml")
        assert (code, lines) == (USAGE_ERROR, [])
        assert errors.startswith(said), errors

    @pytest.mark.parametrize("code", ["n", "n + 1", "2 * n", "str(n)"])
    def test_code_where_text_is_taken_letter_by_letter(self, run: Command, code: str) -> None:
        write("c.yaml", COLOURS.replace('expect: "red"', f'expect: "{code}"'))
        code_of_exit, _, errors = run("probes", "check", "c.yaml")
        assert code_of_exit == USAGE_ERROR
        assert errors.startswith(f"c.yaml:3: probe 'colour': 'expect' is '{code}', which a check")
        for text in ("{n}", "{n} red", "red", "no. {n}", "a + b", "red and blue"):
            write("c.yaml", COLOURS.replace('expect: "red"', f'expect: "{text}"'))
            assert run("probes", "check", "c.yaml")[0] == 0, text

    def test_a_template_that_only_some_values_do_not_fill(self, run: Command) -> None:
        text = COLOURS.replace("{n: {integer: [1, 12]}}", "{n: {choice: [[1, 2], 3]}}")
        write("c.yaml", text.replace("{n}", "{n[1]}").replace("number", "one of the numbers"))
        code, _, errors = run("probes", "check", "c.yaml")
        assert code == USAGE_ERROR
        assert "c.yaml:3: probe 'colour': template " in errors
        assert " cannot be filled in: " in errors

    def test_a_generator_beside_the_file_is_found(self, run: Command) -> None:
        write("cli_test_draws.py", "def draw(rng):\n    return {'n': rng.randint(1, 99)}")
        text = COLOURS.replace("parameters:", "generator: cli_test_draws.draw")
        write("c.yaml", text.replace("n: {integer: [1, 12]}", ""))
        assert run("probes", "check", "c.yaml") == (
            0,
            ["c.yaml: 1 probe, 2 cases, no mistakes found"],
            "",
        )

    def test_every_mistake_is_told_and_the_good_files_too(self, run: Command) -> None:
        write("good.yaml", SUMS)
        write("bad.yaml", COLOURS.replace("difficulty: 1", "difficulty: 9"))
        write("worse.yaml", "category: nothing")
        write("again.yaml", SUMS)
        code, lines, errors = run(
            "probes", "check", *("good.yaml", "bad.yaml", "worse.yaml", "again.yaml")
        )
        assert code == USAGE_ERROR
        assert [line.partition(":")[0] for line in lines] == ["good.yaml", "again.yaml"]
        for said in ("bad.yaml:5: ", "worse.yaml:1: ", "'sums' is already used in good.yaml:3"):
            assert said in errors

    def test_the_library_has_none(self, run: Command) -> None:
        code, lines, errors = run("probes", "check", str(PROBES / "iterative.yaml"))
        assert (code, errors) == (0, "")
        assert lines[0].endswith("no mistakes found")


class TestShow:
    def test_a_case_of_a_pair(self, run: Command) -> None:
        write(
            "probes/pairs.yaml",
            SUMS.replace(
                '"What is {a} plus {b}?"',
                '"Waht si {a} plus {b}?"\n        clean: "What is {a} plus {b}?"',
            ).replace("difficulty: 2", "difficulty: 2\n        pinned: [{a: 2, b: 3}]"),
        )
        assert run("probes", "show", "sums") == (
            0,
            [
                "probes/pairs.yaml:3: sums",
                "iterative, additions, difficulty 2",
                *("", "case 0, checked by:", "  numeric"),
                *("", "prompt:", "  Waht si 2 plus 3?"),
                *("", "clean prompt:", "  What is 2 plus 3?"),
                *("", "expected:", "  5"),
                *("", "solution:", "  2 + 3 = 5"),
            ],
            "",
        )

    def test_any_case(self, run: Command) -> None:
        _, first, _ = run("probes", "show", "compound_interest")
        _, third, _ = run("probes", "show", "compound_interest", "--case", "3")
        assert first[1].endswith("difficulty 4, guide 4.1.3.2")
        assert "  16885.24" in first
        assert "case 3, checked by:" in third
        assert "  16885.24" not in third

    def test_a_path_before_or_after_the_command(self, run: Command) -> None:
        write("mine.yaml", SUMS)
        for order in (
            ("--path", "mine.yaml", "show", "sums"),
            ("show", "sums", "--path", "mine.yaml"),
        ):
            assert run("probes", *order)[1][0] == "mine.yaml:3: sums"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["pronuon"], "no probe 'pronuon'; did you mean pronoun"),
            (["zzz"], "no probe 'zzz'; see: pytest-quant probes"),
            (["capital", "--case=-1"], "--case: found -1, expected a number from 0"),
        ],
    )
    def test_what_there_is_not(self, run: Command, arguments: list[str], said: str) -> None:
        code, lines, errors = run("probes", "show", *arguments)
        assert (code, lines) == (USAGE_ERROR, [])
        assert errors.startswith(said)

    def test_more_cases_than_there_are(self, run: Command) -> None:
        write("probes/c.yaml", COLOURS)
        code, _, errors = run("probes", "show", "colour", "--case", "99")
        assert code == USAGE_ERROR
        assert "has only 12 distinct cases" in errors


def test_no_engine_is_loaded() -> None:
    code = (
        "import sys; from pytest_quant.cli.main import main;"
        "assert main(['probes', 'show', 'capital']) == 0;"
        "assert not {'llama_cpp', 'numpy', 'pytest'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_reader_may_stop_early() -> None:
    code = "import sys; from pytest_quant.cli.main import main; sys.exit(main(['levels']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0

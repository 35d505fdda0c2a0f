"""``--quant-require-baseline`` and ``quant_require_baseline``: a missing baseline is a failure."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from benchmarks.faults.catalogue import fault_named
from tests.sessions import COLOURS, MODES, ONE_PROBE, SHORT_TEXT, WITHOUT_DIVERGENCE, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL, PROBES


def failed_tests(run: Run) -> list[str]:
    return [line.split()[1] for line in run.lines if line.startswith("FAILED quant-gate")]


def test_a_missing_baseline_fails(project: Project) -> None:
    run = project.run(*ONE_PROBE, "--quant-require-baseline")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert failed_tests(run) == ["quant-gate::baseline[q8]"]
    missing = "no baseline for q8: baselines/pytest-quant-embedded/q8.json does not exist"
    assert missing in map(str.strip, run.lines)
    assert "no baseline (required) for q8: record with --quant-update-baselines" in run.section


def test_a_recorded_one_does_not(project: Project) -> None:
    project.run(*ONE_PROBE, "--quant-update-baselines", "--quant-require-baseline")
    run = project.run(*ONE_PROBE, "--quant-require-baseline")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


@pytest.mark.parametrize(("value", "failed"), [("true", 1), ("false", 0)])
def test_the_ini_file_may_demand_it(project: Project, value: str, failed: int) -> None:
    project.ini(f"quant_require_baseline = {value}")
    assert len(failed_tests(project.run(*ONE_PROBE))) == failed


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_require_baseline = perhaps")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_require_baseline in pytest.ini: ")


# One probe of its own, in a folder of its own: what a package of a monorepo has.
PACKAGE = "packages/model"
ROWS = ("--quant-levels=q8", "--quant-cases=16", WITHOUT_DIVERGENCE)
NEEDLE = "needle_256"
GATE = ("--quant-require-baseline", f"--quant-baselines={PACKAGE}/baselines")


@pytest.fixture(scope="module")
def recorded_package(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A monorepo whose model was recorded in its package."""
    project = Project(tmp_path_factory.mktemp("recorded"), shared_cache)
    project.write(f"{PACKAGE}/probes/easy.yaml", (PROBES / "iterative.yaml").read_text("utf-8"))
    recorded = project.run_bare(
        *(*ROWS, f"--quant-cache-dir={project.cache}", "--quant-threads=1", "-k", "doubling"),
        *("--quant-baselines=baselines", "--quant-update-baselines"),
        cwd=PACKAGE,
    )
    assert recorded.code == pytest.ExitCode.OK, recorded.output + recorded.errors
    return project.path


@pytest.fixture
def package(project: Project, recorded_package: Path) -> Project:
    """A copy of it."""
    shutil.copytree(recorded_package, project.path, dirs_exist_ok=True)
    return project


def gated(project: Project, *arguments: str, cwd: str = ".") -> Run:
    return project.run_bare(
        *(*ROWS, f"--quant-cache-dir={project.cache}", "--quant-threads=1"),
        *("--quant-json=record.json", "--quant-require-baseline", "-k", "doubling", *arguments),
        cwd=cwd,
    )


def compared_of(run: Run) -> str:
    return run.told[0]


@pytest.mark.parametrize(
    ("cwd", "arguments"),
    [
        (".", (f"{PACKAGE}/probes", f"--quant-baselines={PACKAGE}/baselines")),
        (".", (f"{PACKAGE}/probes/easy.yaml", f"--quant-baselines={PACKAGE}/baselines")),
        (".", ("--rootdir=packages", "packages", f"--quant-baselines={PACKAGE}/baselines")),
        ("packages", ("model/probes", "--quant-baselines=model/baselines")),
        (f"{PACKAGE}/probes", ("../probes", "--quant-baselines=../baselines")),
        (PACKAGE, ("probes/easy.yaml::doubling[q8]", "--quant-baselines=baselines")),
    ],
)
def test_a_record_is_met_from_every_directory(
    package: Project, cwd: str, arguments: tuple[str, ...]
) -> None:
    run = gated(package, *arguments, cwd=cwd)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert "16 of 16 recorded cases compared" in compared_of(run)


def test_a_file_with_a_broken_template_fails_from_every_directory(
    package: Project, q8_file: Path
) -> None:
    broken = package.path / "broken.gguf"
    fault_named("chat template").plant(q8_file, "other markup", broken)
    for arguments in ((), (f"--quant-model={EMBEDDED_MODEL}",)):
        run = gated(
            *(package, f"{PACKAGE}/probes", f"--quant-baselines={PACKAGE}/baselines"),
            *(f"--quant-artifact=q8={broken}", *arguments),
        )
        assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
        assert re.match("q8: FAIL: .*; 16 of 16 recorded cases compared", compared_of(run))


def test_what_other_plugins_add_to_node_ids_does_not_matter(package: Project) -> None:
    package.write(
        "adding.py",
        """
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(items):
            for item in items:
                named = f"{item.nodeid}@group-1"
                if hasattr(item, "_nodeid"):
                    item._nodeid = named
                else:  # pytest 9.2
                    from _pytest.nodeid import coerce_node_id

                    item._id = coerce_node_id(named)
        """,
    )
    for mode in ("no xdist", "-n2"):
        run = gated(package, "-p", "adding", f"{PACKAGE}/probes", GATE[1], *MODES[mode])
        assert run.code == pytest.ExitCode.OK, run.output + run.errors
        assert "16 of 16 recorded cases compared" in compared_of(run)


@pytest.mark.parametrize(("probe", "tokens"), [("doubling", 0), ("doubling", 24), (NEEDLE, 200)])
def test_what_a_header_forbids_to_ask_is_lost(
    project: Project, q8_file: Path, probe: str, tokens: int
) -> None:
    """With the reference at hand or without, and whether or not anything else could be asked."""
    asked = ("--quant-levels=q8", "--quant-cases=8", "-k", f"{probe} or opposite")
    project.run(*asked, "--quant-update-baselines")
    short = project.path / "short.gguf"
    fault_named("short context").plant(q8_file, tokens, short)
    for model in ((), (f"--quant-model={EMBEDDED_MODEL}",)):
        run = project.run(
            *asked, f"--quant-artifact=q8={short}", "--quant-require-baseline", *model
        )
        assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
        assert re.match("q8: FAIL: .*; 16 of 16 recorded cases compared", compared_of(run))
        (lost,) = (m for m in run.measurements.values() if m["probe"] == probe)
        assert {case["level"]["pattern"] for case in lost["cases"]} == {"too long to ask"}
        assert "the model's context is" in lost["cases"][0]["level"]["reason"]


def test_a_part_of_a_record_fails_and_says_what_is_missing(package: Project) -> None:
    fewer = ("--quant-cases=8", f"{PACKAGE}/probes", GATE[1])
    run = gated(package, *fewer)
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert re.fullmatch(
        "q8: FAIL: .*; 8 of 16 recorded cases compared, no divergence recorded", compared_of(run)
    )
    assert "Hold q8 back: less was compared than its required baseline holds." in run.section
    told = " ".join(run.output.split())
    assert "8 of 16 recorded cases of packages/model/baselines/" in told
    assert "could not be compared: 8 not asked" in told


def test_a_record_that_nothing_meets_fails(package: Project) -> None:
    other = (
        (PROBES / "iterative.yaml").read_text("utf-8").replace("id: doubling", "id: doubling_now")
    )
    package.write(f"{PACKAGE}/probes/easy.yaml", other)
    run = gated(package, f"{PACKAGE}/probes", GATE[1])
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert re.match("q8: FAIL: .*; 0 of 16 recorded cases compared", compared_of(run))
    run = package.run(*ROWS, GATE[1], "-k", "doubling", f"{PACKAGE}/probes")
    assert run.code == pytest.ExitCode.OK
    assert not any("may ship" in line for line in run.section)


def test_cases_in_turn_need_not_all_be_asked(package: Project) -> None:
    """They stop where the checks are settled: that is no gap in what was compared."""
    run = package.run(
        *("--quant-levels=q8", "--quant-max-cases=16", "--quant-require-baseline"),
        *(f"{PACKAGE}/probes", GATE[1], "-k", "doubling"),
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


def test_a_session_that_selects_no_probe_compares_nothing(package: Project) -> None:
    """Other tests of it pass: that is no reason to be green."""
    package.write("test_other.py", "def test_other(): pass")
    run = gated(package, "test_other.py", GATE[1], "-k", "test_other")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert re.fullmatch(
        "q8: FAIL: .*; 0 of 16 recorded cases compared, no divergence recorded", compared_of(run)
    )
    # What an ini file says holds for every session of a project, also for those of its own tests.
    package.ini("quant_levels = q8", "quant_require_baseline = true")
    run = package.run_bare("test_other.py")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


def test_a_record_without_an_answer_is_not_met(project: Project) -> None:
    project.write("probes/colours.yaml", COLOURS)
    asked = ("--quant-levels=q8", "--quant-require-baseline")
    project.run(*asked, "--quant-update-baselines")
    run = project.run(*asked)
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert "q8.json holds no answer of q8 that could be compared" in " ".join(run.output.split())


def test_another_text_does_not_stand_for_the_recorded_one(project: Project, q8_file: Path) -> None:
    """A damage that only the divergence sees would pass on any other text."""
    asked = ("--quant-levels=q8", "--quant-cases=8", "-k", "doubling", "--quant-require-baseline")
    given = (f"--quant-model={EMBEDDED_MODEL}", f"--quant-artifact=q8={q8_file}")
    first = f"--quant-text={project.write('first.txt', SHORT_TEXT)}"
    recorded = project.run(*asked, *given, first, "--quant-update-baselines", divergence=True)
    assert recorded.code == pytest.ExitCode.OK, recorded.output + recorded.errors
    assert project.run(*asked, *given, first, divergence=True).code == pytest.ExitCode.OK
    text = project.write("other.txt", "The capital of Norway is Oslo, and 18 + 25 = 43. " * 90)
    run = project.run(*asked, *given, f"--quant-text={text}", divergence=True)
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert re.fullmatch(
        "q8: FAIL: .*; 8 of 8 recorded cases compared, its divergence was not", compared_of(run)
    )
    assert "was not compared as a whole" in " ".join(run.output.split())

"""A suite that asks for no level: the plugin is silent and loads nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import Project

from pytest_quant.base.categories import CATEGORIES
from pytest_quant.levels import SHORT_NAMES
from pytest_quant.plugin import marks

# Written by a test of the suite, so that it sees what was loaded while tests run.
SUITE = """
    import sys
    from pathlib import Path

    HEAVY = ("llama_cpp", "sympy", "numpy", "scipy", "gguf", "jsonschema", "yaml", "filelock")

    def test_something():
        Path("loaded.txt").write_text(" ".join(m for m in HEAVY if m in sys.modules))
"""


@pytest.mark.parametrize("distribution", [("-p", "no:xdist"), ("-n2",)], ids=["alone", "-n2"])
def test_nothing_is_loaded_and_nothing_is_said(
    project: Project, distribution: tuple[str, ...]
) -> None:
    project.write("test_suite.py", SUITE)
    project.write("data.yaml", "probes: not ours")
    run = project.run_bare("-W", "error", *distribution, fresh=True)
    assert run.code == 0
    assert run.outcomes == {"passed": 1}
    assert "quantization" not in run.output
    assert Path(project.path, "loaded.txt").read_text() == ""


def test_a_suite_may_use_the_names_of_our_categories_as_its_own_marks(project: Project) -> None:
    project.write(
        "test_suite.py",
        """
        import pytest

        @pytest.mark.ambiguity
        def test_something():
            pass
        """,
    )
    project.ini("markers = ambiguity: our own", "strict_markers = true")
    assert project.run_bare("-m", "ambiguity").outcomes == {"passed": 1}


def test_a_strict_suite_may_use_our_marks_though_no_level_is_asked_for(project: Project) -> None:
    assert set(marks.LEVELS) == set(SHORT_NAMES)
    assert set(marks.CATEGORIES) <= set(CATEGORIES.names)
    lines = [f"@pytest.mark.{name}" for name in marks.MARKS]
    project.write("test_suite.py", "\n".join(["import pytest", *lines, "def test_it(): pass"]))
    for strict in (["--strict-markers"], ["-W", "error"]):
        run = project.run_bare(*strict, "-m", "real_world and q4")
        assert run.outcomes == {"passed": 1}, run.output
    project.write("test_suite.py", "import pytest\n@pytest.mark.real_wurld\ndef test_it(): pass")
    assert "'real_wurld' not found" in project.run_bare("--strict-markers").output

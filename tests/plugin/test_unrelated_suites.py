"""A suite that asks for no level: the plugin is silent and loads nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import Project

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

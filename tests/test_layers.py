"""Who may import what: the layers of the package, read from its sources."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pytest_quant

REPOSITORY = Path(__file__).parents[1]
PACKAGE = Path(pytest_quant.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
MOST_LINES = 400

# The modules of this package that may import a library.
ALLOWED = {
    "pytest": ("plugin",),
    "xdist": ("plugin.xdist_hooks",),
    "llama_cpp": ("runtimes.llamacpp.library",),
    "yaml": ("probes",),
    "sympy": ("checkers", "probes.expressions"),
    "snowballstemmer": ("checkers.assertions",),
    "pytest_benchmark": (),
    "numpy": (
        "runtimes.llamacpp",
        "metrics.distributions",
        "metrics.likeliest",
        "gate.predictions_file",
        "metrics.token_statistics",
        "analysis.estimates",
    ),
    "urllib": ("judge.endpoint",),
    "http": ("judge.endpoint",),
    "bandit": ("checkers.vulnerabilities",),
    "allure_commons": ("reports.allure", "plugin.allure_hooks"),
    "cattrs": ("record",),
    "jinja2": ("reports.html", "runtimes.llamacpp.template_inside"),
    "matplotlib": ("reports.plots",),
    "gguf": (),
    "scipy": (
        "probes.generators.planning",
        "metrics.likeliest",
        "metrics.token_statistics",
        "gate.divergence_regression",
    ),
    "hypothesis": (),
    "torch": (),
}
# Dependencies whose module has another name.
MODULE_OF = {
    "pytest-xdist": "xdist",
    "llama-cpp-python": "llama_cpp",
    "pyyaml": "yaml",
    "allure-pytest": "allure_commons",
}
# The parts of this package that a part knows nothing of.
FORBIDDEN = {
    "gate": ("plugin", "runtimes", "reports", "probes", "checkers", "analysis", "judge"),
    "metrics": ("plugin", "runtimes", "reports", "probes", "checkers", "gate", "analysis", "judge"),
    "analysis": ("plugin", "runtimes", "reports", "probes", "checkers", "judge"),
    "judge": ("plugin", "runtimes", "reports", "probes", "checkers"),
    "checkers": ("plugin", "runtimes", "reports", "probes", "gate", "judge"),
    "runtimes": ("plugin", "reports", "probes", "checkers", "gate", "judge"),
    "probes": ("plugin", "runtimes", "reports", "gate", "judge"),
    "cli": ("plugin",),
    "reports": ("plugin", "runtimes.llamacpp", "probes", "judge.endpoint", "judge.pairwise"),
    "thinking": ("plugin", "runtimes", "reports", "probes", "checkers", "gate", "judge", "metrics"),
    "sandbox": ("plugin", "runtimes", "reports", "probes", "gate", "checkers", "suites"),
    "suites": ("plugin", "runtimes", "reports", "gate", "checkers", "sandbox"),
}


@cache
def imported(path: Path) -> tuple[str, ...]:
    """The dotted names that a module imports, wherever in it."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def below(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize("library", ALLOWED)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    assert [user for user in users(library) if not below(user, ALLOWED[library])] == []


def users(library: str) -> list[str]:
    """The modules of the package that import a library."""
    return [
        name
        for name, path in MODULES.items()
        if any(below(found, (library,)) for found in imported(path))
    ]


def test_every_dependency_is_used() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    names = [re.split("[^a-z0-9-]", text)[0] for text in project["project"]["dependencies"]]
    assert [name for name in names if not users(MODULE_OF.get(name, name))] == []


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_does_not_know_the_parts_above_it(part: str) -> None:
    others = tuple(f"pytest_quant.{other}" for other in FORBIDDEN[part])
    wrong = [
        (name, found)
        for name, path in MODULES.items()
        if below(name, (part,))
        for found in imported(path)
        if below(found, others)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_and_says_why_it_exists(name: str) -> None:
    text = MODULES[name].read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    if text:
        docstring = ast.get_docstring(ast.parse(text))
        assert docstring
        assert docstring.endswith((".", "!", "?")) or "\n" in docstring


def test_the_entry_point_loads_nothing_heavy() -> None:
    """What every pytest run of every user imports, in a process that has nothing else."""
    code = "import sys, pytest; before = set(sys.modules); import pytest_quant.plugin; "
    code += "print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == ["pytest_quant", "pytest_quant.plugin", "pytest_quant.plugin.options"]


def test_a_session_without_the_test_extra_can_read_our_conftest() -> None:
    """The README's first command installs no extra, and pytest reads the files in testpaths."""
    code = "import sys; sys.modules.update(dict.fromkeys(['gguf', 'hypothesis', 'mypy', 'ruff'])); "
    code += "import tests.conftest"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)

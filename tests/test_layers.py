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
from tests import rows

import pytest_quant

REPOSITORY = Path(__file__).parents[1]
PACKAGE = Path(pytest_quant.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    .removeprefix("pytest_quant.")
    .removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
MOST_LINES = 400
# The plugin is thin.
MOST_LINES_OF_PLUGIN = 250

# The modules of this package that may import a library.
ALLOWED = {
    "pytest": ("plugin",),
    "xdist": ("plugin.xdist.hooks",),
    "llama_cpp": ("runtimes.llamacpp.library", "runtimes.llamacpp.quantizer"),
    "yaml": ("probes", "reports.card"),
    "sympy": ("checkers", "probes.expressions"),
    "snowballstemmer": ("checkers.assertions",),
    "pytest_benchmark": (),
    "huggingface_hub": ("session.hub",),
    "numpy": (
        "runtimes.llamacpp",
        "metrics.distributions",
        "metrics.likeliest",
        "gate.predictions_file",
        "metrics.token_statistics",
        "metrics.weight_error",
        "analysis.abilities",
        "analysis.allocation",
        "analysis.estimates",
    ),
    "urllib": ("base.urls", "base.client"),
    "urllib3": ("base.client",),
    "http": (),
    "bandit": ("checkers.vulnerabilities",),
    "allure_commons": ("reports.allure", "plugin.allure_hooks"),
    "cattrs": ("base.converter",),
    "jinja2": ("reports.html", "runtimes.llamacpp.template_inside"),
    "matplotlib": ("reports.plots",),
    "gguf": (),
    "scipy": (
        "probes.generators.planning",
        "metrics.likeliest",
        "metrics.token_statistics",
        "analysis.abilities",
        "analysis.allocation",
        "analysis.ratios",
        "analysis.weight_parts",
        "runtimes.llamacpp.tensor_swaps",
        "gate.chunk_tests",
        "gate.likelihood_regression",
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
# The rooms of the house from the ground up, and which rooms below it each one knows; `errors` and
# `levels` are known to all. `pytest_quant` itself is the facade: for others, not for us.
ROOMS = {
    "base": (),
    "sandbox": (),
    "thinking": (),
    "checkers": ("base", "sandbox", "thinking"),
    "metrics": ("checkers",),
    "gate": ("base", "metrics"),
    "analysis": ("base", "checkers", "gate", "metrics"),
    "judge": ("analysis", "base", "gate", "metrics", "thinking"),
    "probes": ("base", "checkers"),
    "suites": ("base", "probes"),
    "runtimes": ("base", "metrics", "thinking"),
    "record": ("analysis", "base", "gate", "judge", "metrics", "runtimes"),
    "reports": ("analysis", "base", "checkers", "gate", "judge", "metrics", "record"),
    "session": (
        "analysis",
        "base",
        "checkers",
        "gate",
        "judge",
        "metrics",
        "probes",
        "record",
        "runtimes",
        "suites",
    ),
    "cli": (
        "analysis",
        "base",
        "checkers",
        "gate",
        "metrics",
        "probes",
        "record",
        "reports",
        "runtimes",
        "session",
    ),
    "plugin": (
        "analysis",
        "base",
        "checkers",
        "gate",
        "judge",
        "metrics",
        "probes",
        "record",
        "reports",
        "runtimes",
        "session",
        "suites",
    ),
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


def test_no_runtime_is_known_outside_of_its_own_room() -> None:
    """But to the registry. Commands about GGUF: what llama.cpp makes of a file, and with what."""
    commands = [
        "cli.explain",
        "cli.imatrix",
        "cli.levels",
        "cli.recipe",
        "cli.recipe_search",
        "cli.sensitivity",
    ]
    for runtime in ("endpoint", "llamacpp", "scripted"):
        room = f"runtimes.{runtime}"
        users = [
            name
            for name, path in MODULES.items()
            if not below(name, (room,))
            and any(below(found, (f"pytest_quant.{room}",)) for found in imported(path))
        ]
        assert users == (commands if runtime == "llamacpp" else [])


def test_every_dependency_is_used() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    names = [re.split("[^a-z0-9-]", text)[0] for text in project["project"]["dependencies"]]
    assert [name for name in names if not users(MODULE_OF.get(name, name))] == []


def rooms_used_by(room: str) -> set[str]:
    """The rooms that the modules of a room import, the facade as ``""``."""
    used = {
        found.partition(".")[2].partition(".")[0]
        for name, path in MODULES.items()
        if below(name, (room,))
        for found in own_modules(path)
    }
    return used - {room, "errors", "levels"}


@cache
def own_modules(path: Path) -> frozenset[str]:
    """The modules of this package that a module imports, wherever in it."""
    names = {"pytest_quant", *(f"pytest_quant.{name}" for name in MODULES)}
    found = set()
    for name in imported(path):
        if below(name, ("pytest_quant",)):
            while name not in names:  # something that a module defines
                name = name.rpartition(".")[0]
            found.add(name)
    return frozenset(found)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_rooms_below_it(room: str) -> None:
    """Exactly those of the table, which is therefore the drawing of the house."""
    assert sorted(rooms_used_by(room)) == sorted(ROOMS[room])
    order = list(ROOMS)
    assert [other for other in ROOMS[room] if order.index(other) > order.index(room)] == []


def test_the_drawing_in_the_docs_is_this_one() -> None:
    """Its last row, for the plugin, names what is not known instead."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    drawn = dict(rows)
    missing = sorted(set(ROOMS) - {"plugin", *ROOMS["plugin"]})
    assert drawn.pop("plugin") == f"all of them but {', '.join(missing)}"
    assert drawn == {
        room: ", ".join(sorted(known)) or "nothing"
        for room, known in ROOMS.items()
        if room != "plugin"
    }
    assert [room for room, _ in rows] == list(ROOMS)


def test_there_is_no_loose_room() -> None:
    top = {name.partition(".")[0] for name in MODULES}
    assert top == {*ROOMS, "errors", "levels", "__init__"}


def test_no_module_imports_itself_through_others() -> None:
    """Circles, as sets of modules; an import inside a function and one for types count, too."""
    graph = {f"pytest_quant.{n}".rstrip("."): own_modules(path) for n, path in MODULES.items()}
    reached: dict[str, set[str]] = {name: set() for name in graph}
    for name in graph:
        ahead = list(graph[name])
        while ahead:
            if (found := ahead.pop()) not in reached[name]:
                reached[name].add(found)
                ahead += graph[found]
    circles = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in graph
        if name in reached[name]
    }
    assert sorted(map(sorted, circles)) == []


def test_a_module_is_short_and_says_why_it_exists() -> None:
    def judge(name: str) -> None:
        text = MODULES[name].read_text("utf-8")
        most = MOST_LINES_OF_PLUGIN if below(name, ("plugin",)) else MOST_LINES
        assert len(text.splitlines()) <= most
        if text:
            docstring = ast.get_docstring(ast.parse(text))
            assert docstring
            assert docstring.endswith((".", "!", "?")) or "\n" in docstring

    rows.each(MODULES, judge, str)


def test_the_entry_point_loads_nothing_heavy() -> None:
    """What every pytest run of every user imports, in a process that has nothing else."""
    code = "import sys, pytest; before = set(sys.modules); import pytest_quant.plugin; "
    code += "print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == [
        "pytest_quant",
        "pytest_quant.plugin",
        "pytest_quant.plugin.hookspecs",
        "pytest_quant.plugin.marks",
        "pytest_quant.plugin.options",
        "pytest_quant.plugin.options.asking",
        "pytest_quant.plugin.options.declaring",
        "pytest_quant.plugin.options.hardware",
        "pytest_quant.plugin.options.option",
        "pytest_quant.plugin.options.table",
    ]


def test_a_session_without_the_test_extra_can_read_our_conftest() -> None:
    """The README's first command installs no extra, and pytest reads the files in testpaths."""
    code = "import sys; sys.modules.update(dict.fromkeys(['gguf', 'hypothesis', 'mypy', 'ruff'])); "
    code += "import tests.conftest"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)

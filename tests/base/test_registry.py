"""Named things, of packages that are really on the path, and what is said of bad ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.packages import Packages

from pytest_quant.base.registry import Registry, function
from pytest_quant.errors import QuantUsageError

GROUP = "pytest_quant.toys"


def toys() -> Registry[object]:
    return Registry(GROUP, "toy", function)


def said(name: str) -> str:
    with pytest.raises(QuantUsageError) as caught:
        toys().get(name)
    return str(caught.value)


def test_names_are_sorted_and_nothing_is_loaded_for_them(packages: Packages) -> None:
    packages.install(
        "toy-one", GROUP, {"kite": "toy_never:f", "ball": "toy_never:g"}, "toy_never", "1 / 0"
    )
    assert toys().names == ("ball", "kite")
    assert "toy_never" not in sys.modules


def test_what_is_named_is_loaded_once(packages: Packages) -> None:
    packages.install(
        "toy-one", GROUP, {"kite": "toy_kite:make"}, "toy_kite", "def make(): return 'up'"
    )
    found = toys()
    make = found.get("kite")
    assert found.get("kite") is make
    assert callable(make)
    assert make() == "up"


def test_an_unknown_name_is_told_with_those_that_there_are(packages: Packages) -> None:
    packages.install("toy-one", GROUP, {"kite": "toy_a:f", "ball": "toy_a:g"})
    assert said("kit") == "unknown toy 'kit' (did you mean 'kite'?); there are: ball, kite"
    assert said("zzz") == "unknown toy 'zzz'; there are: ball, kite"


def test_where_nothing_is_registered_the_installation_is_at_fault() -> None:
    assert "none, not even our own" in said("kite")
    assert "install it again" in said("kite")


def test_a_name_of_two_packages_tells_both(packages: Packages) -> None:
    packages.install("toy-one", GROUP, {"kite": "toy_a:f"})
    packages.install(
        "toy-two", GROUP, {"kite": "toy_b:f", "ball": "toy_c:f"}, "toy_c", "def f(): ..."
    )
    message = said("kite")
    assert "toy 'kite' is registered twice" in message
    assert "toy_a:f of toy-one 1.0" in message
    assert "toy_b:f of toy-two 1.0" in message
    # The others of the same package are still to be had.
    assert toys().get("ball")


@pytest.mark.parametrize(
    ("value", "code", "what"),
    [
        ("toy_bad:f", "1 / 0", "ZeroDivisionError: division by zero"),
        (
            "toy_bad:f",
            "import toy_not_there",
            "ModuleNotFoundError: No module named 'toy_not_there'",
        ),
        ("toy_bad:f", "raise SystemExit('bye')", "SystemExit: bye"),
        ("toy_bad:f", "def f(:", "SyntaxError: "),
        ("toy_bad:g", "def f(): ...", "AttributeError: "),
        ("toy_bad:f", "raise ValueError('\\x1b[31m')", "ValueError: \\x1b[31m"),
        ("toy_bad:f", "f = 3", "found an object of type int, expected a function"),
        ("toy_bad f", "", "cannot be loaded"),
    ],
)
def test_what_cannot_be_loaded_is_told_with_its_package(
    packages: Packages, value: str, code: str, what: str
) -> None:
    packages.install("toy-one", GROUP, {"kite": value}, "toy_bad", code)
    message = said("kite")
    assert message.startswith(f"toy 'kite' of toy-one 1.0: {value}: ")
    assert what in message
    assert "repair that package or uninstall it" in message
    assert "Traceback" not in message


def test_a_run_that_asks_no_level_reads_no_entry_points(tmp_path: Path) -> None:
    """Beyond what pytest reads itself, which is one look at every package."""
    tmp_path.joinpath("test_it.py").write_text("def test_it(): ...")
    # Hooks may be implemented all the same.
    tmp_path.joinpath("conftest.py").write_text("def pytest_quant_record(config, record): 1 / 0")
    code = (
        "import importlib.metadata as m, sys, pytest\n"
        "looked = []\n"
        "true = m.entry_points\n"
        "m.entry_points = lambda **k: looked.append(k) or true(**k)\n"
        "pytest.main(['-q', '-p', 'no:hypothesispytest'])\n"
        "print('looked', looked, 'pytest_quant.base.registry' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "1 passed" in run.stdout
    assert "looked [] False" in run.stdout

"""The examples are what their services accept, and their shell scripts can be read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_quant.plugin.options.table import FLAGS

EXAMPLES = Path(__file__).parents[2] / "examples"
SCHEMAS = {
    "github-actions.yml": ["--builtin-schema=vendor.github-workflows"],
    "gitlab-ci.yml": ["--builtin-schema=vendor.gitlab-ci", "--data-transform=gitlab-ci"],
}


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    command = ["-m", "check_jsonschema", *SCHEMAS[path.name], str(path)]
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)


def scripts(value: Any, name: str = "") -> Iterator[str]:
    """What an example has a shell do."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from scripts(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from scripts(item, name)
    elif name in ("run", "script", "after_script"):
        yield value


def test_every_example_has_a_linter() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_service_accepts_it(name: str) -> None:
    ended = lint(EXAMPLES / name)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("github-actions.yml", "runs-on:", "run-on:"),
        ("gitlab-ci.yml", "when: always", "when: ever"),
    ],
)
def test_the_linter_sees_a_mistake(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text((EXAMPLES / name).read_text("utf-8").replace(right, wrong), "utf-8")
    assert lint(path).returncode == 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_shell_can_read_its_scripts(name: str) -> None:
    found = list(scripts(yaml.safe_load((EXAMPLES / name).read_text("utf-8"))))
    assert any("pytest --quant-model=" in script for script in found)
    for script in found:
        read = subprocess.run(
            ["sh", "-n"], input=script, capture_output=True, text=True, check=False
        )
        assert read.returncode == 0, read.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_its_options_exist(name: str) -> None:
    named = set(re.findall(r"--quant-[a-z-]*[a-z]", (EXAMPLES / name).read_text("utf-8")))
    assert len(named) >= 5
    assert named - set(FLAGS) == set()

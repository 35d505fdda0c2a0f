"""What ``pytest --help`` says about the options, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.sessions import Project

EXPECTED = Path(__file__).parent / "data" / "help.txt"


@pytest.fixture
def help_text(project: Project) -> str:
    """The option group and the ini keys, as a terminal of 80 columns shows them."""
    run = project.run_bare("--help")
    assert run.code == pytest.ExitCode.OK, run.errors
    group = re.search(r"^quantization:\n.*?(?=^\S)", run.output, re.M | re.S)
    keys = re.search(r"^  quant_\w.*?(?=^  (?!quant_)\w|^\S)", run.output, re.M | re.S)
    assert group, run.output
    assert keys, run.output
    return f"{group[0].rstrip()}\n\n{keys[0].rstrip()}\n"


def test_help_is_as_documented(help_text: str) -> None:
    expected = EXPECTED.read_text("utf-8")
    if pytest.version_tuple < (9, 2):  # older ones broke lines at hyphens, too
        help_text, expected = (re.sub(r"\s+", "", text) for text in (help_text, expected))
    assert help_text == expected


def test_every_option_ends_with_its_default(help_text: str) -> None:
    options = re.split(r"^  --quant-", help_text.partition("\n\n")[0], flags=re.M)[1:]
    assert len(options) >= 10
    for option in options:
        assert re.search(r"\(default:\s[^()]*\)$", option.strip()), option


def test_every_option_has_an_ini_twin(help_text: str) -> None:
    options = re.findall(r"^  --quant-([\w-]+)", help_text, re.M)
    keys = re.findall(r"^  quant_(\w+) ", help_text, re.M)
    without = set(options) - {key.replace("_", "-") for key in keys}
    # Recording is an act: as a setting it would undo, at every run, what it was to compare with.
    assert without == {"update-baselines"}

"""The documentation as a site: it builds without a warning, its reference comes from the code."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_quant.checkers import CHECKERS, allowed_options
from pytest_quant.plugin.options.table import FLAGS

pytest.importorskip("material", reason="needs the extra docs")

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built strictly: a link, an anchor or a page that leads nowhere is an error."""
    directory = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(directory)],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return directory


def page(site: Path, name: str) -> str:
    """The text of a page of the reference."""
    text = (site / "reference" / name / "index.html").read_text("utf-8")
    (article,) = re.findall(r"<article.*?</article>", text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", article))


def test_the_reference_tells_everything_that_there_is(site: Path) -> None:
    options = page(site, "options")
    assert [flag for flag in FLAGS if flag not in options] == []
    assert "quant_tolerances (linelist)" in options
    checkers = page(site, "checkers")
    assert [kind for kind in CHECKERS.names if f"\n{kind}¶" not in checkers] == []
    assert [name for name in allowed_options("numeric") if f"    {name}: " not in checkers] == []
    assert "pytest-quant probes check [-h]" in page(site, "commands")
    assert "Q4_K_M" in page(site, "levels")
    assert "generator_options" in page(site, "probe-schema")
    assert "bits_per_weight" in page(site, "record-schema")
    assert "artifact" in page(site, "baseline-schema")


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    text = (site / "index.html").read_text("utf-8")
    assert (
        re.findall(r'(?:<script[^>]*src|<link[^>]*rel="stylesheet"[^>]*href)="https?:', text) == []
    )


def test_examples_are_shown_as_they_are(site: Path) -> None:
    text = (site / "howto" / "release-gate" / "index.html").read_text("utf-8")
    assert "--8&lt;--" not in text
    assert "GITHUB_STEP_SUMMARY" in text
    assert "CI_MERGE_REQUEST_IID" in text

"""The report that Allure 3 makes of two consecutive runs, in a browser.

Needs what is no Python: Allure (``npm install -g allure``) and Chromium; skipped without.
"""

from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.reports.records import measured, record

from pytest_quant.reports.allure import write_results

ALLURE = shutil.which("allure")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    not ALLURE or not CHROMIUM, reason="needs the npm package allure and Chromium"
)

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Report:
    """A generated report: its files, and its pages as a browser shows them."""

    directory: Path
    address: str

    def page(self, route: str) -> str:
        """The document of a page once its scripts have run."""
        assert CHROMIUM is not None
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"]
        command += ["--virtual-time-budget=15000", "--dump-dom", f"{self.address}/{route}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def test(self, name: str) -> dict[str, Any]:
        """What the report holds of one test."""
        paths = (self.directory / "data" / "test-results").glob("*.json")
        (found,) = (t for p in paths if (t := json.loads(p.read_text()))["name"] == name)
        return dict(found)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """Of a good run and the worse one after it."""
    base = tmp_path_factory.mktemp("allure")
    good = record(
        measured("sum", "q4", right=500, n=500),
        measured("few", "q4", right=7, n=8, category="iterative"),
        measured("dull", "q4", right=0, uninformative="the reference answers 0 of 64"),
    )
    bad = record(
        measured("sum", "q4", right=500, n=500, lost=200, response=HOSTILE),
        *good.measurements[1:],
        model=HOSTILE,
    )
    for name, run in (("1", good), ("2", replace(bad, created="2026-11-24T12:00:00+00:00"))):
        write_results(run, base / name)
        command = [str(ALLURE), "generate", name, "--config", f"{name}/allurerc.json"]
        subprocess.run([*command, "--output", f"report{name}"], cwd=base, check=True)
    handler = functools.partial(Quiet, directory=str(base / "report2"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Report(base / "report2", f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


def test_history_links_the_runs(report: Report) -> None:
    earlier = report.directory.parent / "allure-history.jsonl"
    assert len(earlier.read_text().splitlines()) == 2
    test = report.test("sum[q4]")
    assert test["status"] == "failed"
    assert test["transition"] == "regressed"
    assert [one["status"] for one in test["history"]] == ["passed"]
    assert report.test("overall[q4]")["history"]


def test_the_browser_shows_the_trend(report: Report) -> None:
    charts = report.page("#/charts")
    assert "Status dynamics" in charts
    # One bar for the earlier run, by the day of its report, and one for this.
    assert re.search(r">\d+/\d+/\d{4}<", charts)
    assert ">Latest<" in charts


def test_the_browser_shows_the_groups(report: Report) -> None:
    page = report.page("#/categories")
    for name in (
        "Lost more than the limit",
        "Undecided: the sample cannot tell",
        "Uninformative: the reference cannot do it",
    ):
        assert name in page


def test_the_browser_shows_what_was_asked_and_answered(report: Report) -> None:
    page = report.page(f"#/{report.test('sum[q4]')['id']}")
    for name in ("200 of 500 cases lost", "prompt", "response q4", "check", "all cases"):
        assert name in page
    sources = report.directory / "data" / "attachments"
    texts = [path.read_text("utf-8") for path in sources.iterdir()]
    assert HOSTILE in texts


def test_hostile_output_stays_text(report: Report) -> None:
    for route in ("", "#/categories", f"#/{report.test('sum[q4]')['id']}"):
        page = report.page(route)
        assert "&lt;img src=x" in page
        assert '<img src="x"' not in page
        assert "<title>owned" not in page

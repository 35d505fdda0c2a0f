"""Reports by name: ours, those of other packages, and what is said of those that break."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from tests.packages import Packages
from tests.reports.records import measured, record

from pytest_quant.errors import QuantUsageError
from pytest_quant.reports.written import REPORTS, write_report

RECORD = record(measured("sums", "q8", right=60))


def bring(packages: Packages, code: str) -> None:
    code = f"def write(record, path):\n    {code}\n"
    module = f"toy_{zlib.crc32(code.encode()):x}"
    packages.install("toy", REPORTS.group, {"note": f"{module}:write"}, module, code)


@pytest.mark.parametrize("name", ["html", "json", "markdown"])
def test_ours_are_found_by_name(name: str, tmp_path: Path) -> None:
    write_report(name, RECORD, tmp_path / "x")
    assert RECORD.model in tmp_path.joinpath("x").read_text("utf-8")


def test_another_is_written(packages: Packages, tmp_path: Path) -> None:
    bring(packages, "path.write_text(record.model)")
    write_report("note", RECORD, tmp_path / "x")
    assert tmp_path.joinpath("x").read_text("utf-8") == RECORD.model


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("{}['x']", "raised KeyError: 'x'; repair that package or leave it out"),
        ("__import__('pytest').skip('no')", "raised Skipped: no; repair that package or leave it"),
        ("raise SystemExit(3)", "raised SystemExit: 3"),
        ("pass", "wrote nothing; repair that package"),
    ],
)
def test_one_that_breaks_is_told_with_its_package(
    packages: Packages, tmp_path: Path, code: str, what: str
) -> None:
    bring(packages, code)
    with pytest.raises(QuantUsageError) as caught:
        write_report("note", RECORD, tmp_path / "x")
    assert str(caught.value).startswith(f"report 'note' of toy 1.0 {what}")


def test_what_the_disk_says_stays_an_error_of_the_disk(packages: Packages, tmp_path: Path) -> None:
    bring(packages, "path.write_text('x')")
    with pytest.raises(FileNotFoundError):
        write_report("note", RECORD, tmp_path / "no" / "x")

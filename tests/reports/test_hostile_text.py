"""A record in which every text is hostile: no report hands any of it on."""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gate.baselines import baseline, probe_of
from tests.record.test_run import run as run  # a fixture: the record that holds most

from pytest_quant.cli.main import main
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline_file import dump
from pytest_quant.record.run import RunRecord

# A window title, a cleared screen, C1 control, bidi and zero-width marks, a lone surrogate, a
# carriage return, a forged line; and more of it than anybody wants to read.
HOSTILE = (
    "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202egnp.\u2066\u200b\ufeff\ud800\r\x00\n::error::pwned\u2028 "
    + "x" * 3000
)
_KEPT = {"\n", "\t"}
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def acting(text: str) -> set[str]:
    """The characters of an output that do something."""
    return {c for c in set(text) - _KEPT if unicodedata.category(c) in _ACTING}


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (key, *texts_in(one))
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)


def replaced(value: Any, names: dict[str, str]) -> Any:
    """The same, texts exchanged wherever they stand, so that what belongs together still does."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {
            names.get(k, k) if isinstance(v, int | float | str) else k: replaced(v, names)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [replaced(one, names) for one in value]
    return value


def accepts(raw: Any) -> bool:
    try:
        RunRecord.from_json(copy.deepcopy(raw))
    except (QuantUsageError, KeyError):
        return False
    return True


@pytest.fixture
def hostile(run: RunRecord, tmp_path: Path) -> Path:
    """Every text of the record that the schema leaves free has a hostile end."""
    raw = json.loads(json.dumps(run.to_json()))
    for measurement in raw["measurements"]:
        del measurement["cases"][4:]
    # One of those that differ in a number only. An empty text says that there is nothing to tell.
    fixed = {"", raw["created"], *raw["selected"]}
    kinds = {re.sub(r"\d+", "0", text): text for text in sorted(set(texts_in(raw)) - fixed)}
    names: dict[str, str] = {}
    for text in kinds.values():
        tried = {text: text + HOSTILE}
        changed = replaced(raw, tried)
        if changed != raw and accepts(changed):
            names |= tried
    changed = replaced(raw, names)
    assert accepts(changed)
    # Models, levels, node ids, reasons, patterns, answers, recipes, versions, changes, judges.
    assert len(names) > 40
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(changed), "utf-8")
    return path


def said(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    code = main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out + told.err


def test_nothing_leaves_as_it_is(
    hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded, out = tmp_path / "baseline.json", tmp_path / "out"
    raw = json.loads(dump(baseline(sums=probe_of("1a0b", "1101"))))
    for name in ("model", "created", "created_by", "version", "prompt"):
        raw[name] += HOSTILE
    for level in ("level", "reference"):
        raw[level] = replaced(raw[level], {"q4": "q4" + HOSTILE, "f16": "f16" + HOSTILE})
    recorded.write_text(json.dumps(raw), "utf-8")
    files = (f"--html={out}/page.html", f"--markdown={out}/page.md", f"--allure={out}/allure")
    for arguments in (
        ("report", hostile),
        ("compare", hostile, hostile),
        ("compare", hostile, recorded),
        ("compare", recorded, recorded),
        ("table", "gsm8k", hostile),
        ("report", hostile, *files),
    ):
        output = said(*arguments, capsys=capsys)
        assert acting(output) == set(), arguments
        assert not any(line.startswith("::error") for line in output.splitlines()), arguments
        assert len(output) < 100_000, arguments
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) > 10
    for path in written:
        assert acting(path.read_text("utf-8")) == set(), path
        if path.suffix == ".json":
            assert acting("".join(texts_in(json.loads(path.read_text("utf-8"))))) == set(), path

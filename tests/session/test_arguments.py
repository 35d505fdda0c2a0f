"""What ``pytest_quant.run`` is called with, and what it says of a mistake in it."""

from __future__ import annotations

import json
import math
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import COLOURS

from pytest_quant import QuantUsageError, run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with all that a session needs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.yaml").write_text(textwrap.dedent(COLOURS), "utf-8")
    for level in ("f16", "q8"):
        script = {"runtime": "scripted", "model": "toy", "default": f"red, says {level}"}
        (tmp_path / f"{level}.json").write_text(json.dumps(script), "utf-8")
    (tmp_path / "empty").mkdir()
    return tmp_path


def measure(**arguments: Any) -> Any:
    good = {
        "levels": ["q8"],
        "artifacts": {"f16": "f16.json", "q8": "q8.json"},
        "probes": ["p.yaml"],
        "cache_dir": "cache",
        "baselines": "none",
    }
    return run(**{**good, **arguments})


_LIST = ", expected a list, as "
_WHOLE = ", expected a whole number from 1 to "
_SHARE = ", expected a number between 0 and 0.5"
_POINTS = ", expected percentage points from 0 to 100"


@pytest.mark.parametrize(
    ("name", "found", "said"),
    [
        ("levels", ["q99"], "unknown quantization level 'q99'"),
        # A text is a list of its letters.
        ("levels", "q8", f"levels: found 'q8'{_LIST}['q4', 'q8']"),
        ("levels", None, f"levels: found None{_LIST}"),
        ("levels", [], "no quantization level in ''"),
        ("levels", [8], "levels: found 8, expected the name of a level"),
        ("levels", [b"q8"], "levels: found b'q8', expected the name of a level"),
        ("levels", ["f16"], "f16 is the reference itself"),
        # What runs a file of answers keeps no keys and values, and would ignore their types.
        ("levels", ["q8+kv:q8_0"], "its runtime keeps keys and values as it does; it can be leve"),
        ("levels", ["f16+kv:q8_0"], "its runtime keeps keys and values as it does; it can be lev"),
        ("reference", 16, "reference: found 16, expected the name of a level"),
        ("reference", "", "unknown quantization level ''"),
        ("artifacts", ["q8=q8.json"], "artifacts: found ['q8=q8.json'], expected files by level"),
        ("model", "hf://x", "model: found 'hf://x', expected hf://OWNER/REPOSITORY/FILE or"),
        ("artifacts", {"q8": "hf://x"}, "artifacts: found 'hf://x', expected hf://OWNER/REPOS"),
        ("artifacts", {"q8": None}, "artifacts: found None, expected a path"),
        ("artifacts", {8: "q8.json"}, "artifacts: found 8, expected the name of a level"),
        ("artifacts", {"q8": "a", "Q8": "b"}, "artifacts: level 'q8' is given twice"),
        ("artifacts", {"q8": "a\0b"}, "expected a path without the character NUL"),
        ("model", "no.gguf", "no.gguf: no such file"),
        ("model", 3, "model: found 3, expected a path"),
        ("model", "m" * 5000, "model: found 'mmm"),
        ("probes", "p.yaml", f"probes: found 'p.yaml'{_LIST}"),
        ("probes", Path("p.yaml"), f"p.yaml'){_LIST}"),
        ("probes", [3], "probes: found 3, expected a path"),
        ("probes", ["no.yaml"], "no.yaml: no such file or directory"),
        # What is named and brings nothing would be left out in silence.
        ("probes", ["p.yaml", "q8.json"], "q8.json: holds no probes"),
        ("probes", ["p.yaml", "empty"], "empty: holds no probes"),
        ("select", "colour", "select: found 'colour', expected a function"),
        ("select", lambda _: None, "none is selected"),
        ("progress", 3, "progress: found 3, expected a function"),
        *(
            (name, found, f"{name}: found {found!r}{_WHOLE}")
            for name in ("cases", "max_cases", "threads", "parallel")
            for found in (0, -1, True, "4", 1.5, 2.0, math.nan, 10**30, [])
        ),
        # llama.cpp ends the process with more.
        ("threads", 513, f"threads: found 513{_WHOLE}512"),
        *(
            (name, found, f"{name}: found {found!r}, expected a whole number from 0 to ")
            for name in ("gpu_layers", "main_gpu")
            for found in (-1, True, "all", 1.0, 10**7)
        ),
        *(
            ("context", found, f"context: found {found!r}{_WHOLE}")
            for found in (0, -1, True, "512", 10**8)
        ),
        ("tensor_split", "3,1", f"tensor_split: found '3,1'{_LIST}[3, 1]"),
        ("tensor_split", [3, "1"], "tensor_split: found '1', expected numbers, as [3, 1]"),
        ("tensor_split", [3, -1], "tensor_split: found [3.0, -1.0], expected the share of each"),
        ("tensor_split", [0.0, 0.0], "tensor_split: found [0.0, 0.0], expected the share"),
        ("tensor_split", [math.nan], "tensor_split: found [nan], expected the share"),
        ("tensor_split", [1.0] * 129, "expected the share of each device"),
        ("flash_attn", "yes", "flash_attn: found 'yes', expected 'auto', 'on' or 'off'"),
        ("flash_attn", True, "flash_attn: found True, expected 'auto', 'on' or 'off'"),
        *(
            ("alpha", found, f"{found!r}{_SHARE}")
            for found in (0, 0.7, True, "0.1", None, math.nan)
        ),
        *(
            ("regression_drop", found, f"{found!r}{_POINTS}")
            for found in (-1, 101, True, "1", None, math.inf)
        ),
        # As a text it would count as true.
        ("require_baseline", "no", "require_baseline: found 'no', expected True or False"),
        ("divergence", 0, "divergence: found 0, expected True or False"),
        ("cache_dir", "", "cache_dir: found an empty path"),
        ("cache_dir", "p.yaml", "p.yaml: the cache cannot be written"),
        ("baselines", "p.yaml", "the baseline cannot be read"),
        ("chat_template", 3, "chat_template: found 3, expected a text, or a path"),
        ("chat_template", "no.jinja", "no.jinja: no such file; expected auto, none, or a file"),
        ("template_options", ["a=1"], "template_options: found ['a=1'], expected values by name"),
        ("template_options", {"a b": 1}, "template_options: found the name 'a b'"),
        ("template_options", {"a": object()}, "template_options: a: found <object"),
        ("thinking", "yes", "thinking: found 'yes', expected auto, on or off"),
        ("thinking", True, "thinking: found 'True', expected auto, on or off"),
        ("thinking", "off", "f16.json is run by a runtime that does not heed it"),
        ("thinking_budget", 0, f"thinking_budget: found 0{_WHOLE}1,000,000"),
        ("system", "", "system: found an empty text"),
        ("system", b"brief", "system: found b'brief', expected a text, or a path"),
        ("system", "Be brief.", "f16.json is run by a runtime that does not heed it"),
        ("text", "empty", "cannot be read: Is a directory"),
        ("text", "no.txt", "text: "),
    ],
)
def test_mistakes_are_told(name: str, found: object, said: str, here: Path) -> None:
    with pytest.raises(QuantUsageError) as caught:
        measure(**{name: found})
    assert said in str(caught.value)
    assert here.is_dir()


def test_cases_and_their_limit_exclude_each_other(here: Path) -> None:
    assert here.is_dir()
    with pytest.raises(QuantUsageError, match="cases and max_cases: give one"):
        measure(cases=3, max_cases=4)


def test_a_directory_that_is_gone_is_a_mistake(here: Path) -> None:
    (here / "empty" / "gone").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here / "empty" / "gone")
        Path.cwd().rmdir()
        with pytest.raises(QuantUsageError, match="no longer there"):
            measure()


def test_every_kind_of_list_will_do(here: Path) -> None:
    assert here.is_dir()
    for levels in (("q8",), {"q8"}, (name for name in ["q8", "q8"]), ["Q8"]):
        assert [level.name for level in measure(levels=levels).levels] == ["f16", "q8"]


@pytest.mark.parametrize("name", ["select", "progress"])
def test_what_functions_of_the_caller_raise_is_his(name: str, here: Path) -> None:
    def fail(_: object) -> None:
        raise KeyError(name)

    assert here.is_dir()
    with pytest.raises(KeyError, match=name):
        measure(**{name: fail})

"""Files of answers: what they may hold, and what is said of those that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.runtimes.scripted import script
from pytest_quant.runtimes.scripted.script import Script, is_script, read_script


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.json"


def read(path: Path, **entries: Any) -> Script:
    path.write_text(json.dumps({"runtime": "scripted", **entries}), "utf-8")
    assert is_script(path)
    return read_script(path)


def test_a_whole_prompt_goes_before_patterns_and_these_in_their_order(path: Path) -> None:
    found = read(
        path,
        answers={"Say one": "1", "": "nothing was asked"},
        patterns={r"Say (\w+)": r"\1!", "Say": "never", r"(?P<a>\d) or (\d)": r"\g<a>\2"},
        default="What?",
    )
    asked = {
        "Say one": "1",
        "Say one.": "one!",
        "Please: Say it": "it!",
        "2 or 3": "23",
        "": "nothing was asked",
        "say one": "What?",
    }
    assert {prompt: found.answer(prompt) for prompt in asked} == asked


def test_an_answer_is_not_read_as_a_pattern_unless_it_belongs_to_one(path: Path) -> None:
    found = read(path, answers={"a": r"\1"}, default=r"\frac12")
    assert (found.answer("a"), found.answer("b")) == (r"\1", r"\frac12")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"answers": {"p": {"fails": "out of memory"}}}, "^out of memory$"),
        ({"patterns": {"p": {"fails": "lost"}}, "default": "a"}, "^lost$"),
        ({"default": {"fails": "no model"}}, "^no model$"),
        ({"answers": {"q": "a"}}, "answers.json: has no answer to 'p'; add 'default'"),
    ],
)
def test_a_script_can_break_a_model(path: Path, entries: dict[str, Any], said: str) -> None:
    found = read(path, **entries)
    with pytest.raises(RuntimeFailed, match=said):
        found.answer("p")


def test_tells_which_entry_changed(path: Path) -> None:
    before = read(path, default="a", model="toy")
    after = read(path, default="b", model="toy")
    assert before.digest != after.digest
    assert [name for name in before.parts if before.parts[name] != after.parts[name]] == ["default"]


def test_what_is_left_out(path: Path) -> None:
    found = read(path)
    assert (found.model, found.context, found.bits_per_weight) == ("answers", 4096, None)
    assert found.logprobs is None


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"answer": {}}, r"'answer': found an unknown entry \(did you mean 'answers'\?\)"),
        ({"answers": []}, r"answers: found \[\], expected a mapping to answers"),
        ({"answers": {"p": 1}}, r"answers: p: found 1, expected an answer: text, or"),
        ({"answers": {"p": {"fail": "x"}}}, r'answers: p: found {"fail": "x"}, expected an answer'),
        ({"default": {"fails": None}}, r"default: found .* expected an answer"),
        ({"default": {"fails": " "}}, r"default: found .* expected an answer"),
        (
            {"patterns": {"[[a]": "b"}},
            r"patterns: .* expected a regular expression \(Possible nested set",
        ),
        ({"default": "\ud800"}, r"default: found .* of characters alone"),
        ({"answers": {"\ud800": "a"}}, r"answers: found .* of characters alone"),
        ({"model": 5}, "model: found 5, expected a name"),
        ({"context": 1}, "context: found 1, expected a whole number of words, at least 2"),
        ({"context": True}, "context: found true"),
        ({"context": 10**40}, "context: found 1"),
        ({"bits_per_weight": -1}, "bits_per_weight: found -1, expected a number above 0"),
        ({"bits_per_weight": None}, "bits_per_weight: found null"),
        ({"bits_per_weight": "8"}, 'bits_per_weight: found "8"'),
        ({"patterns": {"(": "a"}}, r"patterns: \(: found .* a regular expression \(missing"),
        ({"patterns": {"a{99999999999}": "a"}}, r"patterns: a.* a regular expression \("),
        (
            {"patterns": {"a": r"\2"}},
            r"patterns: a: .* names its groups \(invalid group",
        ),
        ({"patterns": {"a": r"\g<x>"}}, r"patterns: a: .* names its groups \(unknown"),
        ({"logprobs": {"said": -1}}, "logprobs: found .* expected"),
        ({"logprobs": {"said": 1, "other": -1}}, "logprobs: found"),
        ({"logprobs": {"said": -1, "other": "x"}}, "logprobs: found"),
        ({"logprobs": -1}, "logprobs: found -1"),
    ],
)
def test_a_mistake_is_told_by_its_file_and_entry(
    path: Path, entries: dict[str, Any], problem: str
) -> None:
    with pytest.raises(QuantUsageError, match=f"answers.json: {problem}") as caught:
        read(path, **entries)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"runtime": "scripted", "answers": }', "cannot be read as JSON"),
        ('{"runtime": "scripted", "context": NaN}', "NaN is not a number of JSON"),
        ('{"runtime": "scripted", "a": ' + "[" * 100_000, "cannot be read as JSON"),
        ('{"a": {"runtime": "scripted"}}', 'expected a mapping with "runtime": "scripted"'),
        ('{"runtime": "scripted", "default": "\xff"}', "cannot be read as JSON"),
        ('{"runtime": "scripted", "default": "a", "default": "b"}', "'default' is there twice"),
        ('{"runtime": "scripted", "answers": {"p": "a", "p": "b"}}', "'p' is there twice"),
    ],
    ids=["syntax", "number", "depth", "elsewhere", "encoding", "twice", "answered twice"],
)
def test_a_file_that_says_it_is_a_script_is_read_as_one(
    path: Path, text: str, problem: str
) -> None:
    path.write_bytes(text.encode("latin-1"))
    assert is_script(path)
    with pytest.raises(QuantUsageError, match=problem):
        read_script(path)


@pytest.mark.parametrize("spaces", [1, 10_000])
def test_a_byte_order_mark_and_space_are_no_harm(path: Path, spaces: int) -> None:
    space = b"\n" * spaces
    path.write_bytes(b"\xef\xbb\xbf" + space + b'{"default": "a", "runtime" : "scripted"}')
    assert is_script(path)
    assert read_script(path).answer("p") == "a"


@pytest.mark.parametrize("text", ["", "{}", '{"weight_map": {}}', 'GGUF {"runtime": "scripted"}'])
def test_other_files_are_none(path: Path, text: str) -> None:
    path.write_text(text)
    assert not is_script(path)
    assert not is_script(path.with_name("missing.json"))
    assert not is_script(path.parent)


def test_a_file_beyond_measure_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "MOST_BYTES", 30)
    path.write_text('{"runtime": "scripted", "default": "too long"}')
    with pytest.raises(QuantUsageError, match=r"has more than .* expected a file of answers"):
        read_script(path)

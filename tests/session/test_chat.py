"""What is said about templates, their options and system texts, and mistakes in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.chat import Chat, TemplateFile
from pytest_quant.session.chat import (
    MOST_BYTES,
    checked_options,
    parse_template_options,
    read_chat_template,
    read_system,
)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "mine.jinja").write_text("{{ messages[0].content }}\n", "utf-8")
    (tmp_path / "brief.txt").write_text("Be brief.\nAlways.\n", "utf-8")
    (tmp_path / "empty.txt").write_text(" \n", "utf-8")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "long.txt").write_bytes(b"x" * (MOST_BYTES + 1))
    return tmp_path


def test_what_a_template_may_be(here: Path) -> None:
    assert read_chat_template("auto", here) == "auto"
    assert read_chat_template(" none ", here) == "none"
    assert read_chat_template("mine.jinja", here) == TemplateFile(
        here / "mine.jinja", "{{ messages[0].content }}\n"
    )


def test_what_a_system_text_may_be(here: Path) -> None:
    assert read_system("brief.txt", here) == "Be brief.\nAlways."
    for text in ("Be brief.", "/no_think", "~ nobody", "Brief.\nAlways.", "so " * 2000, "Done."):
        assert read_system(text, here) == text.strip()


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_chat_template, "no.jinja", "no.jinja: no such file; expected auto, none, or a file"),
        (read_chat_template, "empty.txt", "empty.txt: is empty, expected a chat template"),
        (read_chat_template, "bytes.txt", "found byte 0 that is not UTF-8, expected a chat templ"),
        (read_chat_template, "long.txt", "has more than 1 MiB, expected a chat template"),
        (read_chat_template, ".", "cannot be read: Is a directory"),
        (read_system, "", "found an empty text"),
        (read_system, "prompts/brief.txt", "prompts/brief.txt: no such file; expected a text, or"),
        (read_system, "empty.txt", "empty.txt: is empty, expected a text"),
        (read_system, "x y" * MOST_BYTES, "characters, expected at most 1,048,576"),
        (read_system, "broken \udcff text", "which is not UTF-8"),
    ],
)
def test_mistakes_are_told(
    read: Callable[[str, Path], object], text: str, said: str, here: Path
) -> None:
    with pytest.raises(QuantUsageError) as caught:
        read(text, here)
    assert said in str(caught.value)


def test_options() -> None:
    lines = ["tone = dry", "enable_thinking=False", "n = 3", 'of = ["a", 1]', "none = None"]
    assert parse_template_options(lines) == (
        ("enable_thinking", "false"),
        ("n", "3"),
        ("none", "null"),
        ("of", '["a", 1]'),
        ("tone", '"dry"'),
    )
    assert checked_options({"n": 3, "a": True}) == (("a", "true"), ("n", "3"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["tone"], "found 'tone', expected NAME = VALUE, as tone = dry"),
        (["= dry"], "expected NAME = VALUE"),
        (["tone ="], "expected NAME = VALUE"),
        (["a=1", "a = 2"], "'a' is given twice"),
        (["a b = 1"], "found the name 'a b', expected letters, digits and _"),
        (["messages = []"], "'messages' is what a prompt is made of"),
        (["add_generation_prompt=false"], "'add_generation_prompt' is what a prompt is made of"),
        (["a = NaN"], "a: found nan, expected a JSON value"),
        ([f"a = {'[' * 100_000}"], "a: found a value of more than 100,000 characters"),
        (["a = \udcff"], "which is not UTF-8"),
    ],
)
def test_mistakes_in_options_are_told(lines: list[str], said: str) -> None:
    with pytest.raises(QuantUsageError) as caught:
        parse_template_options(lines)
    assert said in str(caught.value)


def test_how_a_model_is_asked_is_told_by_digests(tmp_path: Path) -> None:
    own = "chat template sha256:0123456789ab"
    assert Chat().form(own) == own
    assert Chat().key == ()
    assert Chat("none").form(own) == "plain question"
    mine = TemplateFile(tmp_path / "mine.jinja", "{{ messages }}")
    chat = Chat(mine, (("n", "3"), ("tone", '"dry"')), "Be brief.")
    template, system = (
        hashlib.sha256(text.encode()).hexdigest()[:12] for text in (mine.source, chat.system)
    )
    assert chat.form(own) == (
        f'chat template of a file sha256:{template}, options n=3 tone="dry", '
        f"system text sha256:{system}"
    )
    keys = {
        chat.key
        for chat in (
            Chat(),
            Chat("none"),
            Chat(mine),
            Chat(TemplateFile(mine.path, "{{ other }}")),
            Chat(options=(("n", "3"),)),
            Chat(system="3"),
        )
    }
    assert len(keys) == 6
    # Where a template was read from does not matter.
    assert Chat(TemplateFile(Path("other"), mine.source)).key == Chat(mine).key

"""Paths as users write them: what cannot be one is told in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.namespaces import as_nobody_known

from pytest_quant.base.paths import given_path, user_cache_directory
from pytest_quant.errors import QuantUsageError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found an empty path"),
        ("  ", "found an empty path"),
        ("~nosuch/x", "whose home '~nosuch' stands for is not known here"),
        ("~nosuch", "whose home '~nosuch' stands for is not known here"),
        ("a\0b", "without the character NUL"),
        ("x" * 300, "File name too long"),
        ("y/" * 3000 + "z", "File name too long"),
        ("loop", "Too many levels of symbolic links"),
        ("loop/x", "Too many levels of symbolic links"),
    ],
)
def test_refuses(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ValueError, match=said) as caught:
        given_path(text, tmp_path)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text", ["a", "new/deep/a", "file/a", "dangling", "\udcff.gguf", "~x/../a"]
)
def test_whether_anything_is_there_is_for_others_to_say(text: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    assert given_path(f"./{text}", tmp_path) == tmp_path / text
    assert given_path(f" ./{text} ") == Path(text)


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert given_path("~/a", Path("/other")) == tmp_path / "a"


def test_cache_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", "not absolute, and not used")
    assert user_cache_directory().is_relative_to(tmp_path)


@pytest.mark.parametrize("value", ["~nosuch/x", "~/x", "relative"])
@pytest.mark.parametrize("name", ["XDG_CACHE_HOME", "HOME"])
def test_refuses_a_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(QuantUsageError, match=f"the variable {name} is '{value}'"):
        user_cache_directory()


def test_without_a_home_bandit_leaves_nothing(tmp_path: Path) -> None:
    """It keeps what it has found of itself in ``~/.cache``: here, a directory named ``~``."""
    code = "from pytest_quant.checkers.vulnerabilities import examine; "
    code += "import os; assert len(examine('import os\\nos.system(input())').findings) == 1; "
    code += "assert 'XDG_CACHE_HOME' not in os.environ"
    words = [*as_nobody_known(), "env", "-u", "XDG_CACHE_HOME", sys.executable, "-c", code]
    subprocess.run(words, check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []

"""The Python that docs/howto/from-python.md shows does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "from-python.md"


def test_its_blocks_run_one_after_the_other(
    shared_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shared_cache.mkdir(exist_ok=True)
    (tmp_path / "pytest-quant").symlink_to(shared_cache)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("inconclusive ")
    assert said[1].startswith("tolerance inconclusive ")
    assert "1/1 probes/iterative.yaml::doubling[q8] " in said

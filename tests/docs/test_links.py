"""What the pages beside ``docs/`` link to is there; the site's own links its build checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_what_a_page_links_to_exists(name: str) -> None:
    page = REPOSITORY / name
    links = re.findall(r"\]\((?![a-z]+:)([^)#\s]+)", page.read_text("utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []

"""Reading what was written for Allure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Properties of one test result, as in its file.
Result = dict[str, Any]


def results(directory: Path) -> dict[str, Result]:
    """The results of a directory by name; fails if one is there twice."""
    found = [json.loads(path.read_text("utf-8")) for path in directory.glob("*-result.json")]
    assert len({result["name"] for result in found}) == len(found)
    return {result["name"]: result for result in found}


def labels(result: Result) -> dict[str, list[str]]:
    """The values of each label."""
    named: dict[str, list[str]] = {}
    for label in result["labels"]:
        named.setdefault(label["name"], []).append(label["value"])
    return named


def attachments(item: Result) -> dict[str, str]:
    """The file names of the attachments of a result and of its steps, by name."""
    own = {one["name"]: one["source"] for one in item.get("attachments", ())}
    for step in item.get("steps", ()):
        own |= {f"{step['name']}/{name}": file for name, file in attachments(step).items()}
    return own


def story(item: Result) -> list[tuple[str, str]]:
    """Names and statuses of the steps, and of the steps in them."""
    return [
        pair
        for step in item.get("steps", ())
        for pair in [(step["name"], step["status"]), *story(step)]
    ]

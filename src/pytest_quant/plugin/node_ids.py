"""What a node id of the plugin tells, for the process that has node ids and no items."""

from __future__ import annotations

from collections.abc import Collection

from pytest_quant.base.gate_names import DIVERGENCE, GATE, RESPONSES
from pytest_quant.session.suite_files import FOLDER

# Of probe files.
_ENDINGS = (".yaml", ".yml")


def level_of(nodeid: str, levels: Collection[str]) -> str:
    """The one of these levels that a node id names, ``""`` for any other test.

    To group tests and to show what runs. What is measured says itself at which level.
    """
    path, _, name = nodeid.partition("::")
    if not path.endswith(_ENDINGS) and not path.startswith(f"{FOLDER}/") and path != GATE:
        return ""
    named = name.rpartition("[")[2].partition("]")[0]
    return named if named in levels else ""


def mark_of(level: str) -> str:
    """The mark of a level's tests: pytest takes a colon for the end of a mark's name."""
    return level.replace(":", "-")


def stage_of(nodeid: str) -> str:
    """What a test that asks no probe does with its level, in words; ``""`` for any other test."""
    folder, _, name = nodeid.partition("::")
    stages = {
        DIVERGENCE: "comparing with the reference token by token",
        RESPONSES: "comparing on the reference's responses",
    }
    return stages.get(name.partition("[")[0], "") if folder == GATE else ""

"""Where files came from and on what they were computed, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import shown


def source_lines(record: RunRecord) -> Iterator[str]:
    """The file of a hub of each level that is, or was made of, one."""
    names: dict[str, list[str]] = {}
    for level in record.levels:
        if level.source:
            names.setdefault(level.source, []).append(level.name)
    for source, levels in names.items():
        yield f"{', '.join(levels)}: from {shown(source, 300)}"


def device_lines(record: RunRecord) -> Iterator[str]:
    """Those of the first level that was run; then, by name, of each that was run otherwise."""
    told = {level.name: _told(level) for level in record.levels}
    first = next((line for line in told.values() if line), "")
    if first:
        yield first
    for name, line in told.items():
        if line and line != first:
            yield f"{name}: {line}"


def _told(level: LevelRecord) -> str:
    runtime, parts = level.runtime, []
    if runtime is None:
        return ""
    if runtime.served:
        return shown(runtime.served, 500)
    if runtime.devices:
        parts.append(f"computed with {shown(runtime.devices, 200)}")
    if runtime.flash_attention:
        parts.append(f"flash attention {shown(runtime.flash_attention, 20)}")
    if runtime.kv:
        keys, _, values = shown(runtime.kv, 40).partition("/")
        kept = keys if keys == values else f"{keys} and {values}"
        parts.append(f"keys and values in {kept}")
    return ", ".join(parts)

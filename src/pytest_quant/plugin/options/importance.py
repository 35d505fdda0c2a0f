"""The option that names an importance matrix, beside levels that are quantized with it or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import Level
from pytest_quant.plugin.options.sources import Elsewhere, Values


def imatrix(
    values: Values, levels: Sequence[Level], given: Mapping[str, Path], elsewhere: Elsewhere
) -> Path | None:
    """The importance matrix. The ini file may name it for runs that quantize nothing; the command
    line may not.
    """
    found, place = values.path("imatrix", elsewhere), values.raw("imatrix")[1]
    made = [
        level
        for level in levels
        if level.quantized and not {level.name, level.file_level} & given.keys()
    ]
    if found and not made and place.startswith("--"):
        raise QuantUsageError(
            f"{place}: no level is quantized here, so that it would change nothing; leave it out, "
            "or the files of --quant-artifact"
        )
    return found

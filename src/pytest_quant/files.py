"""Files that others rely on: never half written, and nothing read as a number that is none."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any, NoReturn


def read_json(path: Path) -> Any:
    """The JSON of a file, in which every number is finite.

    Raises ``OSError``, and ``ValueError`` or ``RecursionError`` for what is no JSON. Python alone
    would read ``NaN`` and ``1e999``, with which no limit is ever exceeded.
    """
    return parse_json(path.read_text("utf-8"))


def parse_json(text: str) -> Any:
    """The same of a text."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits:.20} is beyond the numbers that can be computed with")
    return number


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by ``content`` (text in UTF-8) in one step; raises ``OSError``."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What this process takes away from the permissions of the files that it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""Files that others rely on: never half written, and nothing read as a number that is none."""

from __future__ import annotations

import json
import math
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from pytest_quant.base.destinations import Destination, find_destination, only_in_place


def read_json(path: Path) -> Any:
    """The JSON of a file, in which every number is finite.

    Raises ``OSError``, and ``ValueError`` or ``RecursionError`` for what is no JSON. Python alone
    would read ``NaN`` and ``1e999``, with which no limit is ever exceeded.
    """
    return parse_json(path.read_text("utf-8"))


def parse_json(text: str, mapping: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The same of a text; ``mapping`` makes of pairs what stands for a mapping."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=mapping)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits:.20} is beyond the numbers that can be computed with")
    return number


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by ``content`` (text in UTF-8) in one step; raises ``OSError``.

    A link stays one: what it leads to is replaced, and keeps its permissions and owner; of several
    hard links only this one. What is no regular file is written into, and so is a file that cannot
    be replaced by another.
    """
    # What is no character, such as a byte of a file's name that is not UTF-8, is spelt out.
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    place = find_destination(path)
    if not place.is_file:
        with place.open_stream() as stream:
            stream.write(data)
        return
    try:
        _replace(place, data)
    except OSError as error:
        if place.status is None or not only_in_place(error):
            raise
        with place.path.open("wb") as file:
            file.write(data)


def _replace(place: Destination, data: bytes) -> None:
    target = place.path
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not named after the target, whose own name may be as long as a name can be.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".pytest-quant.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if place.status is None:
            temporary.chmod(0o666 & ~_umask())
        else:
            _give_to_owner(temporary, place.status)
            temporary.chmod(stat.S_IMODE(place.status.st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _give_to_owner(path: Path, status: os.stat_result) -> None:
    """As far as this user may: only root gives files away."""
    own = path.stat()
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        with suppress(OSError):
            os.chown(path, status.st_uid, status.st_gid)


def _umask() -> int:
    """What this process takes away from the permissions of the files that it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask

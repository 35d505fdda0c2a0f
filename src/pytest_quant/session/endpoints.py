"""``--quant-endpoint``: from the URL of a server to the file that stands for a level."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pytest_quant.base.urls import parse_url
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.cache import make_directory, write_json

# Where the key of a server belongs, unless a file of the user's names another one.
KEY_VARIABLE = "OPENAI_API_KEY"
FORM = "LEVEL=URL or LEVEL=URL#MODEL, as q4=http://localhost:8000/v1#my-model"
_MOST = 500


def endpoint_file(text: str, cache_dir: Path) -> Path:
    """The file that says what a URL says; raises ``ValueError`` for a text that is none."""
    url, _, model = text.strip().partition("#")
    address, name = parse_url(url, KEY_VARIABLE), model.strip()
    if len(name) > _MOST or not name.isprintable():
        raise ValueError(f"found {model!r:.100}, expected the name of a model")
    content = {"runtime": "endpoint", "url": address, "model": name}
    digest = hashlib.sha256(f"{address}#{name}".encode()).hexdigest()
    folder = cache_dir / "endpoints"
    make_directory(folder)
    path = folder / f"{digest[:16]}.json"
    write_json(path, content)
    return path


def with_endpoints(
    artifacts: Mapping[str, Path], endpoints: Mapping[str, Path], place: str
) -> dict[str, Path]:
    """The files of all levels; raises ``QuantUsageError`` for a level that has two."""
    if twice := [name for name in endpoints if name in artifacts]:
        raise QuantUsageError(
            f"{place}: level {twice[0]!r} has a file, too (--quant-artifact); keep one of the two"
        )
    return {**artifacts, **endpoints}

"""Paths as users write them, and the directory that stands for one that they did not write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pytest_quant.errors import QuantUsageError


def current_directory() -> Path:
    """Raises ``QuantUsageError`` if it is no longer there."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise QuantUsageError(
            "the current directory is no longer there; change into another one"
        ) from None


def given_path(text: str, base: Path = Path()) -> Path:
    """A path that starts from ``base`` unless it is absolute; ``~`` is a home directory.

    Whether anything is there is for others to say. Raises ``ValueError`` for what cannot be the
    path of anything here: an unknown user's home, an over-long name, links in a circle, a
    directory that may not be entered.
    """
    if not (text := text.strip()):
        raise ValueError("found an empty path, expected a file or a directory")
    if "\0" in text:
        raise ValueError(f"found {text!r:.100}, expected a path without the character NUL")
    try:
        # pathlib alone would take "./~x" for somebody's home, too.
        path = base / (Path(text).expanduser() if text.startswith("~") else Path(text))
    except RuntimeError:
        raise ValueError(
            f"found {text!r:.100}, and whose home {Path(text).parts[0]!r:.100} stands for is not "
            "known here; write the whole path, or ./~ for a file of that name"
        ) from None
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise ValueError(
            f"found {text!r:.100}, which cannot be reached: {error.strerror}; give another path"
        ) from None
    return path


def user_cache_directory() -> Path:
    """Where this user's programs keep what they can make again; raises ``QuantUsageError``."""
    import platformdirs

    advice = "or choose a directory for quantized models and responses with --quant-cache-dir"
    # What the system's own rules ignore without a word is a mistake that nobody finds.
    for name in ("XDG_CACHE_HOME", "HOME"):
        value = os.environ.get(name, "").strip()
        if value and not Path(value).is_absolute():
            raise QuantUsageError(
                f"the variable {name} is {value!r:.100}, expected an absolute path; set it, "
                f"{advice}"
            )
        if value:
            break
    with suppress(RuntimeError):
        path = platformdirs.user_cache_path("pytest-quant")
        # Without a home "~/.cache" would be a directory named "~", wherever the session runs.
        if path.is_absolute():
            return path
    raise QuantUsageError(
        "no directory to keep quantized models and responses in: the variable HOME is not set, "
        f"and the system knows no home of this user\nset HOME or XDG_CACHE_HOME, {advice}"
    )


@contextmanager
def without_stray_home() -> Iterator[None]:
    """While a library is loaded that keeps something in ``~/.cache``: not where there is no home.

    It would make a directory named ``~`` wherever the session runs.
    """
    if os.environ.get("XDG_CACHE_HOME") or _has_home():
        yield
        return
    os.environ["XDG_CACHE_HOME"] = os.devnull
    try:
        yield
    finally:
        del os.environ["XDG_CACHE_HOME"]


def _has_home() -> bool:
    try:
        return Path.home().is_absolute()
    except RuntimeError:
        return False

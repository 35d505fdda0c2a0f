"""Commands that start another one as somebody else, or with small disks, as Linux allows it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

_SMALL_DISKS = """
    while [ "$1" != -- ]; do mount -t tmpfs -o "size=$1" none "$2" || exit 90; shift 2; done
    shift; exec "$@"
"""
_MOUNTED_FILE = 'mount --bind "$0" "$1" || exit 90; shift; exec "$@"'


def as_nobody_known() -> list[str]:
    """A user whom the system knows no name and no home of, and who has no HOME."""
    user = ["unshare", "--user", "--map-user=12345", "--map-group=12345"]
    return [*_possible(user), "env", "-u", "HOME", "-u", "USER", "-u", "LOGNAME"]


def with_small_disks(sizes: Mapping[Path, str]) -> list[str]:
    """Directories become disks of a size such as ``4k``."""
    pairs = [word for path, size in sizes.items() for word in (size, str(path))]
    return [*_mounting(), "sh", "-c", _SMALL_DISKS, "sh", *pairs, "--"]


def with_mounted_file(source: Path, target: Path) -> list[str]:
    """A file becomes a mount point, as when a container is given a single file."""
    return [*_mounting(), "sh", "-c", _MOUNTED_FILE, str(source), str(target)]


def _mounting() -> list[str]:
    return _possible(["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])])


def _possible(words: list[str]) -> list[str]:
    """The same words; the test is skipped where they cannot be run."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} here")
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"{' '.join(words)}: {tried.stderr.strip()}")
    return words

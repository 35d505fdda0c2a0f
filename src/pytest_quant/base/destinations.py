"""What a path leads to that is to be written: a file, or a pipe, a terminal, an open descriptor.

A file is replaced by a whole new one; what is none can only be written into, and must never be
replaced by a file: as root that would take away a device of the machine.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# The most links that Linux follows in one path.
_MOST_LINKS = 40
_DESCRIPTORS = re.compile(r"/dev/fd|/proc/(?P<process>\d+)/(task/\d+/)?fd")


@dataclass(frozen=True, slots=True)
class Destination:
    """``path`` with its links followed; ``status`` of what is there, ``None`` if nothing is yet.

    ``is_file``: it is a regular file, or will be one, and can be replaced. ``descriptor``: the
    open file of this process that the path names, as ``/dev/stdout`` does.
    """

    path: Path
    status: os.stat_result | None
    is_file: bool
    descriptor: int | None = None

    @property
    def identity(self) -> object:
        """The same for two paths of one file or pipe; ``None`` for a device, as ``/dev/null``."""
        if self.status is None:
            return self.path
        if stat.S_ISCHR(self.status.st_mode):
            return None
        return identity(self.status)

    def open_stream(self) -> BinaryIO:
        """What is no file, to write into; raises ``OSError``."""
        if self.descriptor is not None:
            # What was printed before comes first.
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            return os.fdopen(os.dup(self.descriptor), "wb")
        # Opening a pipe waits for a reader, for ever if none comes; this fails instead.
        at_once = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | at_once)
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise OSError(errno.ENXIO, "no program reads from this pipe") from error
            raise
        if at_once:
            os.set_blocking(handle, True)
        return os.fdopen(handle, "wb")


def identity(status: os.stat_result) -> object:
    """The same for all names of one file."""
    return status.st_dev, status.st_ino


def find_destination(path: Path) -> Destination:
    """Where ``path`` leads. Raises ``OSError`` for what nothing is to be written to.

    That is a directory, a disk, a socket, a write-protected file or descriptor, links in a circle.
    """
    descriptor, foreign = _descriptor(path)
    if descriptor is not None:
        status = os.fstat(descriptor)
        _check_given(descriptor)
        return Destination(path, status, is_file=False, descriptor=descriptor)
    try:
        status = path.stat()
    except FileNotFoundError:
        return Destination(_followed(path), None, is_file=True)
    refused = {
        stat.S_IFDIR: (errno.EISDIR, "it is a directory"),
        stat.S_IFBLK: (errno.EINVAL, "it is a disk, whose content would be lost"),
        stat.S_IFSOCK: (errno.EINVAL, "it is a socket"),
    }.get(stat.S_IFMT(status.st_mode))
    if refused:
        raise OSError(*refused)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected")
    is_file = stat.S_ISREG(status.st_mode) and not foreign
    return Destination(_followed(path) if is_file else path, status, is_file)


def check_destination(path: Path) -> Destination:
    """The same, once it is sure that something can be written there; raises ``OSError``.

    A file is made for a moment, since permissions do not tell of a full or a read-only disk.
    """
    place = find_destination(path)
    if place.is_file:
        try:
            check_directory(place.path.parent)
        except OSError as error:
            if place.status is None or not only_in_place(error):
                raise
    return place


def check_directory(path: Path) -> None:
    """Make sure that a directory can be made, or written into; raises ``OSError``."""
    with suppress(FileNotFoundError):
        path.stat()
    if path.is_symlink() and not path.exists():
        raise FileNotFoundError(errno.ENOENT, "it is a link to nowhere")
    nearest = next(found for found in (path, *path.parents) if found.exists())
    with tempfile.NamedTemporaryFile(dir=nearest, prefix=".pytest-quant."):
        pass


def only_in_place(error: OSError) -> bool:
    """Whether a file may be writable although it cannot be replaced by another.

    Its directory is not ours, or it is a mount point, as a single file given to a container is.
    """
    return error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)


def _followed(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _descriptor(path: Path) -> tuple[int | None, bool]:
    """The descriptor of this process that a path names, and whether it names another process's.

    ``/dev/stdout`` is a link to one, and one is a link to the file that is open there, which must
    not be replaced: whoever opened it goes on writing to it.
    """
    current = path.absolute()
    for _ in range(_MOST_LINKS):
        parent = _followed(current.parent)
        found = _DESCRIPTORS.fullmatch(str(parent))
        if found and current.name.isdecimal():
            own = found["process"] in (None, str(os.getpid()))
            return (int(current.name), False) if own else (None, True)
        if not current.is_symlink():
            break
        current = parent / current.readlink()
    return None, False


def _check_given(descriptor: int) -> None:
    """Raises ``OSError`` for one that this process was not given, or may not write to."""
    # What Python opens itself, such as pytest's own copies, is not passed on to other programs.
    if not os.get_inheritable(descriptor):
        raise OSError(errno.EBADF, "this process was given no such descriptor")
    try:
        import fcntl
    except ImportError:  # Windows has neither these paths nor this module
        return
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "it is open for reading only")

"""What isolated code sees: a command line for bubblewrap.

Every namespace is its own, so there is no network, no other process and no file but these: the
Python that runs it, read-only, two devices, and an empty directory in memory that ends with it.
There is no ``/proc``: nothing needs it, and a container often may not mount one.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from pytest_quant.errors import SandboxUnavailable

_NOBODY = "65534"
# Where the loader finds the libraries of an interpreter that the system provides.
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")


def command(room: int, filter_fd: int) -> list[str]:
    """bubblewrap and Python, up to where the code to run follows as ``-c`` and arguments.

    ``room``: bytes of ``/tmp``; ``filter_fd``: where the filter of system calls is read from.
    Raises ``SandboxUnavailable`` where bubblewrap cannot be.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(
            f"programs are isolated on Linux only, this is {sys.platform}; run in a Linux machine"
        )
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise SandboxUnavailable(
            "bubblewrap is not installed; install it, such as by: apt-get install bubblewrap"
        )
    python = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    return [
        bubblewrap,
        *("--unshare-all", "--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY),
        # As the first process of its namespace it is waited for by its parent. Otherwise every
        # run leaves a zombie where the machine's first process collects none, as in containers.
        *("--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"),
        *("--seccomp", str(filter_fd)),
        # The order of a set of words must not differ from run to run.
        *("--clearenv", "--setenv", "PYTHONHASHSEED", "0"),
        *(part for path in _python(python) for part in ("--ro-bind-try", path, path)),
        *("--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/urandom", "/dev/urandom"),
        *("--size", str(room), "--tmpfs", "/tmp", "--chdir", "/tmp"),
        *("--remount-ro", "/"),
        # -I would be as strict as these, but for the seed of hashes, which it ignores.
        *(python, "-P", "-s", "-S", "-B", "-X", "utf8"),
    ]


def _python(executable: str) -> Iterator[str]:
    """The paths that the interpreter needs, each once, outer ones first."""
    prefixes = {sys.base_prefix, sys.base_exec_prefix}
    own = {str(Path(prefix, "lib")) for prefix in prefixes}
    own |= {str(Path(prefix, sys.platlibdir)) for prefix in prefixes}
    yield from dict.fromkeys((*_LIBRARIES, *sorted(own), executable))

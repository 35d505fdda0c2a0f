"""Hostile code tries to get out, or to take the machine down. Each attempt is contained."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pytest_quant.base.library import PROBES
from pytest_quant.sandbox import Ended, Limits, run

SHORT = Limits(cpu_seconds=1, wall_seconds=20.0, memory=128 * 2**20, room=2**20)


def attempt(code: str) -> Ended:
    """What became of code that prints "escaped" where it got what it wanted."""
    ended = run(code, limits=SHORT)
    assert b"escaped" not in ended.output, ended
    return ended


def refused(code: str) -> bytes:
    """The last line of what an attempt that raised said."""
    ended = attempt(f"{code}\nprint('escaped')")
    assert (ended.how, ended.status) == ("exited", 1), ended
    return ended.output.splitlines()[-1]


class TestFiles:
    def test_the_home_directory_is_not_there(self) -> None:
        listed = attempt(
            f"import os\nhome = {str(Path.home())!r}\n"
            "for parent, names, files in os.walk(home):\n"
            "    for name in files:\n"
            "        if not parent.startswith(os.path.dirname(os.__file__)): print(parent, name)\n"
        )
        kept = listed.output.decode().splitlines()
        interpreter = (str(Path(os.__file__).parents[1]), "/bin")
        assert [line for line in kept if not any(part in line for part in interpreter)] == []

    @pytest.mark.parametrize(
        "path", ["/etc/passwd", "/etc/shadow", "/proc/self/environ", "/sys/kernel", "/dev/mem"]
    )
    def test_the_system_is_not_there(self, path: str) -> None:
        assert refused(f"open({path!r})").startswith(b"FileNotFoundError")

    def test_the_probe_files_cannot_be_written(self) -> None:
        path = next(PROBES.glob("*.yaml"))
        before = path.read_bytes()
        assert refused(f"open({str(path)!r}, 'a').write('x')").startswith(b"FileNotFoundError")
        # A folder of that name may be made in the sandbox's own /tmp, and only there.
        run(f"import os; os.makedirs({str(path.parent)!r}); open({str(path)!r}, 'w')", limits=SHORT)
        assert path.read_bytes() == before

    def test_the_interpreter_cannot_be_changed(self) -> None:
        assert b"Read-only file system" in refused("import os; open(os.__file__, 'a')")
        assert b"Read-only file system" in refused("import os; os.remove(os.__file__)")

    @pytest.mark.parametrize("directory", ["/", "/dev", "/usr/lib", "/var/tmp", "/dev/shm"])
    def test_nothing_is_written_outside_of_its_directory(self, directory: str) -> None:
        said = refused(f"open('{directory}/written', 'w')")
        assert b"Read-only file system" in said or said.startswith(b"FileNotFoundError")
        assert not Path(directory, "written").exists()

    def test_the_disk_does_not_fill(self) -> None:
        many = "for i in range(10**9): open(f'/tmp/{i}', 'wb').write(b'x' * 10**5)"
        assert b"No space left on device" in refused(many)
        assert b"File too large" in refused("open('/tmp/one', 'wb').write(b'x' * 10**7)")

    def test_what_it_wrote_is_gone(self) -> None:
        run("open('/tmp/left', 'w').write('x')")
        assert run("import os; print(os.listdir('/tmp'))").output == b"[]\n"
        assert not Path("/tmp/left").exists()

    def test_open_files_are_few(self) -> None:
        assert b"Too many open files" in refused("k = [open('/dev/null') for _ in range(10**5)]")


class TestTheNetwork:
    @pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_VSOCK", "AF_NETLINK"])
    def test_no_socket_opens(self, family: str) -> None:
        said = refused(f"import socket\nsocket.socket(socket.{family}, socket.SOCK_DGRAM)")
        assert said.startswith((b"PermissionError", b"AttributeError"))

    def test_a_server_of_this_machine_is_not_reached(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            said = refused(f"import socket\nsocket.create_connection(('127.0.0.1', {port}))")
        assert said.startswith(b"PermissionError")


class TestProcesses:
    @pytest.mark.parametrize(
        "code",
        [
            "import os\nwhile True: os.fork()",
            "import os\nos.posix_spawn(os.sys.executable, ['python'], {})",
            "import subprocess\nsubprocess.run(['/bin/sh', '-c', ':(){ :|:& };:'])",
        ],
    )
    def test_there_is_only_one(self, code: str) -> None:
        assert refused(code).startswith(b"PermissionError")

    def test_there_is_only_one_thread(self) -> None:
        assert b"can't start new thread" in refused(
            "import threading\nthreading.Thread(target=print).start()"
        )

    @pytest.mark.parametrize(
        "target",
        [str(os.getpid()), "os.getppid() or -1", "-1", "0"],
        ids=["this process", "the parent", "all", "the group"],
    )
    def test_nobody_else_is_killed(self, target: str) -> None:
        """This process lives to tell."""
        attempt(f"import os\nfor n in (15, 9): os.kill({target}, n)")

    @pytest.mark.parametrize("number", [272, 165, 101, 321, 319, 29, 64, 68, 240, 447])
    def test_doors_to_the_kernel_are_shut(self, number: int) -> None:
        """Such as unshare, ptrace and the memory of semget, by their numbers on x86_64."""
        if os.uname().machine != "x86_64":
            pytest.skip("the numbers are those of x86_64")
        code = (
            "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            f"result = libc.syscall({number}, 0, 0, 0, 0)\n"
            "print(result, errno.errorcode[ctypes.get_errno()])"
        )
        assert attempt(code).output == b"-1 EPERM\n"


class TestMemory:
    @pytest.mark.parametrize(
        "code",
        [
            "bytearray(10**10)",
            "kept = []\nwhile True: kept.append(bytearray(10**6))",
            "import mmap\nmmap.mmap(-1, 10**10)",
        ],
    )
    def test_ten_gigabytes_are_not_given(self, code: str) -> None:
        assert refused(code).startswith((b"MemoryError", b"OSError"))

    def test_limits_cannot_be_raised(self) -> None:
        raising = "import resource as r\nr.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY,) * 2)"
        assert b"ValueError" in refused(raising)


def test_the_environment_is_not_told() -> None:
    said = attempt("import os; print(*os.environ)").output.decode()
    assert set(said.split()) <= {"LC_CTYPE", "PWD", "PYTHONHASHSEED"}

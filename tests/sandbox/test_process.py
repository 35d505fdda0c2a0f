"""One isolated process: what it gets, what it gives, and how its end is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_quant.errors import SandboxUnavailable
from pytest_quant.sandbox import Ended, Limits, linked, process, require, run
from pytest_quant.sandbox.syscalls import call_filter

SHORT = Limits(cpu_seconds=1, wall_seconds=20.0)


class TestARun:
    def test_reads_its_input_and_writes_its_output(self) -> None:
        ended = run("import sys; print(sys.stdin.read() * 2)", "grün ".encode())
        assert ended == Ended("exited", 0, "grün grün \n".encode())

    def test_tells_its_exit_status(self) -> None:
        assert run("import sys; print('no', file=sys.stderr); sys.exit(3)") == Ended(
            "exited", 3, b"no\n"
        )

    def test_tells_a_crash_of_the_interpreter(self) -> None:
        ended = run("import ctypes; ctypes.string_at(0)")
        assert ended.how == "killed"

    def test_has_a_directory_of_its_own(self) -> None:
        code = "import os; open('a.txt', 'w').write('x'); print(os.getcwd(), os.listdir())"
        assert run(code).output == run(code).output == b"/tmp ['a.txt']\n"

    def test_has_the_standard_library(self) -> None:
        code = "import asyncio, collections, decimal, heapq, json, random, re; print('all')"
        assert run(code).output == b"all\n"

    def test_has_none_of_the_installed_packages(self) -> None:
        assert run("import pytest").output.endswith(b"No module named 'pytest'\n")

    def test_orders_a_set_of_words_the_same_every_time(self) -> None:
        code = "print({'one', 'two', 'three', 'four', 'five', 'six'})"
        assert len({run(code).output for _ in range(3)}) == 1


class TestTwoThatAreLinked:
    ASKS = (
        "import os, sys\nsource, sink = map(int, sys.argv[1:])\n"
        "os.write(sink, sys.stdin.buffer.read())\nprint(os.read(source, 9))"
    )

    def test_talk_to_each_other_and_only_one_to_us(self) -> None:
        answers = "import os; os.write(1, os.read(0, 9).upper())"
        with linked(self.ASKS, b"word", answers, SHORT) as (first, second):
            assert first.ended() == Ended("exited", 0, b"b'WORD'\n")
            assert second.ended() == Ended("exited", 0, b"")

    def test_miss_each_other(self) -> None:
        """What reads from one that has ended comes to an end, and each end is told."""
        with linked(self.ASKS, b"word", "import os; os._exit(7)", SHORT) as (first, second):
            assert first.ended().how == "exited"
            assert second.ended() == Ended("exited", 7, b"")

    def test_have_each_its_own_time(self) -> None:
        with linked(self.ASKS, b"word", "while True: pass", SHORT) as (first, second):
            assert first.ended().output == b"b''\n"
            assert second.ended().how == "timeout"


class TestLimits:
    @pytest.mark.parametrize(
        "code",
        [
            "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
            "import os; os.close(1); os.close(2)\nwhile True: pass",
            "7 ** 10 ** 9",
        ],
    )
    def test_of_processor_time(self, code: str) -> None:
        assert run(code, limits=SHORT).how == "timeout"

    @pytest.mark.parametrize(
        "code",
        [
            "import time; time.sleep(1000)",
            "import os, time; os.close(1); os.close(2); time.sleep(1000)",
        ],
    )
    def test_of_waiting(self, code: str) -> None:
        assert run(code, limits=Limits(wall_seconds=0.3)).how == "timeout"

    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    def test_of_output(self, stream: str) -> None:
        ended = run(f"import sys\nwhile True: print('x' * 1000, file=sys.{stream})", limits=SHORT)
        assert ended.how == "flooded"
        assert len(ended.output) == SHORT.output

    def test_output_up_to_the_limit_is_whole(self) -> None:
        ended = run("print('x' * 999, end='')", limits=Limits(output=999))
        assert ended == Ended("exited", 0, b"x" * 999)


class TestWhereNothingCanBeIsolated:
    """Nothing is run, and the reason is told."""

    @pytest.fixture(autouse=True)
    def afresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process, "_problem", process._problem.__wrapped__)

    def refusal(self) -> str:
        with pytest.raises(SandboxUnavailable) as raised:
            run("print('run')")
        with pytest.raises(SandboxUnavailable) as again:
            require()
        assert str(raised.value) == str(again.value)
        return str(raised.value)

    def test_without_bubblewrap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.which", lambda _: None)
        assert "bubblewrap is not installed; install it" in self.refusal()

    def test_on_another_system(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.platform", "darwin")
        assert "isolated on Linux only, this is darwin" in self.refusal()

    def test_on_an_unknown_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("platform.machine", lambda: "riscv64")
        monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/bwrap")
        assert "the system calls of 'riscv64' are not known" in self.refusal()

    @pytest.mark.skipif("sys.platform != 'linux'")
    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("echo 'bwrap: No permissions to create new namespace'; exit 1", "No permissions"),
            # What only pretends: it drops its own options and runs the rest as it is.
            ('while [ "$1" != -P ]; do python=$1; shift; done; exec $python "$@"', "it can "),
        ],
    )
    def test_where_bubblewrap_does_not_work(
        self, script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake = tmp_path / "bwrap"
        fake.write_text(f"#!/bin/sh\n{script}\n")
        fake.chmod(0o755)
        monkeypatch.setattr("shutil.which", lambda _: str(fake))
        message = self.refusal()
        assert "a trial of it failed" in message
        assert said in message


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_jumps_only_forward_to_its_end(machine: str) -> None:
    """Eight bytes a step; every refused call leads to the last one."""
    content = call_filter(machine)
    steps = [content[i : i + 8] for i in range(0, len(content), 8)]
    assert content == b"".join(steps)
    for i, step in enumerate(steps[6:-2], 6):
        assert i + 1 + step[2] == len(steps) - 1
        assert step[3] == 0


def test_the_filter_of_an_unknown_machine_is_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="x86_64 and aarch64"):
        call_filter("mips")

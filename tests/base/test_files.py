"""Files are replaced whole, and what is none is written into and stays what it is."""

from __future__ import annotations

import errno
import os
import resource
import select
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.namespaces import with_mounted_file

from pytest_quant.base.files import write_atomically


def test_a_new_file_in_a_new_directory(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "ä.txt"
    write_atomically(path, "ö")
    assert path.read_bytes() == "ö".encode()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_atomically(path, b"1")
    write_atomically(path, b"2")
    assert path.read_bytes() == b"2"
    assert len(list(tmp_path.iterdir())) == 1


def test_text_that_is_not_unicode_is_spelt_out(tmp_path: Path) -> None:
    """As in the name of a file that is not UTF-8."""
    write_atomically(tmp_path / "r", "m\udcff.gguf")
    assert (tmp_path / "r").read_text("utf-8") == "m\\udcff.gguf"


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link, second = (tmp_path / name for name in ("target", "link", "second"))
    target.write_text("old")
    link.symlink_to("target")
    second.symlink_to(link)
    before = target.stat().st_ino
    write_atomically(second, "new")
    assert target.read_text() == "new"
    assert target.stat().st_ino != before, "it was written into, not replaced"
    assert (second.readlink(), link.readlink()) == (link, Path("target"))


def test_a_link_to_nowhere_leads_to_the_file_then(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new/target")
    write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "new" / "target").read_text() == "text"
    assert (tmp_path / "link").is_symlink()


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "a", "text")
    assert (tmp_path / "a").is_symlink()


def test_of_hard_links_the_others_keep_what_they_held(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    write_atomically(tmp_path / "a", "new")
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("new", "old")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_and_owner_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    path.chmod(mode)
    before = path.stat()
    write_atomically(path, "new")
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_a_device_stays_one(tmp_path: Path) -> None:
    """Not that of the machine: before it was mended, root would have replaced it."""
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    write_atomically(device, "text")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert list(tmp_path.iterdir()) == [device]


def test_a_full_device() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomically(Path("/dev/full"), "text")
    assert caught.value.errno == errno.ENOSPC
    assert Path("/dev/full").is_char_device()


def test_a_pipe_with_a_reader(tmp_path: Path) -> None:
    """More than fits into it at once."""
    pipe, text = tmp_path / "pipe", "text" * 100_000
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(reader, "r") as file:
        thread = threading.Thread(target=write_atomically, args=(pipe, text))
        thread.start()
        # Before there is a writer, a read would find the end of the pipe.
        select.select([file], [], [])
        os.set_blocking(reader, True)
        assert file.read() == text
        thread.join()
    assert pipe.is_fifo()


def test_a_pipe_without_a_reader_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no program reads from this pipe"):
        write_atomically(tmp_path / "pipe", "text")
    assert (tmp_path / "pipe").is_fifo()


def test_an_open_file_goes_on_where_it_is(tmp_path: Path) -> None:
    """``--quant-markdown=/dev/stdout > log``: neither is the log replaced nor overwritten."""
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        os.set_inheritable(file.fileno(), True)
        file.write(b"before ")
        write_atomically(Path(f"/dev/fd/{file.fileno()}"), "text")
        file.write(b" after")
    assert path.read_text() == "before text after"


def test_what_cannot_be_written_whole_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_atomically(path, b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_single_file_of_a_container(tmp_path: Path) -> None:
    """It is a mount point, which no other file can take the place of."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.write_text("old and longer")
    inside.touch()
    code = "import sys; from pathlib import Path; "
    code += "from pytest_quant.base.files import write_atomically; "
    code += "write_atomically(Path(sys.argv[1]), 'new')"
    words = [*with_mounted_file(outside, inside), sys.executable, "-c", code, str(inside)]
    subprocess.run(words, check=True)
    assert outside.read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"outside", "inside"}

"""Where something may be written, found out before it is made."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pytest_quant.base.destinations import check_destination, check_directory, find_destination


def test_a_file_that_is_none_yet(tmp_path: Path) -> None:
    place = check_destination(tmp_path / "new" / "deep" / "r.html")
    assert (place.is_file, place.status) == (True, None)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name, said in {
            ".": "a directory",
            "file/r.html": "Not a directory",
            "loop": "symbolic links",
            "loop/r.html": "symbolic links",
            "socket": "a socket",
            "x" * 300: "name too long",
        }.items():
            with pytest.raises(OSError, match=said):
                check_destination(tmp_path / name)


@pytest.mark.parametrize("path", ["/proc/version", "/proc/r.html", "/sys/r.html"])
def test_where_nobody_can_make_a_file(path: str) -> None:
    """Not even root, whom permissions do not keep from it."""
    if not Path(path).parent.is_dir():
        pytest.skip(f"{path}: there is no such file system here")
    with pytest.raises(OSError, match=r"."):
        check_destination(Path(path))


def test_a_disk() -> None:
    disks = [path for path in Path("/dev").iterdir() if path.is_block_device()]
    if not disks:
        pytest.skip("no disk is to be seen here")
    with pytest.raises(OSError, match="a disk, whose content would be lost"):
        check_destination(disks[0])


def test_a_write_protected_file(tmp_path: Path) -> None:
    (tmp_path / "kept").touch(0o444)
    if os.geteuid() == 0:
        pytest.skip("root writes what it likes")
    with pytest.raises(OSError, match="write-protected"):
        check_destination(tmp_path / "kept")


def test_names_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "hard").hardlink_to(tmp_path / "file")
    (tmp_path / "folder").symlink_to(".")
    names = ("file", "./file", "link", "hard", "folder/link")
    assert len({find_destination(tmp_path / name).identity for name in names}) == 1
    (tmp_path / "dangling").symlink_to("new")
    names = ("new", "dangling", "folder/new")
    assert len({find_destination(tmp_path / name).identity for name in names}) == 1


def test_devices_may_be_shared() -> None:
    place = check_destination(Path("/dev/null"))
    assert (place.is_file, place.identity) == (False, None)


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"])
def test_descriptors(folder: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before ")
    link = tmp_path / "link"
    with path.open("ab") as file:
        os.set_inheritable(file.fileno(), True)
        link.symlink_to(f"{folder}/{file.fileno()}")
        for name in (link, Path(folder, str(file.fileno()))):
            place = check_destination(name)
            assert (place.is_file, place.descriptor) == (False, file.fileno())
        # Python's own descriptors are none that a user named.
        os.set_inheritable(file.fileno(), False)
        with pytest.raises(OSError, match="given no such descriptor"):
            check_destination(link)
    with pytest.raises(OSError, match="Bad file descriptor"):
        check_destination(link)


def test_a_descriptor_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with path.open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        with pytest.raises(OSError, match="open for reading only"):
            check_destination(Path(f"/dev/fd/{file.fileno()}"))


def test_a_directory(tmp_path: Path) -> None:
    check_directory(tmp_path / "new" / "deep")
    check_directory(tmp_path)
    (tmp_path / "file").touch()
    for name in ("file", "file/deep"):
        with pytest.raises(OSError, match="Not a directory"):
            check_directory(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

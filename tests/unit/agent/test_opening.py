"""Opening what the hub names: never outside the policy's folders, never anything but a file."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from chatops.agent.opening import OpeningError, open_file

SECRET = b"a secret outside"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The one allowed folder, beside which there is a secret."""
    (tmp_path / "secret").write_bytes(SECRET)
    made = tmp_path / "logs"
    made.mkdir()
    (made / "app.log").write_bytes(b"inside")
    return made


def read(path: Path, folder: Path | None = None) -> bytes:
    descriptor = open_file(path, None if folder is None else (str(folder),))
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


def code(path: Path, *folders: Path) -> str:
    with pytest.raises(OpeningError) as caught:
        open_file(path, tuple(map(str, folders)))
    assert str(path) not in caught.value.reason
    return caught.value.code


def test_a_file_in_the_folder_is_opened_also_through_links_that_stay_inside(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "link").symlink_to(folder / "app.log")
    alias = folder.with_name("alias")
    alias.symlink_to(folder)
    assert read(folder / "app.log", folder) == b"inside"
    assert read(folder / "deep" / "link", folder) == b"inside"
    assert read(folder / "deep" / ".." / "app.log", folder) == b"inside"
    assert read(folder / "app.log", alias) == read(alias / "app.log", folder) == b"inside"
    assert read(folder.with_name("secret")) == SECRET


def test_nothing_leads_outside_and_nothing_is_learned_of_what_is_there(folder: Path) -> None:
    outside = folder.parent
    (folder / "file").symlink_to(outside / "secret")
    (folder / "up").symlink_to(outside)
    (folder / "loose").symlink_to(outside / "nothing")
    (outside / "logs-too").mkdir()
    (outside / "logs-too" / "x").touch()
    for path in (
        outside / "secret", outside / "nothing", folder / ".." / "secret", folder / "file",
        folder / ".." / "nothing", folder / "up" / "secret", folder / "up" / "nothing",
        folder / "up" / "no" / "thing", outside / "logs-too" / "x", outside / "logs-too" / "y",
    ):  # fmt: skip
        assert code(path, folder) == "not_allowed", path
    assert code(folder / "nothing", folder) == "not_found"
    assert code(folder / "app.log" / "x", folder) == "not_found"
    assert code(folder / "loose", folder) == "not_found"
    assert code(folder / "app.log") == "not_allowed"


def test_what_is_no_plain_file_is_neither_opened_nor_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket"))
    for name in ("pipe", "socket", "."):
        assert code(folder / name, folder) == "invalid", name
    with pytest.raises(OpeningError, match="a device"):
        open_file(Path("/dev/null"))
    with pytest.raises(OSError, match="No such device or address"):  # nobody has it open
        os.open(folder / "pipe", os.O_WRONLY | os.O_NONBLOCK)


def test_a_name_that_is_swapped_all_the_time_never_leads_outside(folder: Path) -> None:
    path, beside, stop = folder / "swapped", folder / "beside", threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for goal in ("app.log", "../secret"):
                beside.symlink_to(goal)
                beside.replace(path)

    path.symlink_to("app.log")
    worker = threading.Thread(target=swap)
    worker.start()
    outcomes = set()
    try:
        for _ in range(2000):
            try:
                outcomes.add(read(path, folder))
            except OpeningError as error:
                outcomes.add(error.code.encode())
    finally:
        stop.set()
        worker.join()
    assert outcomes <= {b"inside", b"not_allowed"}


def test_no_descriptor_is_left_open(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for path in (folder / "app.log", folder, folder / "nothing", folder.with_name("secret")):
        try:
            read(path, folder)
        except OpeningError:
            continue
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208

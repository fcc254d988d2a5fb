"""A real journal of the tests' own: Debian's systemd-journald in a mount namespace, which keeps its
files and its socket in one folder, and writers in control groups that it takes for units."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.support.waiting import until

JOURNALD: Final = "/lib/systemd/systemd-journald"
_SETTINGS: Final = """[Journal]
Storage=volatile
ReadKMsg=no
Audit=
RateLimitIntervalSec=0
SplitMode=none
ForwardToWall=no
RuntimeMaxUse=512M
RuntimeMaxFileSize=64M
"""
_ENTER: Final = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
mount --bind "$1/files" /run/log/journal
mount --bind "$1/sockets" /run/systemd/journal
mount --bind "$1/journald.conf" /etc/systemd/journald.conf
exec "$2"
"""
_JOURNALCTL: Final = '#!/bin/sh\nexec {} --directory="{}" "$@"\n'
_AS_UNIT: Final = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"'
_WRITER: Final = """
import fcntl, os, socket, sys
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.connect(sys.argv[1])
while head := sys.stdin.buffer.read(8):
    data = sys.stdin.buffer.read(int.from_bytes(head, "little"))
    try:
        end.send(data)
    except OSError:
        file = os.memfd_create("entry", os.MFD_ALLOW_SEALING)
        with open(file, "wb", closefd=False) as stream:
            stream.write(data)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, 15)
        socket.send_fds(end, [b""], [file])
        os.close(file)
"""
"""Sends entries to journald as programs do: large ones in a sealed file."""
_SYNC: Final = """
with socket.socket(socket.AF_UNIX) as end:
    end.connect(sys.argv[1].removesuffix("socket") + "io.systemd.journal")
    end.sendall(b'{"method": "io.systemd.Journal.Synchronize"}\\0')
    assert b"error" not in end.recv(4096)
"""
"""Waits until journald has taken what was sent: it looks for the sender's unit only then."""


class RealJournal:
    """A journal. ``path`` is the PATH of whoever is to read it with journalctl."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = folder / "files"
        self.path = f"{folder / 'bin'}:{os.environ['PATH']}"
        self.socket = folder / "sockets" / "socket"
        self._process: subprocess.Popen[bytes] | None = None
        self._units: set[Path] = set()
        for name in ("files", "sockets", "bin"):
            (folder / name).mkdir()
        (folder / "journald.conf").write_text(_SETTINGS)
        program = folder / "bin" / "journalctl"
        program.write_text(_JOURNALCTL.format(shutil.which("journalctl"), self.files))
        program.chmod(0o755)

    def start(self) -> None:
        """Start it, and wait until it takes entries."""
        assert Path(JOURNALD).exists(), "this test needs journald: apt-get install systemd"
        for left in self.socket.parent.iterdir():
            left.unlink()
        words = ["unshare", "--mount", "sh", "-c", _ENTER, "sh", str(self._folder), JOURNALD]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        until((self.socket.parent / "io.systemd.journal").exists, what="the journal")

    def stop(self) -> None:
        """End it; what it wrote stays."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def rotate(self) -> None:
        """Have it begin another file."""
        assert self._process is not None
        before = len(self._files())
        self._process.send_signal(signal.SIGUSR2)
        until(lambda: len(self._files()) > before, what="another file of the journal")

    def forget(self) -> None:
        """Lose all that was written, as when it makes room."""
        self.rotate()
        for file in self._files():
            if "@" in file.name:
                file.unlink()

    def begin_anew(self) -> None:
        """The same when its files were removed while it did not run: numbers begin anew."""
        self.stop()
        for file in self._files():
            file.unlink()
        self.start()

    def write(self, *messages: bytes, unit: str | None = None, **fields: str) -> None:
        """Entries of one program, which is of a unit or of none."""
        sent = b""
        for message in messages:
            values = {"MESSAGE": message, **{name: text.encode() for name, text in fields.items()}}
            data = b"".join(
                name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
                for name, value in values.items()
            )
            sent += len(data).to_bytes(8, "little") + data
        words = [sys.executable, "-I", "-S", "-c", _WRITER + _SYNC, str(self.socket)]
        subprocess.run([*self._as(unit), *words], input=sent, check=True, timeout=60)

    def start_writer(self, unit: str, script: str, *words: str) -> subprocess.Popen[bytes]:
        """A program of a unit, in Python, which has imported socket and sys. Its first argument
        is the journal's socket."""
        program = [sys.executable, "-I", "-S", "-c", script + _SYNC, str(self.socket), *words]
        return subprocess.Popen([*self._as(unit), *program])

    def readers(self) -> list[int]:
        """The journalctl that read it."""
        mark, found = f"--directory={self.files}".encode(), []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    def close(self) -> None:
        """End it, and take away what is not in its folder."""
        self.stop()
        for folder in self._units:
            with suppress(OSError):
                folder.rmdir()
                folder.parent.rmdir()

    def _files(self) -> list[Path]:
        return list(self.files.glob("*/*.journal"))

    def _as(self, unit: str | None) -> list[str]:
        if unit is None:
            return []
        folder = _groups() / f"chatops{os.getpid()}.slice" / unit
        folder.mkdir(parents=True, exist_ok=True)
        self._units.add(folder)
        return ["sh", "-c", _AS_UNIT, "sh", str(folder)]


@contextmanager
def real_journal() -> Iterator[RealJournal]:
    """A journal that runs, ended and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="journal-") as folder:
        journal = RealJournal(Path(folder))
        try:
            journal.start()
            yield journal
        finally:
            journal.close()


def _groups() -> Path:
    """Where control groups of the second version are."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next(Path(one[1]) for one in mounts if one[2] == "cgroup2")

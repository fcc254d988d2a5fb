"""The programs as processes of their own, as a user starts them, and none left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from chatops.cli.profiles import Profiles
from chatops.client import Client
from tests.support.databases import lay_out_new
from tests.support.ports import free_port
from tests.support.source import SRC
from tests.support.waiting import until

PROGRAM = (sys.executable, "-m", "chatops.cli")
PASSWORD = "a password for tests"
_MARK = "CHATOPS_TEST_RUN"
_READY = re.compile(rb"^chatops hub ready at (\S+)", re.MULTILINE)


class Finished(NamedTuple):
    """What became of a command."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        """stdout as text."""
        return self.stdout.decode()

    @property
    def err(self) -> str:
        """stderr as text."""
        return self.stderr.decode()

    def json(self) -> Any:
        """stdout as JSON."""
        return msgspec.json.decode(self.stdout)


class Program:
    """A running program; what it says is in ``said``. ``within`` begins its command line: the
    words that run it in a network of its own."""

    def __init__(
        self, words: list[str], environ: Mapping[str, str], log: Path, within: tuple[str, ...] = ()
    ) -> None:
        self.log = log
        self._begin = log.stat().st_size if log.exists() else 0
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [*within, *PROGRAM, *words], env=dict(environ), stdin=subprocess.DEVNULL,
                stdout=stream, stderr=stream, start_new_session=True,
            )  # fmt: skip

    @property
    def said(self) -> bytes:
        """Everything on its stdout and stderr so far."""
        return self.log.read_bytes()[self._begin :]

    def says(self, pattern: bytes, *, within: float = 45.0) -> re.Match[bytes]:
        """Wait until it has said something, and fail early when it has ended."""
        wanted = re.compile(pattern, re.MULTILINE)

        def look() -> re.Match[bytes] | None:
            found = wanted.search(self.said)
            assert found or self.process.poll() is None, f"it ended: {self.said.decode()}"
            return found

        match = until(look, within=within, what=f"{pattern!r} in the output")
        assert match is not None
        return match

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 15.0) -> int:
        """End it with a signal and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(within)


class Bench:
    """The processes of one test. They share a configuration folder and a mark."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._mark = uuid.uuid4().hex
        self.programs: list[Program] = []
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(SRC),
            "CHATOPS_CONFIG_DIR": str(folder / "config"),
            _MARK: self._mark,
        }

    def start(self, name: str, *words: str, **environ: str) -> Program:
        """Start ``chatops WORDS``; ``name`` is that of its log."""
        program = Program([*words], {**self.environ, **environ}, self.folder / f"{name}.log")
        self.programs.append(program)
        return program

    def start_hub(
        self, data_dir: Path | None = None, *flags: str, empty: bool = False, **environ: str
    ) -> Program:
        """A hub on a free port that is ready; ``url`` is its address. Its tables are there when it
        starts, unless its folder is to be ``empty``: to make them takes as long as a start."""
        where = data_dir or self.folder / "hub"
        if not empty:
            lay_out_new(where)
        given = {"CHATOPS_ADMIN_PASSWORD": PASSWORD, **environ}
        hub = self.start(
            "hub", "serve", "--port", str(free_port()), "--data-dir", str(where), *flags, **given
        )
        hub.says(rb"^chatops hub ready at .+$")
        self.url = _READY.findall(hub.said)[-1].decode()
        return hub

    def start_agent(self, name: str, key: str, *flags: str, **environ: str) -> Program:
        """An agent of that name that is connected."""
        words = ["agent", "--data-dir", str(self.folder / f"agent-{name}"), "--interval", "1s"]
        given = {"CHATOPS_HUB": self.url, "CHATOPS_KEY": key, **environ}
        agent = self.start(f"agent-{name}", *words, *flags, **given)
        agent.says(rb"^connected to \S+ as ")
        return agent

    def login(self) -> None:
        """Sign in as the admin, in the active profile."""
        done = self.run("login", self.url, "-u", "admin", "--password-stdin", stdin=PASSWORD)
        assert done.code == 0, done.err

    def add_server(self, name: str) -> str:
        """Add a server; its key."""
        done = self.run("servers", "add", name, "--key", "-o", "json")
        assert done.code == 0, done.err
        key: str = done.json()["key"]["key"]
        return key

    @contextmanager
    def client(self) -> Iterator[Client]:
        """The Python client, signed in as the command line is."""
        (profile,) = Profiles(self.folder / "config").read().profiles.values()
        with Client(self.url, profile.token) as client:
            yield client

    def run(
        self, *words: str, stdin: str | bytes = b"", timeout: float = 60.0, **environ: str
    ) -> Finished:
        """Run ``chatops WORDS`` to its end."""
        done = subprocess.run(
            [*PROGRAM, *words], env={**self.environ, **environ}, capture_output=True,
            input=stdin.encode() if isinstance(stdin, str) else stdin, timeout=timeout,
            check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        """End everything that was started, last started first; fail if something stays.

        Raises:
            AssertionError: a process of this test does not end.
        """
        for program in reversed(self.programs):
            try:
                program.stop()
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()
        until(lambda: not self.alive(), within=10.0, what="the end of all processes")

    def alive(self) -> list[int]:
        """Processes of this test that still run, by the mark in their environment."""
        mark = f"{_MARK}={self._mark}".encode()
        return [pid for pid in _pids() if mark in _environ_of(pid)]


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench that is cleared at the end."""
    made = Bench(folder)
    try:
        yield made
    finally:
        made.close()


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environ_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it ended meanwhile, or is somebody else's
        return b""

"""The demo: a hub and an agent as processes of their own, in a folder that goes with them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

from chatops.cli.context import Cli, Connection
from chatops.cli.profiles import Profile
from chatops.cli.sample import show_sample
from chatops.client import Client
from chatops.errors import ChatOpsError, Conflict, NoSample, SetupError
from chatops.protocol.rest import ServerSample

PROFILE: Final = "demo"
_READY: Final = re.compile(rb"^chatops hub ready at (\S+)$", re.MULTILINE)
_START: Final = 60.0
_GRACE: Final = 5.0
_PAUSE: Final = 0.05
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
T = TypeVar("T")


class Stopped(BaseException):
    """Ctrl-C or SIGTERM came, or the terminal went away."""


class Child:
    """A program of ours as a process; what it says goes into a file."""

    def __init__(self, name: str, folder: Path, words: list[str], environ: dict[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            # A session of its own, so that Ctrl-C reaches only us and we end both in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chatops.cli", *words],
                env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def check(self) -> None:
        """Nothing, as long as it runs.

        Raises:
            SetupError: it ended; the hint holds its last words.
        """
        code = self._process.poll()
        if code is not None:
            last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
            raise SetupError(
                f"the {self.name} of the demo ended with status {code}",
                hint="it said: " + (" / ".join(last) or "nothing"),
            )

    def stop(self) -> None:
        """End it: politely, then again, then at once."""
        for end in (self._process.terminate, self._process.terminate, self._process.kill):
            if self._process.poll() is not None:
                return
            end()
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                continue


def run(cli: Cli) -> int:
    """The demo from its start to Ctrl-C; the exit code."""
    for number in _ENDING:
        signal.signal(number, _stop)
    _check_free(cli)
    try:
        with _folder() as folder, _children() as children:
            _play(cli, folder, children)
    except Stopped:
        cli.out.say("the demo is over, and everything of it removed")
    return 0


def _play(cli: Cli, folder: Path, children: list[Child]) -> None:
    password = secrets.token_urlsafe(16)
    cli.out.say("starting a hub and an agent of this machine ...")
    words = ["serve", "--port", "0", "--data-dir", str(folder / "hub")]
    hub = Child("hub", folder, words, {"CHATOPS_ADMIN_PASSWORD": password})
    children.append(hub)
    url = _await(lambda: _ready(hub), [hub], "the hub")
    with Client(url) as client, _profile(cli, client, password) as active:
        name = _server_name()
        key = client.servers.create(name, key=True).key
        assert key is not None
        words = ["agent", "--allow", "exec", "--interval", "2s",
                 "--data-dir", str(folder / "agent")]  # fmt: skip
        agent = Child("agent", folder, words, {"CHATOPS_HUB": url, "CHATOPS_KEY": key.key})
        children.append(agent)
        show_sample(cli.out, _await(lambda: _sample(client, name), children, "a first sample"))
        cli.out.flush()
        _say_what_next(cli, url, name, password, active=active)
        while True:
            for child in children:
                child.check()
            time.sleep(_PAUSE * 4)


def _say_what_next(cli: Cli, url: str, name: str, password: str, *, active: bool) -> None:
    program = "chatops" if shutil.which("chatops") else sys.argv[0]
    profile = "" if active else f" --profile {PROFILE}"
    cli.out.say(
        f"\nthe hub is at {url} until Ctrl-C; from a second terminal:\n\n"
        f"  {program} exec{profile} {name} uptime\n"
        f"  {program} metrics watch {name}{profile}\n"
        f"  {program} servers list{profile}\n"
        f"  {program} --help\n\n"
        f"in a browser: {url}, as admin with the password {password}\n"
    )


# -- what goes away with the demo -------------------------------------------------------


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="chatops-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _children() -> Iterator[list[Child]]:
    """The processes; the last one started is the first to be ended."""
    children: list[Child] = []
    try:
        yield children
    finally:
        for number in _ENDING:  # the end is under way already
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.stop()


@contextmanager
def _profile(cli: Cli, client: Client, password: str) -> Iterator[bool]:
    """The profile ``demo``, signed in; whether it is the active one."""
    pair = client.auth.login("admin", password)
    with cli.profiles.change() as book:
        book.profiles[PROFILE] = Profile(
            hub=client.url, user="admin", token=pair.access_token, refresh_token=pair.refresh_token
        )
        book.active = book.active or PROFILE
        active = book.active == PROFILE
    try:
        yield active
    finally:
        with cli.profiles.change() as book:
            if PROFILE in book.profiles and book.profiles[PROFILE].hub == client.url:
                book.remove(PROFILE)


def _check_free(cli: Cli) -> None:
    """Refuses when another demo of this user runs; what a killed one left is overwritten."""
    book = cli.profiles.read()
    if PROFILE not in book.profiles:
        return
    where = Connection(book.profiles[PROFILE].hub, None, None, None, insecure=False)
    try:
        with cli.client_for(where, timeout=2.0) as client:
            client.hub.health()
    except ChatOpsError:
        return
    raise Conflict(
        f"a demo is running already at {where.hub}",
        hint="end it with Ctrl-C first; or `chatops profiles rm demo` if that hub is no demo",
    )


# -- waiting ----------------------------------------------------------------------------


def _await(look: Callable[[], T | None], children: list[Child], what: str) -> T:
    until = time.monotonic() + _START
    while (found := look()) is None:
        for child in children:
            child.check()
        if time.monotonic() > until:
            raise SetupError(f"{what} did not come within {_START:g} s")
        time.sleep(_PAUSE)
    return found


def _ready(hub: Child) -> str | None:
    found = _READY.search(hub.log.read_bytes())
    return found[1].decode() if found else None


def _sample(client: Client, name: str) -> ServerSample | None:
    try:
        sample = client.metrics.latest(name)
    except NoSample:
        return None
    return sample if sample.cpu.percent is not None else None  # rates begin with the second


def _server_name() -> str:
    """This machine's name, as far as a server can be called so."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", socket.gethostname()).strip("-._")[:63]
    return name if name and name != "all" else "this-machine"


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped

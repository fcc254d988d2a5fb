"""What a terminal says while the server it stands for is away."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import cast

import pytest

from chatops.cli.context import Cli, Common
from chatops.cli.running import following
from chatops.cli.terminal import session
from chatops.cli.terminal.raw import RawTerminal
from chatops.cli.terminal.session import TerminalSession
from chatops.client.keyboard import Keyboard
from chatops.client.run_events import End, Output, RunEvent, Start
from chatops.errors import HubUnreachable
from chatops.protocol.rest import CommandResult


class Screen:
    """A terminal that nobody sees."""

    is_raw = False

    def enter(self) -> None: ...

    def leave(self) -> None: ...

    def size(self) -> tuple[int, int]:
        return 24, 80


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (*session._ENDS, signal.SIGTSTP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_that_the_server_is_away_and_back_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "_AWAY", 0.0)

    def looked() -> None:
        os.kill(os.getpid(), signal.SIGALRM)

    def begin(keyboard: Keyboard) -> Iterator[RunEvent]:
        yield Start("web-1", "c1", "r1")
        for step in (keyboard.cut, looked, looked, keyboard.restart):
            step()
        yield Output("web-1", "c1", "stdout", 0, b"fresh\n")
        looked()
        result = CommandResult(
            server="web-1", command_id="c1", run_id="r1", status="succeeded", exit_code=0
        )
        yield End(result, 6, 0)

    screen = cast("RawTerminal", Screen())
    made = TerminalSession(Cli(Common()), screen, begin, lambda *_: iter(()))
    made.run()
    assert [line for line in capfd.readouterr().err.splitlines() if line] == [
        "[chatops: web-1 is away; what you type waits for it, ~. leaves]",
        "[chatops: web-1 is back]",
    ]


def test_who_lost_the_hub_for_good_is_told_what_shows_the_rest(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "RECOVERY", 0.0)

    def begin(keyboard: Keyboard) -> Iterator[RunEvent]:
        yield Start("web-1", "c1", "r1")
        raise HubUnreachable("the hub is gone")

    screen = cast("RawTerminal", Screen())
    made = TerminalSession(
        Cli(Common(no_color=True)), screen, begin, lambda *_: begin(Keyboard(0, screen.size))
    )
    assert made.run() == 122
    error, hint = capfd.readouterr().err.splitlines()[-2:]
    assert error.endswith("the hub is gone; the terminal was c1, and is hung up after a minute")
    assert hint == "hint: `chatops commands attach c1` shows what was printed"

"""Terminals of a real agent: real PTYs and shells, a stand-in hub."""

from __future__ import annotations

import os
import pwd
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatops.agent import stdin
from chatops.protocol.features import TERMINALS
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import KiB
from chatops.protocol.messages import Resize, StreamClose
from chatops.protocol.parts import Terminal
from tests.support.agents import agent_process, local_agent
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until, until_async

SIZE = Terminal(rows=30, cols=90, term="xterm-256color")
LOGIN = Terminal(rows=24, cols=80, login=True)


class Typist:
    """Types at the terminal of the command ``c1``, whose input is stream 3."""

    def __init__(self, hub: StandInHub) -> None:
        self._hub = hub
        self._typed = 0

    async def type(self, data: bytes) -> None:
        await self._hub.send_raw(encode_frame(3, self._typed, data))
        self._typed += len(data)

    async def sees(self, text: str) -> None:
        await until_async(lambda: text in self._hub.text(), what=f"{text!r} on the terminal")


@asynccontextmanager
async def terminal(
    command: str | list[str], size: Terminal = SIZE, **more: Any
) -> AsyncIterator[tuple[StandInHub, Typist]]:
    """A command at a terminal of an agent in this process."""
    async with stand_in_hub() as hub, local_agent(hub.url, allow=["shell"], **more):
        await hub.connected()
        assert TERMINALS in hub.auths[0].features
        await hub.start(command, stdin=3, terminal=size)
        yield hub, Typist(hub)


async def test_a_program_has_a_terminal_of_its_own_with_size_and_kind() -> None:
    line = 'tty; stty size; echo $TERM; ps -o tpgid= -o pid= -p $$; echo "err" >&2'
    async with terminal(line) as (hub, _):
        assert (await hub.outcome("c1")).state == "succeeded"
        tty, size, term, groups, error = hub.text().split("\r\n")[:5]
        assert tty.startswith("/dev/pts/")
        assert (size, term, error) == ("30 90", "xterm-256color", "err")
        foreground, pid = groups.split()
        assert foreground == pid
        assert hub.text(2) == ""


async def test_a_login_shell_does_job_control_and_gives_its_status() -> None:
    async with terminal("login shell", LOGIN) as (hub, typist):
        await typist.type(b"set -m; shopt -q login_shell && echo it is''in\n")
        await typist.sees("it isin")
        await typist.type(b"cat -A\n")
        await typist.type(b"marco\n")
        await typist.sees("marco$")
        await typist.type(b"\x1a")
        await typist.sees("Stopped")
        await typist.type(b"kill %1; fg; sh -c 'echo slee\"\"ping; sleep 1000'\n")
        await typist.sees("sleeping")
        await typist.type(b"\x03echo th''ere\n")
        await typist.sees("there")
        await typist.type(b"exit 7\n")
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.exit_code) == ("failed", 7)


async def test_a_new_size_is_told_and_a_redraw_also_without_one() -> None:
    line = "trap 'stty size; echo w''inch' WINCH; echo re''ady; while read x; do :; done"
    async with terminal(["bash", "-c", line]) as (hub, typist):
        await typist.sees("ready")
        await hub.send(Resize(id="c1", rows=40, cols=120))
        await typist.type(b"\n")
        await typist.sees("40 120\r\nwinch")
        await hub.send(Resize(id="c1", rows=40, cols=120, redraw=True))
        await typist.type(b"\n")
        await until_async(lambda: hub.text().count("winch") == 2, what="the redraw")
        await hub.send(StreamClose(stream=3, offset=2, reason="eof"))
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("cancelled", "hung_up")


async def test_a_flood_stops_close_ahead_of_its_watcher_and_is_interrupted_at_once() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, allow=["shell"]) as local:
        hub.give_credit = False
        await hub.connected()
        await hub.start("yes", stdin=3, terminal=SIZE)
        run = await until_async(lambda: local.agent.executor._runs.get("c1"))
        await until_async(lambda: run.stdout.is_full, what="the brake")
        assert run.stdout.buffer.end < 512 * KiB
        await Typist(hub).type(b"\x03")
        outcome = await until_async(lambda: run.response, what="the end of yes")
        assert outcome.signal == signal.SIGINT


async def test_it_outlives_a_short_absence_and_is_hung_up_after_a_long_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    line = f"trap 'echo hup > {mark}; exit' HUP; echo re''ady; read x; echo got $x; read y"
    async with terminal(["bash", "-c", line]) as (hub, typist):
        await typist.sees("ready")
        await hub.drop()
        await hub.connected(2)
        for number, name in ((7, "stdout"), (3, "stdin")):
            await hub.resume("c1", number, name, offset=len(hub.text().encode()))
        await typist.type(b"on\n")
        await until_async(lambda: "got on" in hub.text(7))
        monkeypatch.setattr(stdin, "GRACE", 0.1)
        await hub.send(StreamClose(stream=3, reason="detached"))
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("cancelled", "hung_up")
        assert mark.read_text() == "hup\n"


@pytest.mark.parametrize(
    ("key", "state", "reason"), [("idle", "cancelled", "idle"), ("total", "timed_out", "timeout")]
)
async def test_the_policy_bounds_its_time(key: str, state: str, reason: str) -> None:
    policy = {"shell": {key: "200ms"}}
    async with terminal("exec sleep 1000", policy=policy) as (hub, _):
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == (state, reason)
        assert f"shell.{key}" in (outcome.error or "")


@pytest.mark.parametrize(
    ("allow", "policy", "asked", "reason"),
    [
        (["exec"], {}, {"terminal": SIZE}, "not_allowed"),
        (["shell"], {"exec": {"commands": [["uptime"]]}}, {"terminal": LOGIN}, "policy"),
        (["shell"], {"exec": {"commands": [["uptime"]]}}, {"terminal": SIZE}, "policy"),
        (["shell"], {"exec": {"deny": ["id"]}}, {"terminal": SIZE}, "policy"),
        (["shell"], {}, {"terminal": SIZE, "container": "app"}, "not_allowed"),
        (["docker"], {}, {"terminal": SIZE}, "not_allowed"),
        (["docker"], {"docker": {"exec": False}}, {"terminal": SIZE, "container": "a"}, "policy"),
    ],
)
async def test_what_the_policy_does_not_allow_gets_no_terminal(
    allow: list[str], policy: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, allow=allow, policy=policy):
        await hub.connected()
        await hub.start("id", stdin=3, **asked)
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("refused", reason)


async def test_it_belongs_to_the_user_of_the_policy() -> None:
    policy = {"exec": {"user": "nobody"}}
    async with terminal("id -un; echo through > $(tty); stat -c %U $(tty)", policy=policy) as (
        hub, _,
    ):  # fmt: skip
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text().split() == ["nobody", "through", pwd.getpwnam("nobody").pw_name]


async def test_nothing_at_it_survives_an_agent_that_is_killed() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "shell") as agent:
            await hub.connected()
            line = "trap '' HUP TERM; echo $$; while :; do sleep 1000; done"
            await hub.start(["bash", "-c", line], stdin=3, terminal=SIZE)
            pid = int(await until_async(lambda: hub.text().partition("\r\n")[0]))
            os.kill(agent.pid, signal.SIGKILL)
            until(lambda: not Path(f"/proc/{pid}").exists(), what="the end of the shell")

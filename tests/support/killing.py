"""Commands that leave proof on disk, and what must be true of them after somebody was killed."""

from __future__ import annotations

import base64
import random
import signal
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal, NamedTuple

from chatops.client import Client
from chatops.protocol.rest.commands import COMMAND_FINAL, CommandResult
from tests.support.agents import group_members
from tests.support.processes import PROGRAM, Bench, Program
from tests.support.waiting import pause, until

Victim = Literal["hub", "agent", "cli"]
SERVERS: Final = ("web-1", "web-2")
KILLED: Final = SERVERS[0]
"""The one whose agent is killed."""
EXIT: Final = 7
WITHIN: Final = 60.0
"""Seconds in which everything must have an outcome: an agent's longest pause and some."""
LATEST: Final = 1.6
"""Seconds after a command line's start in which the kill falls: before it has connected, while
its command runs, while its outcome is on the way, and after it."""
_NOT_RUN: Final = 120
_LOST: Final = 122
_SOME_NOT_RUN: Final = 123
_STOPPED: Final = 125
Results = dict[tuple[str, str], CommandResult]
"""By the proof's name and the server's."""


class Started(NamedTuple):
    """A note of a start: the leader, and the agent's process that started it."""

    group: int
    agent: int


@dataclass(frozen=True)
class Work:
    """A shell line that notes its starts and ends in a file, and what it writes between."""

    proof: Path
    lines: int
    pause: float

    @property
    def shell(self) -> str:
        """The line to run."""
        step = f"; sleep {self.pause:g}" if self.pause else ""
        return (
            f"echo start $$ $PPID >> {self.proof}; i=0; while [ $i -lt {self.lines} ]; do "
            f"i=$((i+1)); echo out $i; echo err $i >&2{step}; done; "
            f"echo end $$ $PPID >> {self.proof}; exit {EXIT}"
        )

    def whole(self, stream: str, prefix: str = "") -> bytes:
        """All that it writes to stdout (``out``) or stderr (``err``)."""
        return b"".join(
            f"{prefix}{stream} {number}\n".encode() for number in range(1, self.lines + 1)
        )

    def noted(self, what: str) -> list[Started]:
        """Every ``start`` or ``end`` that there was."""
        if not self.proof.exists():
            return []
        lines = (line.split() for line in self.proof.read_text().splitlines())
        return [Started(int(one[1]), int(one[2])) for one in lines if one[0] == what]


@dataclass
class Moment:
    """One kill: what was under way, and what the command line said of it."""

    number: int
    after: float
    target: str
    watched: Work
    detached: Work
    code: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""

    def __str__(self) -> str:
        return f"moment {self.number} ({self.after:.3f} s)"


class Killing:
    """A hub and two agents of which one, or the command line, is killed again and again."""

    def __init__(self, place: Bench, victim: Victim, seed: int) -> None:
        self._place = place
        self._victim = victim
        self._random = random.Random(f"{seed} {victim}")
        self._hub: Program | None = None
        self._agents: dict[str, Program] = {}
        self._keys: dict[str, str] = {}
        self._pids: dict[int, str] = {}
        self._proofs = place.folder / "proofs"
        self._proofs.mkdir()

    def begin(self) -> None:
        """Start the hub and the agents."""
        self._hub = self._place.start_hub()
        self._place.login()
        for server in SERVERS:
            self._keys[server] = self._place.add_server(server)
            self._start_agent(server)

    def strike(self, number: int) -> Moment:
        """Run two commands and kill the victim at some moment; all are up again afterwards."""
        moment = self._moment(number)
        with self._place.client() as client:
            client.commands.detach("all", moment.detached.shell, parallel=1)
        line = [*PROGRAM, "exec", moment.target, moment.watched.shell]
        cli = subprocess.Popen(
            line, env=self._place.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            pause(moment.after)
            self._kill(cli)
            moment.stdout, moment.stderr = cli.communicate(timeout=WITHIN + 60.0)
        finally:
            if cli.poll() is None:
                cli.kill()
                cli.communicate()
        moment.code = cli.returncode
        return moment

    def check(self, moments: list[Moment]) -> None:
        """Everything that must hold of them, once each command has its outcome."""
        with self._place.client() as client:
            results = self._outcomes(client, moments)
        for moment in moments:
            for server in SERVERS:
                self._check_work(f"{moment}, detached, {server}", moment.detached, server, results)
                if moment.target in (server, "all"):
                    what = f"{moment}, watched, {server}"
                    self._check_work(what, moment.watched, server, results)
            self._check_watcher(moment, results)

    # -- within -------------------------------------------------------------------------

    def _moment(self, number: int) -> Moment:
        kinds = [(20, 0.03), (3, 0.0), (20_000, 0.0), (0, 0.0)]
        watched, detached = self._random.choice(kinds), self._random.choice(kinds)
        return Moment(
            number,
            self._random.uniform(0, LATEST),
            self._random.choice((KILLED, "all")),
            Work(self._proofs / f"{number}-watched", *watched),
            Work(self._proofs / f"{number}-detached", *detached),
        )

    def _kill(self, cli: subprocess.Popen[bytes]) -> None:
        if self._victim == "cli":
            cli.kill()
        elif self._victim == "agent":
            self._agents[KILLED].stop(signal.SIGKILL)
            self._start_agent(KILLED)
        else:
            self._kill_hub()

    def _kill_hub(self) -> None:
        assert self._hub is not None
        self._hub.stop(signal.SIGKILL)
        heard = {agent: len(agent.said) for agent in self._agents.values()}
        self._hub = self._place.start_hub(None, "--port", self._place.url.rpartition(":")[2])
        until(
            lambda: all(b"connected to" in agent.said[begin:] for agent, begin in heard.items()),
            within=WITHIN, what="the agents' return",
        )  # fmt: skip

    def _start_agent(self, server: str) -> None:
        agent = self._place.start_agent(server, self._keys[server], "--allow", "exec")
        self._agents[server] = agent
        self._pids[agent.process.pid] = server

    def _outcomes(self, client: Client, moments: list[Moment]) -> Results:
        """All that the hub knows, as soon as every command of it is over."""
        until(
            lambda: all(one.status in COMMAND_FINAL for one in client.commands.list()),
            within=WITHIN, what="an outcome of every command",
        )  # fmt: skip
        works = [work for moment in moments for work in (moment.watched, moment.detached)]
        results: Results = {}
        for record in client.commands.list():
            (work,) = (work for work in works if f"{work.proof};" in str(record.command))
            key = (work.proof.name, record.server)
            assert key not in results, f"{key} is recorded twice"
            results[key] = client.commands.output(record.id)
        return results

    def _check_work(self, what: str, work: Work, server: str, results: Results) -> None:
        starts = [one for one in work.noted("start") if self._pids[one.agent] == server]
        ends = [one for one in work.noted("end") if self._pids[one.agent] == server]
        assert len(starts) <= 1, f"{what}: it was run {len(starts)} times"
        for one in starts:
            until(partial(is_empty, one.group), what=f"{what}: the end of its group")
        result = results.get((work.proof.name, server))
        if result is None:
            assert not starts, f"{what}: it was run and is not recorded"
            assert work.proof.name.endswith("watched"), f"{what}: it was accepted and is gone"
        else:
            self._check_result(what, result, started=bool(starts), ended=bool(ends))
            check_output(what, work, result)
            self._check_attached(what, work, result)

    def _check_result(
        self, what: str, result: CommandResult, *, started: bool, ended: bool
    ) -> None:
        if result.status == "failed":
            assert result.exit_code == EXIT, f"{what}: {result}"
            assert ended, f"{what}: an end is told that never was"
        elif result.status == "cancelled":
            assert self._victim == "agent", f"{what}: nobody cancelled it: {result}"
            assert result.signal == signal.SIGKILL, f"{what}: {result}"
        else:
            assert result.status in ("lost", "offline"), f"{what}: {result}"
            assert not started, f"{what}: its outcome is known to its agent: {result}"
            assert self._victim != "cli", f"{what}: {result}"

    def _check_attached(self, what: str, work: Work, result: CommandResult) -> None:
        """``attach`` shows the same as it is recorded."""
        if result.status != "failed":
            return
        shown = self._place.run("commands", "attach", result.command_id)
        said = f"{what}: attach: {shown.code}: {shown.err[-300:]}"
        assert shown.code == EXIT, said
        if "missing" not in shown.err:
            assert shown.stdout == work.whole("out"), said
            assert shown.stderr == work.whole("err"), said
        else:
            assert result.truncated, said

    def _check_watcher(self, moment: Moment, results: Results) -> None:
        what, code = f"{moment}, the command line", moment.code
        said = f"{what}: exit {code}: {moment.stderr[-500:]!r}"
        name, servers = moment.watched.proof.name, SERVERS if moment.target == "all" else (KILLED,)
        found = [results[name, server] for server in servers if (name, server) in results]
        states = {result.status for result in found}
        assert b"Traceback" not in moment.stderr, said
        if code == -signal.SIGKILL:
            assert self._victim == "cli", said
            return
        if code in (_LOST, _STOPPED, _NOT_RUN, _SOME_NOT_RUN):
            assert b"error: " in moment.stderr or code == _SOME_NOT_RUN, said
            assert code == _LOST or not moment.watched.noted("start"), said
        elif code == 128 + signal.SIGKILL:
            assert states == {"cancelled"}, f"{said} {states}"
        else:
            assert code == (EXIT if moment.target == KILLED else 1), said
            assert states & {"failed", "cancelled", "lost"}, f"{said} {states}"
        if states == {"failed"} and code in (EXIT, 1) and b"missing" not in moment.stderr:
            check_shown(said, moment)


def check_shown(said: str, moment: Moment) -> None:
    """The command line showed all that was written."""
    if moment.target == KILLED:
        assert moment.stdout == moment.watched.whole("out"), said
        return
    lines = moment.stdout.splitlines(keepends=True)
    for server in SERVERS:
        begin = f"{server} | "
        mine = b"".join(line for line in lines if line.startswith(begin.encode()))
        assert mine == moment.watched.whole("out", begin), f"{said}: {server}"


def check_output(what: str, work: Work, result: CommandResult) -> None:
    """The kept output is the whole one, or what is missing of it is named."""
    for name, text, b64 in (
        ("out", result.stdout, result.stdout_b64),
        ("err", result.stderr, result.stderr_b64),
    ):
        kept, whole = _bytes(text, b64), work.whole(name)
        if result.truncated:
            assert result.dropped_bytes > 0, f"{what}: cut, and not said by how much"
        elif result.status == "failed":
            assert kept == whole, f"{what}: {len(kept)} of {len(whole)} bytes and no word of it"
        elif result.status == "cancelled":
            assert whole.startswith(kept), f"{what}: the output is not what was written"


def is_empty(group: int) -> bool:
    """Whether nothing of a process group runs any more."""
    return not group_members(group)


def _bytes(text: str | None, b64: str | None) -> bytes:
    return text.encode() if text is not None else base64.b64decode(b64 or "")

"""A hub's services over a real database, with model agents instead of sockets.

Everything of the hub that decides about commands is the real thing; it may be killed between
any two steps, and is built anew over the same database. Time moves only when told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from chatops.clock import FakeClock
from chatops.protocol import closing, rest
from chatops.protocol.codec import from_agent
from chatops.protocol.frames import decode_frame
from chatops.protocol.messages import (
    Auth,
    AuthSuccess,
    CommandResponse,
    StreamClose,
    StreamCredit,
)
from chatops.server.app import Hub, build
from chatops.server.crud import commands as commands_crud
from chatops.server.crud import users as users_crud
from chatops.server.db.files import Databases
from chatops.server.db.models import Command
from chatops.server.secrets import load_secrets
from chatops.server.services.access import Principal
from chatops.server.services.audit import Origin
from chatops.server.services.following import Following
from chatops.server.services.live_run import LiveRun
from chatops.server.services.watching import Ended, Item
from chatops.server.settings import HubSettings
from chatops.tasks import Tasks
from tests.support.databases import lay_out
from tests.support.model_agent import Link, ModelAgent

SERVERS: Final = ("web-1", "web-2")
_READER: Final = "reader"
_TURNS: Final = 30
_PATIENCE: Final = 30.0


class Reader:
    """Somebody who follows a run, and what he was told."""

    def __init__(self, following: Following) -> None:
        self.following = following
        self.items: list[Item] = []
        self.over = False

    async def read(self) -> None:
        """Take all there is."""
        try:
            while (item := await self.following.next()) is not None:
                self.items.append(item)
            self.over = True
        finally:
            self.following.close()

    def ended(self) -> list[rest.CommandResult]:
        """The outcomes that he was told."""
        return [item.result for item in self.items if isinstance(item, Ended)]


class World:
    """The hub, its database, its agents. All methods are to be called in one loop."""

    def __init__(self, on_acked: Callable[[str], None]) -> None:
        self.clock = FakeClock()
        self.readers: list[Reader] = []
        self.agents: list[ModelAgent] = []
        self._on_acked = on_acked
        self._folder = Path(tempfile.mkdtemp(prefix="chatops-world-"))
        self._admin = Principal("", "admin", "admin")

    async def open(self) -> None:
        """Begin with an empty fleet of two servers, both of which were never seen."""
        user_id, keys = await _stage(self._folder)
        self._admin = Principal(user_id, "admin", "admin")
        self.agents = [
            ModelAgent(name, key, self._on_acked) for name, key in zip(SERVERS, keys, strict=True)
        ]
        self._databases = await Databases.open(self._folder)
        await self.start_hub()

    async def close(self) -> None:
        """End everything."""
        await self.kill_hub()
        await self._databases.close()
        await asyncio.to_thread(shutil.rmtree, self._folder)

    # -- the hub's life -----------------------------------------------------------------------

    async def start_hub(self) -> None:
        """A hub over the database as it is."""
        self._tasks, self._notes, self._reading = Tasks(), Tasks(), Tasks()
        self.hub = make_hub(self._folder, self._databases, self._tasks, self._notes, self.clock)
        await self.hub.services.runs.driver.load_open()
        await self.settle()

    async def kill_hub(self) -> None:
        """As ``kill -9``: nothing is told to anybody. What it had sent may still arrive."""
        for tasks in (self._reading, self._tasks, self._notes):
            await tasks.close()
        self.hub.services.commands.file.close()
        for agent in self.agents:
            if agent.link is not None:
                agent.link.hub_has_it = False
                agent.link.to_hub.clear()
        self.readers.clear()

    async def settle(self) -> None:
        """Until the hub has done all that it was told."""
        while True:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            busy = [task for task in asyncio.all_tasks() if not _is_idle(task)]
            if not busy:
                return
            await asyncio.wait(busy)

    @property
    def online(self) -> int:
        """How many agents the hub has."""
        return len(self.hub.services.agents)

    @property
    def room_taken(self) -> int:
        """Slots of the file of outputs that are in use."""
        file = self.hub.services.commands.file
        return file._slots - len(file._free)

    async def all_told(self) -> bool:
        """Whether all readers come to the end of what they follow. They may have to read what
        is stored, so they get some time."""
        await self._reading_ends()
        return all(reader.over for reader in self.readers)

    async def _reading_ends(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._reading.finished()

    # -- what users do ---------------------------------------------------------------------------

    async def create(self, target: str, **options: Any) -> LiveRun | None:
        """Write a run down; nothing of it is sent yet. None when the key was used before."""
        body = rest.CommandCreate(target=target, command="work", mode="stream", **options)
        self.clock.advance(0.01)  # ids go by time: the next one's is larger
        made = await self.hub.services.runs.create(self._admin, self._origin, body)
        return made if isinstance(made, LiveRun) else None

    async def begin(self, run: LiveRun) -> None:
        """Send what may be sent of it."""
        await self.hub.services.runs.driver.begin(run)
        await self.settle()

    async def follow(self, name: str, offsets: dict[str, tuple[int, int]] | None = None) -> None:
        """Follow a command or run."""
        following, _ = await self.hub.services.runs.follow(self._admin, name, offsets or {})
        reader = Reader(following)
        self.readers.append(reader)
        self._reading.spawn(reader.read(), name=_READER)
        await self.settle()

    async def cancel(self, command_id: str) -> None:
        """Ask for a command's end.

        Raises:
            Conflict: it is over.
        """
        runs = self.hub.services.runs
        await runs.cancel_command(self._admin, self._origin, command_id)
        await self.settle()

    # -- what the wire does ------------------------------------------------------------------------

    async def take(self, link: Link) -> None:
        """The hub takes the next frame that is under way to it."""
        frame = link.to_hub.popleft()
        if link.session is None:
            await self._let_in(link, frame)
        elif self.hub.services.agents.find(link.session.server_id) is link.session:
            self.hub.services.agents.heard(link.session)
            self._hand_over(link, frame)
        await self.settle()

    async def notice(self, link: Link) -> None:
        """The hub notices that a connection is gone."""
        link.close(closing.SILENT)
        if link.session is not None:
            self.hub.services.agents.unregister_agent(link.session.server_id, link)
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        """Time goes by, as far as the hub is concerned in one go."""
        self.clock.advance(seconds)
        self.hub.services.agents.sweep()
        self.hub.services.commands.sweep()
        self.hub.services.runs.driver.sweep()
        await self.settle()

    # -- what is written down --------------------------------------------------------------------

    async def rows(self) -> dict[str, Command]:
        """All commands as they are recorded now, by id, in the same order in every trial."""
        async with self._databases.chatops.read() as session:
            found, _ = await commands_crud.list_page(session, limit=1000)
        found.sort(key=lambda row: (row.created_at, row.server_id))
        return {row.id: row for row in found}

    async def output(self, command_id: str, stream: Any) -> list[tuple[int, bytes]]:
        """What is kept of a stream."""
        async with self._databases.chatops.read() as session:
            return await commands_crud.get_output(session, command_id, stream)

    # -- within ----------------------------------------------------------------------------------

    @property
    def _origin(self) -> Origin:
        return Origin.of(self._admin, "127.0.0.1")

    async def _let_in(self, link: Link, frame: str | bytes) -> None:
        """As AgentSocket does it."""
        auth = from_agent().decode(frame)
        assert isinstance(auth, Auth)
        found = await self.hub.services.keys.check(auth.api_key)
        await self.hub.fleet.connecting(found, auth, link.address)
        link.session = self.hub.fleet.register(found, auth, link)
        link.session.post(
            AuthSuccess(server_id=found.server_id, name=found.server_name, interval=5.0, time=0.0)
        )
        await self.hub.fleet.connected(link.session, found, auth)

    def _hand_over(self, link: Link, frame: str | bytes) -> None:
        assert link.session is not None
        commands = self.hub.services.commands
        if isinstance(frame, bytes):
            commands.on_frame(link.session, *decode_frame(frame))
            return
        message = from_agent().decode(frame)
        if isinstance(message, CommandResponse):
            commands.on_response(link.session, message)
        elif isinstance(message, StreamClose):
            commands.on_stream_close(link.session, message)
        elif isinstance(message, StreamCredit):
            commands.on_stream_credit(link.session, message)


def make_hub(
    folder: Path, databases: Databases, tasks: Tasks, notes: Tasks, clock: FakeClock
) -> Hub:
    """A hub's objects over databases that are open."""
    settings = HubSettings(port=0, data_dir=folder, lost_after=30.0)
    return build(settings, load_secrets(folder), databases, tasks, notes, clock)


def _is_idle(task: asyncio.Task[Any]) -> bool:
    return task is asyncio.current_task() or task.get_name() == _READER


async def _stage(folder: Path) -> tuple[str, list[str]]:
    """Databases with an admin and two servers in ``folder``: his id, and the servers' keys."""
    files, user_id, keys = _staged()
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    return user_id, list(keys)


@functools.cache
def _staged() -> tuple[dict[str, bytes], str, tuple[str, ...]]:
    """Made once and copied; in a thread, because a loop runs here already."""
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_make_stage())).result()


async def _make_stage() -> tuple[dict[str, bytes], str, tuple[str, ...]]:
    folder = Path(tempfile.mkdtemp(prefix="chatops-stage-"))
    lay_out(folder)
    databases = await Databases.open(folder)
    async with Tasks() as tasks, Tasks() as notes:
        hub = make_hub(folder, databases, tasks, notes, FakeClock())
        async with databases.chatops.write() as session:
            user = await users_crud.create(
                session, name="admin", password_hash="x", role="admin", now=0.0
            )
        admin = Principal(user.id, "admin", "admin")
        keys: list[str] = []
        for name in SERVERS:
            body = rest.ServerCreate(name=name, key=True)
            made = await hub.services.keys.add_server(admin, Origin.of(admin, None), body)
            assert made.key is not None
            keys.append(made.key.key)
    await databases.close()
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    shutil.rmtree(folder)
    return files, user.id, tuple(keys)

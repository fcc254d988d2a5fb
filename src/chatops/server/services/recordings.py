"""RecordingService: what was printed at terminals, from its first byte to the end of its time.

A recording is a row, and a file in the folder ``recordings``. What has no row is removed by
housekeeping, so that a server takes its recordings with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from chatops.clock import Clock
from chatops.errors import NotFound
from chatops.paths import private_dir
from chatops.protocol import rest
from chatops.protocol.rest.commands import CommandResult
from chatops.server.crud import recordings as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Recording, Server
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import Access, Principal
from chatops.server.services.asciicast import describe
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.recorder import Recorder
from chatops.server.services.run_spec import RunSpec
from chatops.server.services.servers import ServerService
from chatops.units import format_time

_SUFFIX: Final = ".cast"
_NEVER_RAN: Final = ("offline", "refused")
_log = logging.getLogger(__name__)


class RecordingService:
    """Begins, ends, shows and removes recordings."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        audit: AuditService,
        folder: Path,
        live: LiveSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._audit = audit
        self._folder = private_dir(folder / "recordings")
        self._live = live
        self._clock = clock
        self.failed: Callable[[LiveCommand, str], object] = lambda live, why: None
        """Called when the recording of a command that is not over cannot go on, with why."""

    # -- while it goes on -----------------------------------------------------------------

    async def begin(self, live: LiveCommand, spec: RunSpec) -> None:
        """Record a command at a terminal from here on; ``end`` takes away what is there of a
        recording that could not be begun.

        Raises:
            OSError: the file cannot be made.
            Busy: it cannot be written down.
        """
        assert spec.terminal is not None
        now = self._clock.now()
        row = crud.NewRecording(
            id=live.id, server_id=live.server_id, user_id=live.user_id, user_name=live.user_name,
            command=spec.command, container=spec.container, started_at=now,
        )  # fmt: skip
        await self._database.transact(lambda tx: crud.create(tx, row))
        live.recorder = self._recorder(live, now)
        live.recorder.begin(
            spec.terminal.rows, spec.terminal.cols, env={"TERM": spec.terminal.term},
            **describe(spec.command, live.server_name, live.user_name, spec.container),
            chatops={"id": live.id, "server": live.server_name, "user": live.user_name,
                     "container": spec.container},
        )  # fmt: skip

    async def resume(self, live: LiveCommand) -> None:
        """Go on with a command that a hub before this one recorded, if it did. It is ended when its
        file is gone or damaged."""
        async with self._database.read() as session:
            row = await crud.get(session, live.id)
        if row is None:
            return
        live.recorder = self._recorder(live, row.started_at)
        try:
            live.recorder.resume()
        except OSError as error:
            live.recorder.failed(error.strerror or "its file cannot be read")

    async def end(self, live: LiveCommand, result: CommandResult) -> None:
        """A command is over: so is its recording, if it has one.

        Raises:
            Busy: it cannot be written down.
        """
        recorder = live.recorder
        if recorder is None:
            return
        recorder.close()
        duration = round(max(recorder.last, (result.duration_ms or 0) / 1000), 3)
        detail = {"command_id": live.id, "duration_s": duration, "exit_code": result.exit_code}
        origin = Origin(None, live.user_id, live.user_name)

        def write(tx: Transaction) -> None:
            if result.status in _NEVER_RAN:
                crud.delete(tx, live.id)
                return
            crud.end(tx, live.id, duration_s=duration, size=recorder.size)
            self._audit.note(
                tx, origin, "terminals.close", live.server_name, outcome=result.status,
                detail=detail,
            )  # fmt: skip

        await self._database.transact(write)
        if result.status in _NEVER_RAN:
            recorder.discard()
        live.recorder = None

    # -- looking --------------------------------------------------------------------------

    async def page(
        self,
        principal: Principal,
        *,
        server: str | None,
        user: str | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> rest.Page[rest.Recording]:
        """Recordings newest first, of the servers on which the caller is an operator.

        Raises:
            NotFound, NotPermitted: the server, for this caller.
        """
        async with self._database.read() as session:
            ids = await self._servers.operated(session, principal, server)
            rows, after = await crud.list_page(
                session, server_ids=ids, user_name=user, since=since, until=until, limit=limit,
                cursor=cursor,
            )  # fmt: skip
            names = await servers_crud.names(session, ids={row.server_id for row in rows})
        return rest.Page(items=[self._shown(row, names) for row in rows], next=after)

    async def show(self, principal: Principal, recording_id: str) -> rest.Recording:
        """One recording.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        row, server = await self._find(principal, recording_id)
        return self._shown(row, {server.id: server.name})

    async def file(self, principal: Principal, recording_id: str) -> Path:
        """Where a recording is, as far as it goes.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        row, _ = await self._find(principal, recording_id)
        path = self._path(row.id)
        if not path.exists():
            raise _no_recording(recording_id)
        return path

    # -- the end of its time --------------------------------------------------------------

    async def purge(self, before: float, limit: int) -> int:
        """Delete at most ``limit`` recordings that are older; how many. ``sweep`` has the files."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before, limit=limit)

    async def sweep(self) -> None:
        """Remove files without a row: of recordings that were deleted, or whose server was."""
        try:
            names = await asyncio.to_thread(os.listdir, self._folder)
        except OSError as error:
            _log.error("the folder of recordings cannot be read: %s", error.strerror)
            return
        found = [name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)]
        for begin in range(0, len(found), 500):
            part = found[begin : begin + 500]
            async with self._database.read() as session:
                known = await crud.known(session, part)
            for name in set(part) - known:
                with suppress(OSError):  # next time
                    self._path(name).unlink()

    # -- inside -----------------------------------------------------------------------------

    async def _find(self, principal: Principal, recording_id: str) -> tuple[Recording, Server]:
        async with self._database.read() as session:
            row = await crud.get(session, recording_id)
            if row is None:
                raise _no_recording(recording_id)
            try:
                server = await self._servers.find_in(
                    session, principal, row.server_id, Access.OPERATOR
                )
            except NotFound:
                raise _no_recording(recording_id) from None
        return row, server

    def _recorder(self, live: LiveCommand, started_at: float) -> Recorder:
        most = self._live.now.recording_limit
        recorder = Recorder(self._path(live.id), started_at, self._clock, most)
        recorder.failed = lambda why: self.failed(live, why)
        return recorder

    def _path(self, recording_id: str) -> Path:
        return self._folder / f"{recording_id}{_SUFFIX}"

    def _shown(self, row: Recording, names: Mapping[str, Any]) -> rest.Recording:
        return rest.Recording(
            id=row.id,
            server=names[row.server_id],
            user=row.user_name,
            command=row.command,
            started_at=format_time(row.started_at),
            duration_s=row.duration_s,
            size=self._size(row.id) if row.size is None else row.size,
            container=row.container,
        )

    def _size(self, recording_id: str) -> int:
        try:
            return self._path(recording_id).stat().st_size
        except FileNotFoundError:
            return 0


def _no_recording(recording_id: str) -> NotFound:
    return NotFound(
        f"there is no recording {recording_id[:80]!r}", hint="see `chatops recordings list`"
    )

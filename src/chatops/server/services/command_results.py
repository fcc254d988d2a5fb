"""Commands as the API shows them, and the checks on what is to be run. No I/O but reading."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import InvalidInput
from chatops.protocol import rest
from chatops.protocol.limits import MAX_COMMAND
from chatops.protocol.target import parse_target
from chatops.server.crud import commands as crud
from chatops.server.db.models import Command, Run
from chatops.units import format_time, time_or_none

_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def check_request(body: rest.CommandCreate) -> None:
    """That a command can be passed to a process as it is.

    Raises:
        InvalidInput: it is empty, too long, has a NUL, or a bad variable name; or it is for a
            container, and not for one server.
    """
    words = [body.command] if isinstance(body.command, str) else body.command
    texts = [
        *words, body.cwd or "", *body.env, *body.env.values(), body.container or "",
        body.user or "",
    ]  # fmt: skip
    if any("\0" in text for text in texts):
        raise InvalidInput("a command, folder or variable cannot hold a NUL character")
    if sum(len(text.encode("utf-8", "surrogateescape")) for text in texts) > MAX_COMMAND:
        raise InvalidInput(
            f"the command is longer than {MAX_COMMAND} bytes",
            hint="put it into a file on the server and run that",
        )
    if not words[0].strip():
        raise InvalidInput("the command is empty")
    if body.container is not None and parse_target(body.target).one is None:
        raise InvalidInput("a container is one server's: the target names one server")
    if body.user is not None and body.container is None:
        raise InvalidInput("a user can be named for a command in a container only")
    for name in body.env:
        if _ENV_NAME.fullmatch(name) is None:
            raise InvalidInput(f"{name[:80]!r} cannot be the name of a variable")


def to_record(row: Command, server: str) -> rest.CommandRecord:
    """A command as lists show it."""
    return rest.CommandRecord(
        id=row.id,
        run_id=row.run_id,
        server=server,
        user=row.user_name,
        command=row.command,
        status=row.status,
        exit_code=row.exit_code,
        signal=row.signal,
        created_at=format_time(row.created_at),
        started_at=time_or_none(row.started_at),
        finished_at=time_or_none(row.finished_at),
        duration_ms=row.duration_ms,
        truncated=row.truncated,
        error=row.error,
        container=row.container,
    )


def to_run(run: Run, rows: Sequence[tuple[Command, str]], *, whole: bool) -> rest.Run:
    """A run with its commands, which stand with the names of their servers. Of one that is not
    there as a ``whole`` the target stays unsaid: it may name servers that are not to be seen."""
    times = [row.finished_at for row, _ in rows if row.finished_at is not None]
    return rest.Run(
        id=run.id,
        user=run.user_name,
        target=run.target if whole else ",".join(server for _, server in rows),
        command=run.command,
        created_at=format_time(run.created_at),
        finished_at=time_or_none(max(times) if len(times) == len(rows) else None),
        counts=dict(Counter(str(row.status) for row, _ in rows)),
        commands=[
            rest.RunCommand(
                id=row.id, server=server, status=row.status, exit_code=row.exit_code,
                signal=row.signal, error=row.error,
            )
            for row, server in rows
        ],
    )  # fmt: skip


def to_result(row: Command, server: str) -> rest.CommandResult:
    """A command's outcome without output."""
    return rest.CommandResult(
        server=server,
        command_id=row.id,
        run_id=row.run_id,
        status=row.status,
        exit_code=row.exit_code,
        signal=row.signal,
        truncated=row.truncated,
        dropped_bytes=row.dropped_bytes,
        duration_ms=row.duration_ms,
        error=row.error,
    )


async def load_result(session: AsyncSession, row: Command, server: str) -> rest.CommandResult:
    """A command's outcome with its kept output."""
    return await add_output(session, to_result(row, server))


async def add_output(session: AsyncSession, result: rest.CommandResult) -> rest.CommandResult:
    """``result`` with what is kept of its output."""
    stdout = await crud.get_output(session, result.command_id, "stdout")
    stderr = await crud.get_output(session, result.command_id, "stderr")
    return with_output(result, _joined(stdout), _joined(stderr))


def with_output(result: rest.CommandResult, stdout: bytes, stderr: bytes) -> rest.CommandResult:
    """``result`` with output: as text if it is UTF-8, else in base64 beside null."""
    result.stdout, result.stdout_b64 = _text(stdout)
    result.stderr, result.stderr_b64 = _text(stderr)
    return result


def _text(data: bytes) -> tuple[str | None, str | None]:
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(data).decode()


def _joined(pieces: Sequence[tuple[int, bytes]]) -> bytes:
    return b"".join(data for _, data in pieces)

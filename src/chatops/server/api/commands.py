"""/commands: running them, and what became of them."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from aiohttp import ClientConnectionResetError, web

from chatops.protocol import rest
from chatops.protocol.frames import CONTENT_TYPE, envelope_binary, envelope_text
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import CommandsQuery, moment
from chatops.server.services.access import Access
from chatops.server.services.command_results import to_record
from chatops.server.services.live_command import LiveCommand, Watcher

WATCHER_STALL: Final = 60.0
"""Seconds after which a watcher that takes no byte counts as gone."""
_IDLE_CHECK: Final = 5.0
_NUMBERS: Final = {"stdout": 1, "stderr": 2}
_encode = msgspec.json.Encoder().encode


async def run_command(
    call: Call[NoQuery, rest.CommandCreate],
) -> list[rest.CommandResult] | rest.RunStarted | web.StreamResponse:
    """Run a command and wait for it, stream it, or come back at once."""
    commands = call.services.commands
    live = await commands.start(call.principal, call.origin, call.body)
    if call.body.mode == "stream":
        return await _stream(call, live)
    await commands.send(live, call.body)
    if call.body.mode == "detach":
        started = rest.StartedCommand(id=live.id, server=live.server_name)
        return rest.RunStarted(run_id=live.run_id, commands=[started])
    return [await live.wait()]


async def list_commands(call: Call[CommandsQuery, None]) -> rest.Page[rest.CommandRecord]:
    """List commands of the servers that the caller may see, newest first."""
    query = call.query
    return await call.services.commands.records.page(
        call.principal,
        server=query.server,
        user=query.user,
        run=query.run,
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        limit=query.limit,
        cursor=query.cursor,
    )


async def show_command(call: Call[NoQuery, None]) -> rest.CommandRecord:
    """Show a command, without its output."""
    records = call.services.commands.records
    row, server = await records.find(call.principal, call.path["command"], Access.VIEWER)
    return to_record(row, server.name)


async def command_output(call: Call[NoQuery, None]) -> rest.CommandResult:
    """Show a command's outcome with what is kept of its output."""
    return await call.services.commands.output(call.principal, call.path["command"])


async def cancel_command(call: Call[NoQuery, None]) -> rest.CommandRecord:
    """Ask the agent to end a command."""
    return await call.services.commands.cancel(call.principal, call.origin, call.path["command"])


async def _stream(call: Call[NoQuery, rest.CommandCreate], live: LiveCommand) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    watcher = live.watch()
    try:
        await call.services.commands.send(live, call.body)
        await response.prepare(call.request)
        await _write(response, _event(_start(live)))
        await _copy(call.request, response, watcher)
        result = await live.wait()
        bare = msgspec.structs.replace(
            result, stdout=None, stderr=None, stdout_b64=None, stderr_b64=None
        )
        await _write(response, _event(rest.StreamEvent(event="end", result=bare)))
        await response.write_eof()
    except (TimeoutError, ConnectionError, ClientConnectionResetError):
        pass  # the watcher is gone; the command goes on without it
    finally:
        watcher.close()
    return response


async def _copy(request: web.Request, response: web.StreamResponse, watcher: Watcher) -> None:
    while True:
        try:
            async with asyncio.timeout(_IDLE_CHECK):
                piece = await watcher.next()
        except TimeoutError:
            if request.transport is None or request.transport.is_closing():
                raise
            continue
        if piece is None:
            return
        name, offset, data = piece
        await _write(response, envelope_binary(_NUMBERS[name], offset, data))


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WATCHER_STALL):
        await response.write(data)


def _start(live: LiveCommand) -> rest.StreamEvent:
    return rest.StreamEvent(
        event="start",
        server=live.server_name,
        command_id=live.id,
        run_id=live.run_id,
        stdout=_NUMBERS["stdout"],
        stderr=_NUMBERS["stderr"],
    )


def _event(event: rest.StreamEvent) -> bytes:
    return envelope_text(_encode(event))

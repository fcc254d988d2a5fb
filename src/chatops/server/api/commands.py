"""/commands and /runs: running commands, and what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import msgspec
from aiohttp import web

from chatops.errors import ChatOpsError
from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import CommandsQuery, moment
from chatops.server.api.run_stream import stream
from chatops.server.services.access import Access
from chatops.server.services.command_results import to_record
from chatops.server.services.following import Following
from chatops.server.services.live_run import LiveRun
from chatops.server.services.watching import Ended, Item

_encode = msgspec.json.Encoder().encode


async def run_command(
    call: Call[NoQuery, rest.CommandCreate],
) -> list[rest.CommandResult] | rest.RunStarted | rest.RunPlan | web.StreamResponse:
    """Run a command on one or many servers and wait for it, stream it, or come back at once."""
    runs, body = call.services.runs, call.body
    if body.dry_run:
        return await runs.plan(call.principal, body)
    made = await runs.create(call.principal, call.origin, body)
    if body.mode == "stream":
        following = await _following(call, made)
        try:
            await _begin(call, made)
            return await stream(call.request, following)
        finally:
            following.close()
    await _begin(call, made)
    return await (_wait(call, made) if body.mode == "wait" else _started(call, made))


async def list_commands(call: Call[CommandsQuery, None]) -> rest.Page[rest.CommandRecord]:
    """List commands of the servers that the caller may see, newest first."""
    query = call.query
    return await call.services.commands.records.page(
        call.principal,
        server=query.server,
        user=query.user,
        run=query.run,
        statuses=query.status or None,
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
    """End a command: one that waits for its turn never starts, another its agent ends."""
    return await call.services.runs.cancel_command(
        call.principal, call.origin, call.path["command"]
    )


async def show_run(call: Call[NoQuery, None]) -> rest.Run:
    """Show a run, and how it stands on each server."""
    return await call.services.runs.show(call.principal, call.path["run"])


async def cancel_run(call: Call[NoQuery, None]) -> rest.Run:
    """End all of a run's commands that are not over."""
    return await call.services.runs.cancel(call.principal, call.origin, call.path["run"])


Run = Call[NoQuery, rest.CommandCreate]


async def _begin(call: Run, made: LiveRun | str) -> None:
    if isinstance(made, LiveRun) and call.body.mode != "attach":
        await call.services.runs.driver.begin(made)


async def _following(call: Run, made: LiveRun | str) -> Following:
    if isinstance(made, str):  # a repeated key: the answer is that of the first time
        following, _ = await call.services.runs.follow(call.principal, made, {})
        return following
    return call.services.runs.follow_new(made)


async def _started(call: Run, made: LiveRun | str) -> rest.RunStarted:
    if isinstance(made, str):
        rows = await call.services.runs.find(call.principal, made, Access.OPERATOR)
        run_id, pairs = made, [(row.id, server) for row, server in rows]
    else:
        run_id, pairs = made.id, [(live.id, live.server_name) for live in made.commands]
    commands = [rest.StartedCommand(id=one, server=server) for one, server in pairs]
    return rest.RunStarted(run_id=run_id, commands=commands)


async def _wait(call: Run, made: LiveRun | str) -> list[rest.CommandResult] | web.StreamResponse:
    if isinstance(made, LiveRun):
        following = call.services.runs.follow_new(made, output=False)
    else:
        following = await _following(call, made)
    try:
        if isinstance(made, str):
            ended = [item.result async for item in _items(following) if isinstance(item, Ended)]
            ended.sort(key=lambda result: result.server)
        elif len(made.commands) == 1:
            commands, (live,) = call.services.commands, made.commands
            return [await following.unless_cut(lambda: commands.result(live))]
        else:
            ended = await following.unless_cut(lambda: _all_over(made))
        return await _results(call, following, ended)
    finally:
        following.close()


async def _all_over(run: LiveRun) -> list[rest.CommandResult]:
    return [await live.wait() for live in run.commands]


async def _items(following: Following) -> AsyncIterator[Item]:
    while (item := await following.next()) is not None:
        yield item


async def _results(
    call: Run, following: Following, ended: list[rest.CommandResult]
) -> web.StreamResponse:
    """The results, each loaded when its turn has come: together they may be large."""
    records = call.services.commands.records
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    for number, bare in enumerate(ended):
        try:
            result = await following.unless_cut(partial(records.whole, bare))
        except ChatOpsError:  # an answer that has begun can only be broken off
            if call.request.transport is not None:
                call.request.transport.abort()
            return response
        await response.write((b"," if number else b"[") + _encode(result))
    await response.write(b"]")
    await response.write_eof()
    return response

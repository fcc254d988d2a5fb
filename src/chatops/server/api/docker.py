"""/docker: containers of a server, by way of its agent."""

from __future__ import annotations

from aiohttp import web

from chatops.protocol import rest
from chatops.server.api.feed_stream import NUMBERS, Frames, stream, text
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import ContainerLogsQuery, ContainerQuery, ContainersQuery, moment


async def list_containers(call: Call[ContainersQuery, None]) -> rest.Page[rest.ServerContainer]:
    """List a server's containers, as its engine knows them now."""
    docker = call.services.docker
    return await docker.ps(call.principal, call.path["server"], every=call.query.all)


async def container_stats(call: Call[NoQuery, None]) -> rest.Page[rest.ContainerStats]:
    """Tell what the containers that run on a server use now."""
    return await call.services.docker.stats(call.principal, call.path["server"])


async def inspect_container(call: Call[ContainerQuery, None]) -> rest.ContainerDetail:
    """Show all that the engine knows of a container."""
    return await call.services.docker.inspect(
        call.principal, call.path["server"], call.path["container"], timeout=call.query.timeout
    )


async def top_container(call: Call[NoQuery, None]) -> rest.Page[rest.ContainerProcess]:
    """List the processes of a container."""
    docker = call.services.docker
    return await docker.top(call.principal, call.path["server"], call.path["container"])


async def logs_container(call: Call[ContainerLogsQuery, None]) -> web.StreamResponse:
    """Read what a container writes, and follow it: one answer of enveloped frames."""
    query, path = call.query, call.path
    feed, where, began = await call.services.container_logs.open(
        call.principal, call.origin, path["server"], path["container"], follow=query.follow,
        tail=query.tail, since=moment(query.since, "since"), timestamps=query.timestamps,
    )  # fmt: skip
    first = rest.LogsEvent(
        event="start", server=where.name, container=began.name, tty=began.tty,
        stdout=NUMBERS["stdout"], stderr=NUMBERS["stderr"],
    )  # fmt: skip
    try:
        frames = Frames(feed, first, rest.LogsEvent(event="end"))
        return await stream(
            call.request, frames.next, lambda error: rest.LogsEvent(event="error", error=error)
        )
    finally:
        feed.close()


async def pull_image(call: Call[NoQuery, rest.ImagePull]) -> web.StreamResponse:
    """Pull an image, and watch: it goes on only as long as somebody takes the answer."""
    upkeep, server = call.services.docker_upkeep, call.path["server"]
    async with upkeep.pull(call.principal, call.origin, server, call.body.image) as pull:

        async def ask() -> bytes | None:
            event = await pull.next()
            return None if event is None else text(event)

        return await stream(
            call.request, ask, lambda error: rest.PullEvent(event="error", error=error)
        )


async def prune_engine(call: Call[NoQuery, rest.PruneRequest]) -> rest.PruneReport:
    """Remove stopped containers and all else that nothing uses, or tell what that would be."""
    body = call.body
    return await call.services.docker_upkeep.prune(
        call.principal, call.origin, call.path["server"], dry_run=body.dry_run,
        volumes=body.volumes,
    )  # fmt: skip


async def list_images(call: Call[NoQuery, None]) -> rest.Page[rest.Image]:
    """List the images that lie on a server."""
    return await call.services.docker.images(call.principal, call.path["server"])


Change = Call[NoQuery, rest.ContainerAction]


async def start_container(call: Change) -> rest.ContainerChange:
    """Start a container."""
    return await _change(call, "start")


async def stop_container(call: Change) -> rest.ContainerChange:
    """Stop a container; it is killed when it does not end in time."""
    return await _change(call, "stop")


async def restart_container(call: Change) -> rest.ContainerChange:
    """Stop a container and start it again."""
    return await _change(call, "restart")


async def pause_container(call: Change) -> rest.ContainerChange:
    """Pause all processes of a container."""
    return await _change(call, "pause")


async def unpause_container(call: Change) -> rest.ContainerChange:
    """Let a paused container go on."""
    return await _change(call, "unpause")


async def kill_container(call: Change) -> rest.ContainerChange:
    """Kill a container at once."""
    return await _change(call, "kill")


async def rm_container(call: Change) -> rest.ContainerChange:
    """Remove a container that does not run."""
    return await _change(call, "rm")


async def _change(call: Change, action: rest.ContainerVerb) -> rest.ContainerChange:
    server, container = call.path["server"], call.path["container"]
    return await call.services.docker.change(
        call.principal, call.origin, server, container, action, call.body.timeout
    )

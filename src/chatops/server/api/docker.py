"""/docker: containers of a server, by way of its agent."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import ContainersQuery


async def list_containers(call: Call[ContainersQuery, None]) -> rest.Page[rest.ServerContainer]:
    """List a server's containers, as its engine knows them now."""
    docker = call.services.docker
    return await docker.ps(call.principal, call.path["server"], every=call.query.all)


async def container_stats(call: Call[NoQuery, None]) -> rest.Page[rest.ContainerStats]:
    """Tell what the containers that run on a server use now."""
    return await call.services.docker.stats(call.principal, call.path["server"])


async def inspect_container(call: Call[NoQuery, None]) -> rest.ContainerDetail:
    """Show all that the engine knows of a container."""
    docker = call.services.docker
    return await docker.inspect(call.principal, call.path["server"], call.path["container"])


async def top_container(call: Call[NoQuery, None]) -> rest.Page[rest.ContainerProcess]:
    """List the processes of a container."""
    docker = call.services.docker
    return await docker.top(call.principal, call.path["server"], call.path["container"])


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

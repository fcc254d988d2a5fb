"""/docker: containers of a server, by way of its agent."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import ContainersQuery


async def list_containers(call: Call[ContainersQuery, None]) -> rest.Page[rest.ServerContainer]:
    """List a server's containers, as its engine knows them now."""
    docker = call.services.docker
    return await docker.ps(call.principal, call.path["server"], every=call.query.all)


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

"""Docker: containers of a server."""

from __future__ import annotations

from chatops.client.session import Session, segment
from chatops.protocol.rest import (
    ContainerAction,
    ContainerChange,
    ContainerDetail,
    ContainerProcess,
    ContainerStats,
    ContainerVerb,
    Image,
    Page,
    ServerContainer,
)


class Docker:
    """``client.docker``. All of it is asked of the server's agent, and raises:

    NotFound: there is no such server or container that the caller may see.
    Offline: the agent is not connected.
    Refused: its policy does not allow it.
    Conflict: the engine said no, or there is none.
    TimedOut: the agent or the engine did not answer.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def ps(self, server: str, *, every: bool = False) -> list[ServerContainer]:
        """The containers that run; ``every``: all of them."""
        query = {"all": "true"} if every else {}
        path = f"/docker/{segment(server)}/containers"
        return self._session.call("GET", path, Page[ServerContainer], query=query).items

    def stats(self, server: str) -> list[ContainerStats]:
        """What the containers that run use: the agent's look of the last seconds, which is newer
        each time its ``ts`` is."""
        path = f"/docker/{segment(server)}/stats"
        return self._session.call("GET", path, Page[ContainerStats]).items

    def inspect(self, server: str, container: str) -> ContainerDetail:
        """What the engine knows of a container."""
        return self._session.call("GET", _path(server, container), ContainerDetail)

    def top(self, server: str, container: str) -> list[ContainerProcess]:
        """The processes of a container."""
        path = f"{_path(server, container)}/top"
        return self._session.call("GET", path, Page[ContainerProcess]).items

    def images(self, server: str) -> list[Image]:
        """The images that lie on a server."""
        return self._session.call("GET", f"/docker/{segment(server)}/images", Page[Image]).items

    def change(
        self, server: str, container: str, action: ContainerVerb, *, timeout: float | None = None
    ) -> ContainerChange:
        """Start, stop, remove … a container. ``timeout`` is seconds: how long the engine gets,
        and a container that is stopped until it is killed.

        Raises:
            NotPermitted: the caller may only look there.
        """
        path, body = f"{_path(server, container)}/{action}", ContainerAction(timeout=timeout)
        return self._session.call("POST", path, ContainerChange, body=body, patient=True)


def _path(server: str, container: str) -> str:
    return f"/docker/{segment(server)}/containers/{segment(container)}"

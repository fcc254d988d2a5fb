"""Docker: containers of a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatops.client.events import moment
from chatops.client.session import Session, segment
from chatops.protocol.rest import (
    ContainerAction,
    ContainerChange,
    ContainerDetail,
    ContainerProcess,
    ContainerStats,
    ContainerVerb,
    Image,
    ImagePull,
    Page,
    PruneReport,
    PruneRequest,
    PullEvent,
    ServerContainer,
)

if TYPE_CHECKING:
    from chatops.client.container_feeds import ContainerLog


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

    def inspect(
        self, server: str, container: str, *, timeout: float | None = None
    ) -> ContainerDetail:
        """What the engine knows of a container, asked for at most ``timeout`` seconds."""
        query = {} if timeout is None else {"timeout": str(timeout)}
        return self._session.call(
            "GET", _path(server, container), ContainerDetail, query=query, patient=bool(query)
        )

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

    def logs(
        self,
        server: str,
        container: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: float | None = None,
        timestamps: bool = False,
    ) -> ContainerLog:
        """What a container wrote: the ``tail`` last lines (None: all) of those from ``since`` (Unix
        seconds) on; with ``follow`` also what it writes from now on, until it stops. With
        ``timestamps`` each line begins with the engine's time and a space.

        Raises:
            Busy, TooManyRequests: too many are read at the same time.
        """
        from chatops.client.container_feeds import ContainerLog

        query = {
            "follow": "true" if follow else None, "tail": tail, "since": moment(since),
            "timestamps": "true" if timestamps else None,
        }  # fmt: skip
        path = f"{_path(server, container)}/logs"
        return ContainerLog(self._session, self._session.stream("GET", path, query=query))

    def pull(self, server: str, image: str) -> Iterator[PullEvent]:
        """Have the engine pull an image; what it does, and in the last event the result. To stop
        iterating cancels it, as far as the engine lets that be done.

        Raises:
            NotPermitted: the caller may only look there.
            NotFound, Conflict: also while iterating: the registry has no such image, or is not
                there.
        """
        from chatops.client.container_feeds import pull_events

        path = f"/docker/{segment(server)}/images/pull"
        response = self._session.stream("POST", path, ImagePull(image=image))
        return pull_events(self._session, response)

    def prune(self, server: str, *, dry_run: bool = False, volumes: bool = False) -> PruneReport:
        """Remove stopped containers, and images without a name, networks, build cache and (with
        ``volumes``) anonymous volumes that nothing uses then; ``dry_run`` tells what that would
        be.

        Raises:
            NotPermitted: the caller may only look there.
        """
        body = PruneRequest(dry_run=dry_run, volumes=volumes)
        path = f"/docker/{segment(server)}/prune"
        return self._session.call("POST", path, PruneReport, body=body, patient=True)


def _path(server: str, container: str) -> str:
    return f"/docker/{segment(server)}/containers/{segment(container)}"

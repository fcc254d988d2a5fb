"""Terminals on servers, and the recordings of what was printed there."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

from chatops.client.run_events import RunEvent
from chatops.client.session import Session, segment
from chatops.client.transport import Response
from chatops.protocol.client_messages import OpenTerminal
from chatops.protocol.rest.common import Page
from chatops.protocol.rest.terminals import Recording

if TYPE_CHECKING:
    from chatops.client.keyboard import Keyboard


class Where(TypedDict, total=False):
    """In which ``container`` of the server, which takes a command, and there as which ``user``; in
    which folder (``cwd``), with which variables, and for how many seconds at most."""

    container: str | None
    user: str | None
    cwd: str | None
    env: dict[str, str]
    timeout: float | None


class Terminals:
    """``client.terminals``. Events are those of ``client.commands``; what is printed is stdout."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(
        self,
        server: str,
        keyboard: Keyboard,
        command: str | Sequence[str] | None = None,
        *,
        rows: int,
        cols: int,
        term: str = "xterm",
        key: str | None = None,
        **more: Unpack[Where],
    ) -> Generator[RunEvent, None, None]:
        """Open a terminal and run ``command`` at it, None: the login shell. Asked again with the
        same ``key`` it is the same one.

        Raises:
            NotFound, NotPermitted: the server, for this caller.
            HubUnreachable: the hub is gone; ``details["sent"]`` is true if it was there.
        """
        vector = command if command is None or isinstance(command, str) else list(command)
        first = OpenTerminal(rows=rows, cols=cols, term=term, command=vector, key=key, **more)
        return self._converse(server, first, keyboard)

    def come_back(
        self, server: str, keyboard: Keyboard, name: str, offset: int, *, rows: int, cols: int
    ) -> Generator[RunEvent, None, None]:
        """Come back to a terminal by its command's or run's id, from ``offset`` of its output on.

        Raises:
            as ``open``.
        """
        first = OpenTerminal(rows=rows, cols=cols, command_id=name, offset=offset)
        return self._converse(server, first, keyboard)

    def _converse(
        self, server: str, first: OpenTerminal, keyboard: Keyboard
    ) -> Generator[RunEvent, None, None]:
        from chatops.client.attaching import converse

        return converse(self._session, f"/terminal/{segment(server)}", first, keyboard)


class Recordings:
    """``client.recordings``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        server: str | None = None,
        user: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Recording]:
        """Recordings, newest first; times are Unix seconds."""
        from chatops.client.events import moment

        query = {"server": server, "user": user, "since": moment(since), "until": moment(until)}
        return self._session.pages("/recordings", Page[Recording], query=query, limit=limit)

    def get(self, recording_id: str) -> Recording:
        """One recording.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        return self._session.call("GET", f"/recordings/{segment(recording_id)}", Recording)

    def cast(self, recording_id: str) -> Iterator[bytes]:
        """What is recorded, as far as it goes: asciicast v2, in parts of any size.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        path = f"/recordings/{segment(recording_id)}/cast"
        return _parts(self._session, self._session.stream("GET", path))


def _parts(session: Session, response: Response) -> Iterator[bytes]:
    try:
        yield from response.parts()
    except (OSError, EOFError) as error:
        raise session.lost(error) from error
    finally:
        response.close()

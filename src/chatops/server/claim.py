"""What a hub must have for itself alone before it makes anything: its data folder and its port."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chatops.errors import ChatOpsError, Conflict, InvalidInput, SetupError
from chatops.locks import FolderLock
from chatops.server.listener import open_sockets
from chatops.server.permissions import open_folder
from chatops.server.settings import HubSettings

Sockets = list[socket.socket]


@contextmanager
def claim(settings: HubSettings) -> Iterator[tuple[Path, Sockets]]:
    """The data folder and the port, for this process alone.

    A folder that is not there yet is made only when the port is had: else it would be left
    behind with an administrator whose password nobody saw. One that is there comes first:
    a second hub on it most often finds the port taken too, and the folder is the reason.
    """
    with ExitStack() as stack:
        if not os.path.lexists(settings.folder):
            sockets = stack.enter_context(_bound(settings))
            folder = stack.enter_context(_locked(settings))
        else:
            folder = stack.enter_context(_locked(settings))
            sockets = stack.enter_context(_bound(settings))
        yield folder, sockets


@contextmanager
def _locked(settings: HubSettings) -> Iterator[Path]:
    folder = open_folder(settings.folder)
    with FolderLock(folder, "hub"):
        yield folder


@contextmanager
def _bound(settings: HubSettings) -> Iterator[Sockets]:
    sockets = bind(settings)
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


def bind(settings: HubSettings) -> Sockets:
    """Sockets on the settings' address, which nobody can connect to yet.

    Raises:
        Conflict: another program listens there.
        InvalidInput, SetupError: the address cannot be had.
    """
    try:
        return open_sockets(settings.host, settings.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: what can be no name
        raise no_address(settings, error) from error


def no_address(settings: HubSettings, error: OSError | UnicodeError) -> ChatOpsError:
    """The error for an address that cannot be listened on."""
    kind: type[ChatOpsError] = SetupError
    if isinstance(error, UnicodeError):
        kind = InvalidInput
    elif error.errno == errno.EADDRINUSE:
        kind = Conflict
    reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
    return kind(
        f"cannot listen on {settings.host} port {settings.port}: {reason}",
        hint="stop what uses it, or choose another with --port (0 picks a free one)",
    )

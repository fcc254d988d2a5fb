"""Opening a terminal on a server, for ``chatops shell`` and ``docker exec -it``."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from chatops.cli.context import Cli
from chatops.cli.terminal.raw import RawTerminal
from chatops.cli.terminal.session import TerminalSession
from chatops.errors import InvalidInput
from chatops.ids import new_id

if TYPE_CHECKING:
    from chatops.client.terminals import Terminals, Where

_TERM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,63}")


def sit_down(
    cli: Cli,
    server: str,
    command: str | list[str] | None,
    instead: str,
    *,
    key: str | None = None,
    where: Where | None = None,
) -> int:
    """Run a command, None: the login shell, at a terminal that this one stands for; the exit
    status. ``instead`` is the way for who has none.

    Raises:
        ChatOpsError: what kept it from being opened.
    """
    if cli.out.form != "table":
        raise InvalidInput("a terminal prints what it prints, and has no other form")
    screen = RawTerminal(0, instead)
    term = os.environ.get("TERM", "")
    kind, once = term if _TERM.fullmatch(term) else "xterm", key or f"shell-{new_id()}"
    session = TerminalSession(
        cli,
        screen,
        lambda keyboard: cli.client.terminals.open(
            server, keyboard, command, term=kind, key=once, **screen.named_size(), **(where or {})
        ),
        lambda keyboard, name, offset: _again(cli).come_back(
            server, keyboard, name, offset, **screen.named_size()
        ),
    )
    return session.run()


def _again(cli: Cli) -> Terminals:
    """The terminals of a client of its own, which notices soon that the hub does not answer."""
    where = cli.connection._replace(token=cli.client.token)
    return cli.client_for(where, timeout=10.0).terminals

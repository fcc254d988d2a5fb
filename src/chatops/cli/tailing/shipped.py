"""What an agent ships of a source that may not be read itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Line
from chatops.cli.tailing.stored import PATIENCE, StoredLines
from chatops.cli.watching import News
from chatops.client import Client
from chatops.errors import ChatOpsError
from chatops.text import escape


def shipped_lines(
    client: Client, server: str, source: str, refusal: ChatOpsError, say: Callable[[str], None],
    wanted: Wanted,
) -> Iterator[Sequence[Line]]:  # fmt: skip
    """The wanted ones of the stored lines of a source. To see them takes no more than to see the
    server.

    Raises:
        ChatOpsError: ``refusal``, where nothing is stored of it; and as StoredLines.
    """
    last = client.logs.tail(server, lines=1, source=source, follow=False)
    if not any(page.entries for page in last):
        raise refusal
    say(f"{escape(refusal.message)}; these are the lines that its agent shipped")
    tail = client.logs.tail(
        server, lines=wanted.lines, level=wanted.level, grep=wanted.grep, source=source,
        follow=wanted.follow, patience=PATIENCE, on_change=News(say).change,
    )  # fmt: skip
    yield from StoredLines(server, tail, say).lines()

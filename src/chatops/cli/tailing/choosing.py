"""What a command line of ``chatops tail`` asks for, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.tailing.adhoc import AdHoc, ad_hoc_sources
from chatops.cli.tailing.containers import ContainerLines
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Source
from chatops.cli.tailing.stored import PATIENCE, StoredLines
from chatops.cli.watching import News, meant
from chatops.errors import InvalidInput
from chatops.protocol.patterns import finder
from chatops.protocol.rest import LogLevel
from chatops.protocol.target import parse_target

MOST: Final = 2**31 - 1
"""Lines that can be asked for."""


class Asked(NamedTuple):
    """Which lines of which servers: of a file, a unit or a container, else of the stored stream,
    of that all or what came from one ``source``."""

    target: str
    path: str | None = None
    unit: str | None = None
    container: str | None = None
    source: str | None = None
    lines: int = 100
    follow: bool = False
    level: LogLevel | None = None
    grep: str | None = None

    @property
    def stored(self) -> bool:
        """Whether it is the stored stream."""
        return self.path is self.unit is self.container is None

    @property
    def wanted(self) -> Wanted:
        """Which lines of each source."""
        return Wanted(self.lines, self.follow, self.level, self.grep)

    @property
    def several(self) -> bool:
        """Whether TARGET means several servers."""
        return parse_target(self.target).one is None


def read_target(text: str) -> tuple[str, str | None]:
    """TARGET and PATH of ``TARGET[:/PATH]``.

    Raises:
        InvalidInput: what follows the colon is no path.
    """
    target, colon, path = text.partition(":/")
    if not colon and any(":" in word.replace("tag:", "", 1) for word in text.split(",")):
        raise InvalidInput(
            f"{text[:80]!r} is no TARGET and no TARGET:/PATH",
            hint="a path begins with :/ as in web-1:/var/log/syslog",
        )
    return target, f"/{path}" if colon else None


def checked(asked: Asked) -> Asked:
    """What was asked for, if that can be.

    Raises:
        InvalidInput: it cannot.
    """
    given = [asked.path, asked.unit, asked.container, asked.source]
    if sum(one is not None for one in given) > 1:
        raise InvalidInput(
            "a path, --unit, --container and --source are different sources",
            hint="ask for one at a time",
        )
    if asked.lines > MOST:
        raise InvalidInput(f"lines must be at most {MOST}, not {str(asked.lines)[:40]}")
    if asked.unit is not None and any(char in asked.unit for char in "*?[,"):
        raise InvalidInput(
            f"{asked.unit[:80]!r} is no name of a unit", hint="name one: globs are not read here"
        )
    parse_target(asked.target)
    if asked.grep is not None:
        finder(asked.grep)
    return asked


def sources(cli: Cli, asked: Asked) -> Sequence[Source]:
    """Where the lines come from.

    Raises:
        NotFound: TARGET means no server.
        ChatOpsError: the hub does not tell.
    """
    if asked.stored:
        return [_stored(cli, asked)]
    servers = _servers(cli, asked.target)
    if asked.container is None:
        what = AdHoc(asked.path, asked.unit, asked.wanted, _described(cli, asked))
        return ad_hoc_sources(cli, servers, what)
    return list(_containers(cli, servers, asked.container, asked))


def _stored(cli: Cli, asked: Asked) -> StoredLines:
    tail = cli.client.logs.tail(
        asked.target, lines=asked.lines, level=asked.level, grep=asked.grep, follow=asked.follow,
        source=asked.source, patience=PATIENCE, on_change=News(cli.out.say).change,
    )  # fmt: skip
    return StoredLines(asked.target, tail, cli.out.say)


def _servers(cli: Cli, target: str) -> list[str]:
    one = parse_target(target).one
    return [one] if one is not None else [server.name for server in meant(cli, target)]


def _containers(
    cli: Cli, servers: Sequence[str], container: str, asked: Asked
) -> Iterator[ContainerLines]:
    where = cli.connection._replace(token=cli.client.token)
    for server in servers:
        yield ContainerLines(
            cli.client_for(where), server, container, cli.out.say, asked.wanted,
            described=_described(cli, asked),
        )  # fmt: skip


def _described(cli: Cli, asked: Asked) -> bool:
    """Whether levels are to be read from lines that have none beside them."""
    return asked.level is not None or cli.out.form != "table"

"""``chatops servers``."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Literal

import typer

from chatops.cli import show
from chatops.cli.args import SERVER, TAGS, YES
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import pairs
from chatops.cli.view import Column, Style, View
from chatops.errors import ChatOpsError, InvalidInput
from chatops.protocol.rest import (
    DockerPolicy,
    ExecPolicy,
    FilesPolicy,
    Server,
    ServerCreated,
    ServerDetail,
    Share,
    ShellPolicy,
)
from chatops.text import escape, shorten

app = group("The servers of the fleet.")
STATUS = Annotated[
    Literal["online", "offline", "never"] | None,
    typer.Option("--status", help="only those in this state"),
]

USER = Annotated[str, typer.Option("--user", metavar="USER", help="name of the other account")]


def _status_style(server: Server) -> Style:
    styles: dict[str, Style] = {"online": "good", "offline": "bad"}
    return styles.get(server.status, "dim")


def _alerts_style(server: Server) -> Style | None:
    return "bad" if server.alerts else None


def _commands(policy: ExecPolicy) -> str:
    """Which commands the agent runs; all of it stands in -o json."""
    listed = "any" if policy.commands is None else ", ".join(policy.commands) or "none"
    denied = f"; never {', '.join(policy.deny)}" if policy.deny else ""
    return shorten(listed + denied, 200)


def _limits(policy: ExecPolicy) -> str:
    parts = {
        "at a time": policy.max_running,
        "time": show.duration(policy.timeout),
        "output": show.size(policy.max_output),
    }
    return ", ".join(f"{value} {name}" for name, value in parts.items() if value) or "none"


def _terminals(policy: ShellPolicy) -> str:
    """How long a terminal may stay."""
    parts = {"idle": show.duration(policy.idle), "in all": show.duration(policy.total)}
    return ", ".join(f"{value} {name}" for name, value in parts.items() if value) or "no limits"


def _containers(policy: DockerPolicy) -> str:
    """What may be done with containers, and with which."""
    which = "those that its patterns name" if policy.named else "all"
    if policy.mode != "full":
        return f"{which}, only looked at"
    return f"{which}, with commands in them" if policy.exec else f"{which}, no commands in them"


def _files(policy: FilesPolicy) -> str:
    """Which files and journals may be read, and where may be written."""
    return f"{_read(policy)}; {_written(policy)}"


def _written(policy: FilesPolicy) -> str:
    if not policy.write:
        return "none written"
    if policy.write_folders is None:
        return "written anywhere"
    return f"written in {', '.join(policy.write_folders) or 'no folder'}"


def _read(policy: FilesPolicy) -> str:
    if policy.folders is policy.units is None:
        return "all, and all journals"
    files = f"in {', '.join(policy.folders)}" if policy.folders else "none"
    units = f"journals of {', '.join(policy.units)}" if policy.units else "no journals"
    return f"{files}; {units}"


SERVERS = View(
    Server,
    lambda server: server.name,
    [
        Column("NAME", lambda s: s.name),
        Column("STATUS", lambda s: s.status, _status_style),
        Column("CPU", lambda s: show.percent(s.cpu_percent), right=True),
        Column("MEMORY", lambda s: show.percent(s.memory_percent), right=True),
        Column("DISK", lambda s: show.percent(s.disk_percent), right=True),
        Column("ALERTS", lambda s: str(s.alerts), _alerts_style, right=True),
        Column("SEEN", lambda s: show.age(s.last_seen), whole=True),
        Column("TAGS", lambda s: show.tags(s.tags), spare=True, cut=True),
        Column("OS", lambda s: s.os, spare=True, cut=True),
    ],
)
BOUNDS = (
    Column("runs as", lambda s: s.exec and s.exec.user),
    Column("commands", lambda s: s.exec and _commands(s.exec)),
    Column("limits", lambda s: s.exec and _limits(s.exec)),
    Column("terminals", lambda s: s.shell and _terminals(s.shell)),
    Column("containers", lambda s: s.docker and _containers(s.docker)),
    Column("files", lambda s: s.files and _files(s.files)),
)
SHARES = View(
    Share,
    lambda one: one.user,
    [
        Column("USER", lambda s: s.user),
        Column("ROLE", lambda s: s.role),
        Column("COUNTS", lambda s: s.effective),
        Column("SINCE", lambda s: show.local(s.created_at)),
    ],
)
DETAIL = View(
    ServerDetail,
    lambda server: server.name,
    [
        Column("name", lambda s: s.name),
        Column("id", lambda s: s.id),
        Column("status", lambda s: s.status, _status_style),
        Column("tags", lambda s: show.tags(s.tags)),
        Column("owner", lambda s: s.owner),
        Column("os", lambda s: s.os),
        Column("kernel", lambda s: s.host.kernel or None if s.host else None),
        Column("hostname", lambda s: s.host.hostname or None if s.host else None),
        Column("cpu model", lambda s: s.host.cpu_model or None if s.host else None),
        Column("memory size", lambda s: show.size(s.host.memory_total) if s.host else None),
        Column("agent", lambda s: s.agent_version),
        Column("allows", lambda s: None if s.allow is None else " ".join(s.allow) or "nothing"),
        *BOUNDS,
        Column("address", lambda s: s.address),
        Column("created", lambda s: show.local(s.created_at)),
        Column("last seen", lambda s: show.age(s.last_seen)),
        Column("cpu", lambda s: show.percent(s.cpu_percent)),
        Column("memory", lambda s: show.percent(s.memory_percent)),
        Column("disk", lambda s: show.percent(s.disk_percent)),
        Column("alerts", lambda s: str(s.alerts)),
    ],
)
ADDED = View(
    ServerCreated,
    lambda server: server.key.key if server.key else server.name,  # a key is shown only now
    DETAIL.columns[:5],
)


@command(app, "list", example="chatops servers list --tag env=prod --status online")
def list_servers(cli: Cli, tag: TAGS = None, status: STATUS = None) -> None:
    """The servers that you may see. On a terminal ``!`` is beside the number of alerts of those
    where a critical one is open."""
    servers = list(cli.client.servers.list(tags=pairs(tag, "--tag"), status=status))
    cli.out.items(servers, _on_screen(cli, servers) if cli.out.has_screen() else SERVERS)


def _on_screen(cli: Cli, servers: list[Server]) -> View[Server]:
    """The columns for people at a terminal, where something may be asked of the hub for them."""
    if not any(server.alerts for server in servers):
        return _with_last_hour(cli, servers, SERVERS)
    from chatops.cli.critical import critical_alerts, names_of

    critical = names_of(critical_alerts(cli, ["firing", "acknowledged"]))
    marked = Column(
        "ALERTS", lambda s: f"{s.alerts}!" if s.name in critical else str(s.alerts),
        _alerts_style, right=True,
    )  # fmt: skip
    columns = [marked if one.title == marked.title else one for one in SERVERS.columns]
    return _with_last_hour(cli, servers, View(Server, SERVERS.name, columns))


def _with_last_hour(cli: Cli, servers: list[Server], plain: View[Server]) -> View[Server]:
    """The same columns and what the CPU did in the last hour, if there is room for it."""
    import shutil

    from chatops.cli.lately import BLANK, last_hour, target_of
    from chatops.cli.rich_table import has_room

    sparks: dict[tuple[str, str], str] = {}
    lately = Column("LAST HOUR", lambda s: sparks.get((s.name, "cpu"), BLANK), whole=True)
    at = [column.title for column in plain.columns].index("CPU") + 1
    view = View(Server, plain.name, [*plain.columns[:at], lately, *plain.columns[at:]])
    target = target_of([server.name for server in servers])
    rows = [view.row(server) for server in servers]
    if target is None or not has_room(view.columns, rows, shutil.get_terminal_size().columns):
        return plain
    sparks |= last_hour(cli, target, ["cpu"])
    return view if sparks else plain


@command(app, "add", example="chatops servers add web-1 --tag env=prod --key")
def add(
    cli: Cli,
    name: Annotated[str, typer.Argument(metavar="NAME", help="a new, unique name")],
    tag: TAGS = None,
    *,
    key: Annotated[bool, typer.Option("--key", help="make its first API key too")] = False,
    monitor_only: Annotated[
        bool, typer.Option("--monitor-only", help="the line to paste allows no commands")
    ] = False,
) -> None:
    """Add a server. With --key the line to paste on it is printed; the key is shown this once.

    -q prints the name, or with --key the key alone.
    """
    added = cli.client.servers.create(name, tags=pairs(tag, "--tag"), key=key)
    cli.out.item(added, ADDED)
    if added.key is not None and cli.out.form == "table" and not cli.out.quiet:
        cli.out.text("\n" + paste_line(added.key.join, monitor_only=monitor_only))


@command(app, "show", example="chatops servers show web-1")
def show_server(cli: Cli, server: SERVER) -> None:
    """Everything that is known of a server."""
    found = cli.client.servers.get(server)
    shared = _shared(cli, found.name) if cli.out.form == "table" and not cli.out.quiet else None
    shares = Column("shared with", lambda _: shared)
    cli.out.item(found, View(ServerDetail, DETAIL.name, [*DETAIL.columns, shares]))


def _shared(cli: Cli, server: str) -> str | None:
    """Who else may do what on a server, as far as the caller may know."""
    with suppress(ChatOpsError):  # what was asked for is shown without it
        found = cli.client.servers.shares(server)
        return ", ".join(f"{one.user} ({one.effective})" for one in found) or "nobody"
    return None


@command(app, "rename", example="chatops servers rename web-1 web-01")
def rename(
    cli: Cli, old: SERVER, new: Annotated[str, typer.Argument(metavar="NEW", help="new name")]
) -> None:
    """Give a server another name; its id, keys and history stay."""
    renamed = cli.client.servers.update(old, name=new)
    cli.out.changed(renamed, SERVERS, f"{escape(old)} is now {escape(renamed.name)}")


@command(app, "tag", example="chatops servers tag web-1 env=prod old-")
def tag_server(
    cli: Cli,
    server: SERVER,
    changes: Annotated[
        list[str], typer.Argument(metavar="K=V|K- ...", help="set a tag, or take it away")
    ],
) -> None:
    """Set tags (k=v) of a server, and take tags away (k-)."""
    tagged = cli.client.servers.update(server, tags=tag_changes(changes))
    cli.out.changed(tagged, SERVERS, f"tagged {escape(server)}")


@command(app, "share", example="chatops servers share web-1 --user ada --role operator")
def share(
    cli: Cli,
    server: SERVER,
    user: USER,
    role: Annotated[
        Literal["viewer", "operator"], typer.Option("--role", help="what it may do there")
    ],
) -> None:
    """Let another account see a server, or work on it too, as far as the account's own role goes.

    The server stays yours: its keys, tags, shares and its end are for owner and administrators.
    """
    shared = cli.client.servers.share(server, user, role)
    user = escape(shared.user)
    talk = [f"{user} is {shared.effective} on {escape(shared.server)}"]
    if shared.effective != shared.role:
        talk.append(f"the account {user} is {shared.effective}, and the less counts")
    cli.out.changed(shared, SHARES, *talk)


@command(app, "unshare", example="chatops servers unshare web-1 --user ada")
def unshare(cli: Cli, server: SERVER, user: USER) -> None:
    """Take a share back. What the account follows on the server ends at once."""
    machine = cli.out.form != "table"
    before = list(cli.client.servers.shares(server)) if machine else []
    cli.client.servers.unshare(server, user)
    left = {one.user for one in cli.client.servers.shares(server)} if machine else ()
    ended = next((one for one in before if one.user not in left), None)  # ``user`` may be an id
    talk = f"{escape(server)} is not shared with {escape(user)} any more"
    cli.out.removed(ended, SHARES, talk)


@command(app, "shares", example="chatops servers shares web-1")
def shares(cli: Cli, server: SERVER) -> None:
    """Who else may do what on a server."""
    cli.out.items(list(cli.client.servers.shares(server)), SHARES)


@command(app, "rm", example="chatops servers rm web-1 --yes")
def remove(cli: Cli, server: SERVER, *, yes: YES = False) -> None:
    """Remove a server with its keys and history."""
    confirm(f"remove {escape(server)} with its keys, metrics and history?", yes=yes)
    removed = None if cli.out.form == "table" else cli.client.servers.get(server)
    cli.client.servers.delete(server)
    cli.out.removed(removed, DETAIL, f"removed {escape(server)}")


def tag_changes(words: list[str]) -> dict[str, str | None]:
    """``k=v`` and ``k-`` words as the hub takes them.

    Raises:
        InvalidInput: a word that is neither.
    """
    changes: dict[str, str | None] = {}
    for word in words:
        if "=" not in word and word.endswith("-") and len(word) > 1:
            changes[word[:-1]] = None
        elif "=" in word:
            changes |= pairs([word], "tag")
        else:
            raise InvalidInput(f"{word!r} is no tag", hint="k=v sets a tag, k- takes it away")
    return changes


def paste_line(join: str, *, monitor_only: bool) -> str:
    """What to run on the target, so that its agent connects."""
    flags = "" if monitor_only else " --allow exec,docker"
    flags += " --insecure" if _plain_elsewhere(join) else ""
    return f"run this on the target:\n\n  CHATOPS_JOIN={escape(join)} chatops agent{flags}"


def _plain_elsewhere(join: str) -> bool:
    """Whether a join string leads to plain HTTP on another machine, as its hub's admin chose."""
    from chatops.client.address import parse_address
    from chatops.protocol.join import decode_join

    try:
        address = parse_address(decode_join(join).hub)
    except InvalidInput:
        return False
    return not (address.secure or address.loopback)

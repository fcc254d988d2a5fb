"""``chatops channels``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chatops.cli import show
from chatops.cli.absent import say_if_nobody
from chatops.cli.args import LIMIT, YES, asked, print_newest
from chatops.cli.completion import complete_targets
from chatops.cli.confirm import confirm, read_secret
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import seconds
from chatops.cli.view import Column, Style, View
from chatops.errors import ChatOpsError
from chatops.protocol.rest import Channel, ChannelDetail, Delivery
from chatops.text import escape

app = group("Where alerts are told.")
NAME = Annotated[
    str, typer.Argument(metavar="NAME", help="a channel's name; see `chatops channels list`")
]


def _result_style(channel: Channel) -> Style | None:
    if channel.last_result is None:
        return "dim"
    return "bad" if channel.last_result.startswith("failed") else "good"


def _outcome(one: Delivery) -> str:
    return "unknown" if one.ok is None else "delivered" if one.ok else "failed"


def _outcome_style(one: Delivery) -> Style | None:
    return "warn" if one.ok is None else "good" if one.ok else "bad"


CHANNELS = View(
    Channel,
    lambda channel: channel.name,
    [
        Column("NAME", lambda c: c.name),
        Column("URL", lambda c: c.url),
        Column("SEVERITY", lambda c: c.severity),
        Column("TARGET", lambda c: c.target),
        Column("LAST RESULT", lambda c: c.last_result or "nothing sent yet", _result_style),
    ],
)
CHANNEL = View(
    ChannelDetail,
    lambda channel: channel.name,
    [
        Column("name", lambda c: c.name),
        Column("id", lambda c: c.id),
        Column("url", lambda c: c.url),
        Column("signed", lambda c: "yes" if c.signed else "no"),
        Column("severity", lambda c: f"{c.severity} or worse"),
        Column("target", lambda c: c.target),
        Column("reminds", lambda c: show.duration(c.remind_s) or "never"),
        Column("waiting", lambda c: str(c.waiting)),
        Column("last result", lambda c: c.last_result or "nothing sent yet", _result_style),
        Column("last try", lambda c: show.local(c.last_result_at)),
        Column("created", lambda c: show.local(c.created_at)),
        Column("by", lambda c: c.created_by),
    ],
)
LOG = View(
    Delivery,
    lambda one: one.message_id,
    [
        Column("TIME", lambda d: show.local(d.ts)),
        Column("MESSAGE", lambda d: d.message_id[-12:]),
        Column("EVENT", lambda d: d.event),
        Column("ALERTS", lambda d: str(d.alerts), right=True),
        Column("TRY", lambda d: str(d.attempt), right=True),
        Column("OUTCOME", _outcome, _outcome_style),
        Column("ANSWER", lambda d: d.answer),
    ],
)

TESTED = View(
    Delivery,
    lambda one: one.message_id,
    [
        Column("message", lambda d: d.message_id),
        Column("outcome", _outcome, _outcome_style),
        Column("answer", lambda d: d.answer),
        Column("took", lambda d: f"{d.duration_ms} ms"),
    ],
)


@command(app, "list", example="chatops channels list")
def list_channels(cli: Cli) -> None:
    """All channels, and what came of the newest message to each."""
    cli.out.items(cli.client.channels.list(), CHANNELS)


@command(
    app,
    "add",
    example="chatops channels add ops https://hooks.example.org/alerts --severity critical",
)
def add(
    cli: Cli,
    name: Annotated[str, typer.Argument(metavar="NAME", help="a new, unique name")],
    url: Annotated[
        str, typer.Argument(metavar="URL", help="a webhook, or a URL of Apprise; - reads it")
    ],
    severity: Annotated[
        Literal["info", "warning", "critical"],
        typer.Option("--severity", help="alerts of this severity or worse"),
    ] = "info",
    target: Annotated[
        str,
        typer.Option(
            "--target", metavar="TARGET", help="alerts of these servers",
            autocompletion=complete_targets,
        ),
    ] = "all",
    remind: Annotated[
        str | None,
        typer.Option(
            "--remind", metavar="DURATION", help="tell again so often until acknowledged"
        ),
    ] = None,
    *,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="read a secret from stdin and sign with it")
    ] = False,
) -> None:  # fmt: skip
    """Add a channel.

    URL is a webhook (https, or http to the hub's own machine; with --insecure http to another one)
    or a URL of Apprise: mailto://, slack://, discord://, tgram://, ntfy://, matrix:// and more
    than a hundred others. It is kept encrypted, and shown without what is confidential. As `-` it
    is read from the first line of stdin, the secret then from the second: so neither the shell's
    history nor the list of processes shows it.
    """
    given = url
    if given == "-":
        given = read_secret("URL", "its first line")
    secret = None
    if secret_stdin:
        secret = read_secret("secret", "its second line" if url == "-" else "its first line")
    made = cli.client.channels.add(
        name, given, severity=severity, target=target, remind_s=seconds(remind, "--remind"),
        secret=secret, insecure=cli.common.insecure is True,
    )  # fmt: skip
    cli.out.item(made, CHANNEL)
    say_if_nobody(cli, target)


@command(app, "show", example="chatops channels show ops")
def show_channel(cli: Cli, name: NAME) -> None:
    """One channel in full."""
    cli.out.item(cli.client.channels.get(name), CHANNEL)


@command(app, "test", example="chatops channels test ops")
def test(cli: Cli, name: NAME) -> None:
    """Send a test message now. The exit code is 1 when the receiver did not take it."""
    sent = cli.client.channels.test(name)
    cli.out.item(sent, TESTED)
    cli.out.flush()
    if not sent.ok:
        raise ChatOpsError(
            f"{name} did not take the test message: {sent.answer}",
            hint="look at the URL, and at the receiver's own log",
        )


@command(app, "log", example="chatops channels log ops --limit 20")
def log(cli: Cli, name: NAME, limit: LIMIT = 100) -> None:
    """Every attempt to deliver to a channel and what the receiver answered, oldest first.

    MESSAGE is the end of the message's id, which all attempts at it share.
    """
    print_newest(cli.out, cli.client.channels.log(name, limit=asked(limit)), LOG, limit)


@command(app, "rm", example="chatops channels rm ops --yes")
def remove(cli: Cli, name: NAME, *, yes: YES = False) -> None:
    """Remove a channel, with its log and all that it was to be told."""
    confirm(f"remove the channel {escape(name)}?", yes=yes)
    cli.client.channels.remove(name)
    cli.out.say(f"removed the channel {escape(name)}")

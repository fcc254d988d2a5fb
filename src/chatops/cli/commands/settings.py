"""``chatops settings``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest import Setting
from chatops.text import escape

app = group("What an administrator changes while the hub runs.")
KEY = Annotated[str, typer.Argument(metavar="KEY", help="a setting, like raw_retention")]


def _style(setting: Setting) -> Style | None:
    return "warn" if setting.source == "set" else None


def _value(setting: Setting) -> str:
    """As people read it: what 0 means is said behind `0:` in the setting's meaning."""
    _, _, zero = setting.meaning.rpartition("; 0: ")
    return zero if zero != setting.meaning and not setting.value else setting.text


SETTINGS = View(
    Setting,
    lambda setting: setting.key,
    [
        Column("KEY", lambda s: s.key),
        Column("VALUE", lambda s: _value(s), right=True),
        Column("SOURCE", lambda s: s.source, _style),
        Column("MEANING", lambda s: s.meaning),
    ],
)
SETTING = View(
    Setting,
    lambda setting: setting.text,
    [
        Column("key", lambda s: s.key),
        Column("value", lambda s: _value(s)),
        Column("source", lambda s: s.source, _style),
        Column("meaning", lambda s: s.meaning),
        Column("changed", lambda s: show.local(s.changed_at)),
        Column("by", lambda s: s.changed_by),
    ],
)


@command(app, "list", example="chatops settings list")
def list_settings(cli: Cli) -> None:
    """All settings that may be changed while the hub runs.

    SOURCE is `set` for a value that was set here, which stands above all others, `config` for one
    from the hub's configuration file, variables or flags, and `default`.
    """
    cli.out.items(cli.client.settings.list(), SETTINGS)


@command(app, "get", example="chatops settings get raw_retention -q")
def get(cli: Cli, key: KEY) -> None:
    """One setting; with -q its value alone."""
    cli.out.item(cli.client.settings.get(key), SETTING)


@command(app, "set", example="chatops settings set raw_retention 48h")
def set_setting(
    cli: Cli,
    key: KEY,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="like 30d, 64KiB or 20; default resets it")
    ],
) -> None:
    """Set a setting, at once and also after a restart of the hub."""
    if value == "default":
        reset(cli, key)
        return
    setting = cli.client.settings.set(key, value)
    cli.out.changed(setting, SETTINGS, f"{escape(setting.key)} is {escape(_value(setting))} now")


@command(app, "reset", example="chatops settings reset raw_retention")
def reset(cli: Cli, key: KEY) -> None:
    """Go back to the value of the hub's configuration, or the default."""
    setting = cli.client.settings.reset(key)
    again = f"{escape(setting.key)} is {escape(_value(setting))} again, its {_name(setting)}"
    cli.out.changed(setting, SETTINGS, again)


def _name(setting: Setting) -> str:
    return "default" if setting.source == "default" else "configured value"

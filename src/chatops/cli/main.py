"""The commands, by name; each one's module is imported only when it is used."""

from __future__ import annotations

import importlib
import os
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup

from chatops import __version__
from chatops.cli.exits import DONE, INTERRUPTED, STOPPED, USAGE
from chatops.errors import InvalidInput


class Entry(NamedTuple):
    """A command's module in chatops.cli.commands, and its line in the list of commands."""

    module: str
    help: str


COMMANDS: Final[dict[str, Entry]] = {
    "serve": Entry("serve", "run the hub"),
    "agent": Entry("agent", "run the agent of this machine"),
    "demo": Entry("demo", "hub and agent of this machine in a throw-away folder"),
    "status": Entry("status", "the hub's version and the fleet's health"),
    "login": Entry("login", "sign in to a hub"),
    "register": Entry("register", "make yourself an account, where the hub allows it"),
    "logout": Entry("logout", "end the session"),
    "whoami": Entry("whoami", "the account in use"),
    "passwd": Entry("passwd", "change your password"),
    "profiles": Entry("profiles", "the hubs you signed in to"),
    "users": Entry("users", "accounts of the hub"),
    "servers": Entry("servers", "the servers of the fleet"),
    "keys": Entry("keys", "API keys that agents sign in with"),
    "tokens": Entry("tokens", "API tokens that scripts use in your name"),
    "metrics": Entry("metrics", "measured values: latest, past and live"),
    "ps": Entry("ps", "the processes of servers, now"),
    "top": Entry("top", "the fleet as a live view over the whole terminal"),
    "exec": Entry("exec", "run a command on one server or on many"),
    "shell": Entry("shell", "a terminal on a server"),
    "cp": Entry("cp", "copy files and folders to servers, or from one"),
    "recordings": Entry("recordings", "what was printed at terminals: list, play, export"),
    "commands": Entry("commands", "what was run: list, output, attach, wait, cancel"),
    "docker": Entry("docker", "containers: list, look at and change them"),
    "alerts": Entry("alerts", "what is wrong: list, watch, show, ack, resolve"),
    "thresholds": Entry("thresholds", "the rules that raise alerts"),
    "silences": Entry("silences", "for a while nobody is told of some alerts"),
    "wait": Entry("wait", "for CI: wait until something is true of servers"),
    "events": Entry("events", "connections and disconnections"),
    "logs": Entry("logs", "search in the logs of servers"),
    "tail": Entry("tail", "the last lines of logs, and those that come"),
    "channels": Entry("channels", "where alerts are told"),
    "audit": Entry("audit", "who did what: list, verify, export"),
    "settings": Entry("settings", "what an administrator changes while the hub runs"),
}
_EXEC: Final = (["exec"], ["shell"], ["docker", "exec"])
"""Commands whose line ends with one for a server."""
_OWN_STATUS: Final = (*_EXEC, ["commands", "attach"], ["commands", "wait"])
"""Commands whose usage errors must not look like a remote command's exit status."""


class LazyGroup(TyperGroup):
    """Lists all commands, imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else load(entry, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def load(entry: Entry, name: str) -> Any:
    """The command object of a module."""
    module = importlib.import_module(f"chatops.cli.commands.{entry.module}")
    found = typer.main.get_command(module.app)
    found.name = name
    found.short_help = entry.help
    return found


def root() -> TyperGroup:
    """The command ``chatops`` itself."""
    app = typer.Typer(
        cls=LazyGroup,
        rich_markup_mode=None,
        help="Watch and run a fleet of servers from the command line.",
        epilog="`chatops COMMAND --help` shows a command's options and an example.",
    )
    app.callback(invoke_without_command=True)(_start)
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    names: Any = dict.fromkeys(COMMANDS)  # suggestions for a mistyped name come from here
    found.commands = names
    return found


def dispatch(argv: list[str]) -> int:
    """Run one command line with typer; the exit code."""
    try:
        _check_text(argv)
        code = root().main(args=argv, prog_name="chatops", standalone_mode=False)
    except (typer.TyperException, InvalidInput) as error:
        return _usage(argv, error)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return code if isinstance(code, int) else DONE


def _start(
    ctx: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
) -> None:
    if version:
        typer.echo(f"chatops {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        from chatops.cli.output import Output

        Output().say(ctx.get_help())
        raise typer.Exit(USAGE)


def _check_text(argv: list[str]) -> None:
    for word in argv:
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(word).decode(errors="backslashreplace")
            raise InvalidInput(f"the argument {shown[:80]} is not UTF-8") from None


def _usage(argv: list[str], error: typer.TyperException | InvalidInput) -> int:
    from chatops.cli.output import Output

    message = error.message if isinstance(error, InvalidInput) else error.format_message()
    message = " ".join(message.split())  # typer lists choices on lines of their own
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "chatops"
    Output("json" if _asks_json(argv) else "table", no_color="--no-color" in argv).error(
        InvalidInput(message[:1].lower() + message[1:].rstrip("."), hint=f"see `{path} --help`")
    )
    return STOPPED if any(argv[: len(words)] == words for words in _OWN_STATUS) else USAGE


def _asks_json(argv: list[str]) -> bool:
    """Whether a line that could not be parsed asks for JSON; of exec only what precedes the
    first argument counts, the rest belongs to the remote command."""
    wanted = ("json", "ndjson")
    before = ""
    own = next((len(words) for words in _EXEC if argv[: len(words)] == words), 0)
    for word in argv[own:]:
        if before in ("-o", "--output"):
            if word in wanted:
                return True
        elif own and not word.startswith("-") and not before.startswith("-"):
            return False
        if word.startswith("-") and word.removeprefix("--output=").removeprefix("-o") in wanted:
            return True
        before = word
    return False

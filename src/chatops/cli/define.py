"""How commands are declared: their own parameters, and the ones that all share.

A command is a function that takes a Cli and its own typer parameters. What it raises is
told to the user and becomes the exit code; what it returns (None is 0) is the exit code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from chatops.cli.context import Cli, Common
from chatops.cli.exits import exit_code
from chatops.errors import ChatOpsError

F = TypeVar("F", bound=Callable[..., int | None])
Form = Literal["table", "json", "ndjson", "csv"]

HUB = (
    ("hub", str | None, None, typer.Option("--hub", metavar="URL", help="the hub [CHATOPS_HUB]")),
    (
        "token", str | None, None,
        typer.Option("--token", metavar="TOKEN", help="access or API token [CHATOPS_TOKEN]"),
    ),
    (
        "profile", str | None, None,
        typer.Option("--profile", metavar="NAME", help="profile to use [CHATOPS_PROFILE]"),
    ),
    (
        "ca_file", Path | None, None,
        typer.Option("--ca-file", metavar="FILE",
                     help="certificates that vouch for the hub [CHATOPS_CA_FILE]"),
    ),
    (
        "fingerprint", str | None, None,
        typer.Option("--fingerprint", metavar="HEX",
                     help="SHA-256 of the hub's certificate [CHATOPS_FINGERPRINT]"),
    ),
    (
        "insecure", bool | None, None,
        typer.Option("--insecure", help="allow plain HTTP to another machine [CHATOPS_INSECURE]"),
    ),
)  # fmt: skip
DATA = (
    ("output", Form, "table", typer.Option("--output", "-o", help="form of the data")),
    ("quiet", bool, False, typer.Option("--quiet", "-q", help="print just names or ids")),
)
TALK = (
    ("no_color", bool, False, typer.Option("--no-color", help="no colours [NO_COLOR]")),
    ("debug", bool, False, typer.Option("--debug", help="show where an error happened")),
)


def group(text: str) -> typer.Typer:
    """An empty group of commands; ``text`` is its help."""
    return typer.Typer(help=text, rich_markup_mode=None, add_completion=False)


def command(
    app: typer.Typer,
    name: str,
    *,
    example: str,
    hub: bool = True,
    extra: Sequence[inspect.Parameter] = (),
    options_first: bool = False,
    exit_of: Callable[[ChatOpsError], int] = exit_code,
) -> Callable[[F], F]:
    """Adds the decorated function to ``app`` as the command ``name``.

    ``hub`` False leaves out the options of the connection. ``extra`` are further parameters,
    made by chatops.cli.options. ``options_first`` leaves all that follows the first argument
    to it. ``exit_of`` gives an error's exit code.
    """

    def register(function: F) -> F:
        settings = {"allow_interspersed_args": False} if options_first else None
        app.command(name, epilog=f"Example: {example}", context_settings=settings)(
            adapted(function, hub=hub, extra=extra, exit_of=exit_of)
        )
        return function

    return register


def adapted(
    function: Callable[..., int | None],
    *,
    hub: bool = True,
    extra: Sequence[inspect.Parameter] = (),
    exit_of: Callable[[ChatOpsError], int] = exit_code,
) -> Callable[..., None]:
    """``function`` as typer calls it: common parameters taken off, errors told."""
    common = [_parameter(*row) for row in (*(HUB if hub else ()), *DATA, *TALK)]
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    own = [one for one in own if one.kind is not inspect.Parameter.VAR_KEYWORD]

    def call(**values: Any) -> None:
        context = values.get("ctx")
        if context is not None and context.invoked_subcommand is not None:
            return  # of a group that is a command too, and was called for a subcommand
        given = {one.name: values.pop(one.name) for one in common}
        cli = Cli(Common(**given), exit_of=exit_of)
        raise typer.Exit(cli.run(lambda: function(cli, **values)))

    parameters = [*own, *extra, *common]
    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    call.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]  # for typer
    call.__annotations__ = {}
    call.__doc__ = function.__doc__
    return call


def _parameter(name: str, kind: Any, default: Any, declared: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, declared],
    )

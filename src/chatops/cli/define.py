"""How commands are declared: their own parameters, and the ones that all share.

A command is a function that takes a Cli and its own typer parameters. What it raises is
told to the user and becomes the exit code; what it returns (None is 0) is the exit code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from chatops.cli.context import Cli, Common
from chatops.cli.declared import DATA, HUB, TALK, Declared, Form, Kind
from chatops.cli.exits import exit_code
from chatops.errors import ChatOpsError

F = TypeVar("F", bound=Callable[..., int | None])
_KINDS: Final[dict[Kind, Any]] = {
    "text": str | None, "texts": list[str] | None, "number": int | None, "path": Path | None,
    "form": Form,
}  # fmt: skip


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
    negative_values: bool = False,
    exit_of: Callable[[ChatOpsError], int] = exit_code,
) -> Callable[[F], F]:
    """Adds the decorated function to ``app`` as the command ``name``.

    ``hub`` False leaves out the options of the connection. ``extra`` are further parameters,
    made by ``parameter`` or chatops.cli.options. ``options_first`` leaves all that follows the
    first argument to it, ``negative_values`` takes arguments like ``-30``. ``exit_of`` gives an
    error's exit code.
    """

    def register(function: F) -> F:
        settings = {
            "allow_interspersed_args": not options_first,
            "ignore_unknown_options": negative_values,
        }
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
    common = [parameter(one) for one in (*(HUB if hub else ()), *DATA, *TALK)]
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


def parameter(one: Declared) -> inspect.Parameter:
    """A declared option as a parameter that typer understands."""
    flag = bool | None if one.default is None else bool
    declared = typer.Option(*one.words, metavar=one.metavar, help=one.help)
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=one.default,
        annotation=Annotated[flag if one.kind == "flag" else _KINDS[one.kind], declared],
    )

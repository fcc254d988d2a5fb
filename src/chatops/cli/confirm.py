"""What asks before it acts, and how passwords are read."""

from __future__ import annotations

import sys

from chatops.errors import Cancelled, InvalidInput


class Declined(Cancelled):
    """The user was asked and said no."""


def confirm(question: str, *, yes: bool) -> None:
    """Goes on only if the user agrees: ``yes``, or an answer at the terminal.

    Raises:
        Declined: the answer was no.
        InvalidInput: there is no terminal to ask at, and no ``yes``.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(
            "this cannot be undone, and there is no terminal to ask at", hint="give --yes"
        )
    if not agrees(question):
        raise Declined("nothing was done")


def agrees(question: str) -> bool:
    """The answer of the user at the terminal; no is the default."""
    return _entered(f"{question} [y/N] ").lower() in ("y", "yes")


def read_password(*, stdin: bool, prompt: str = "password", twice: bool = False) -> str:
    """A password: the first line of stdin, or asked for at the terminal without echo.

    Raises:
        InvalidInput: nothing came, there is no terminal, or the two entries differ.
    """
    if stdin:
        return _line()
    if not sys.stdin.isatty():
        raise InvalidInput(
            "there is no terminal to ask for the password at", hint="give --password-stdin"
        )
    password = _secret(f"{prompt}: ")
    if twice and _secret(f"{prompt} again: ") != password:
        raise InvalidInput("the two passwords differ", hint="try again; nothing was changed")
    return _checked(password)


def read_secret(what: str, place: str) -> str:
    """The next line of stdin, which holds a secret; ``place`` says which one it is.

    Raises:
        InvalidInput: it is empty.
    """
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InvalidInput(f"no {what} came on stdin", hint=f"it is {place}")
    return line


def read_name(prompt: str, option: str) -> str:
    """A name, asked for at the terminal.

    Raises:
        InvalidInput: there is no terminal, or nothing was entered.
    """
    if not sys.stdin.isatty():
        raise InvalidInput(f"no {prompt} was given", hint=f"give {option}")
    name = _entered(f"{prompt}: ")
    if not name:
        raise InvalidInput(f"no {prompt} was given", hint=f"give {option}")
    return name


def _secret(prompt: str) -> str:
    from getpass import getpass

    try:
        return getpass(prompt, stream=sys.stderr)
    except EOFError:  # Ctrl-D, which leaves the cursor behind the prompt
        sys.stderr.write("\n")
        raise InvalidInput("no password was given") from None


def _entered(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:  # Ctrl-D, which leaves the cursor behind the prompt
        sys.stderr.write("\n")
    return line.strip()


def _line() -> str:
    return _checked(sys.stdin.readline().rstrip("\r\n"))


def _checked(password: str) -> str:
    if not password:
        raise InvalidInput("the password is empty", hint="it is the first line of stdin")
    return password

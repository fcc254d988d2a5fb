"""The way into every command: the streams, then the quick path or typer."""

from __future__ import annotations

import os
import sys

CLOSED: set[str] = set()
"""Which of stdin, stdout and stderr were closed when the program began."""


def run(argv: list[str]) -> int:
    """Run one command line; the exit code."""
    _prepare_streams()
    status = _quickly(argv)
    if status is not None:
        return status
    from chatops.cli.main import dispatch

    return dispatch(argv)


def _quickly(argv: list[str]) -> int | None:
    """Run what need not wait for typer; None when it is something else."""
    if argv[:1] == ["exec"] and _is_text(argv):
        from chatops.cli.quick import execute

        return execute(argv[1:])
    if argv[:2] == ["docker", "exec"] and _is_text(argv):
        from chatops.cli.quick import docker_execute

        return docker_execute(argv[2:])
    return None


def _prepare_streams() -> None:
    """stdin, stdout and stderr as the rest expects them: there, and in UTF-8."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # it was closed by who started us
            CLOSED.add(name)
            handle = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # TextIO in theory


def _is_text(argv: list[str]) -> bool:
    """Whether all words are UTF-8; what is not comes as surrogates."""
    try:
        return bool("\0".join(argv).encode())
    except UnicodeEncodeError:
        return False

"""Output that cannot be written: nothing of it may stay in a buffer and spoil the end."""

import os
import sys
from contextlib import suppress
from typing import TextIO

from chatops.cli.exits import DONE, FAILED, PIPE_CLOSED


def silence(stream: TextIO) -> None:
    """From here on what is written to ``stream`` goes nowhere, quietly; so does its buffer."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def unwritten(error: OSError, code: int) -> int:
    """The exit code when stdout could not be written at the end of a run that had ``code``."""
    silence(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED if code == DONE else code
    if code != DONE:
        return code  # it was told already
    with suppress(OSError):
        sys.stderr.write(f"error: the output cannot be written: {error.strerror}\n")
        sys.stderr.flush()
        return FAILED
    silence(sys.stderr)
    return FAILED

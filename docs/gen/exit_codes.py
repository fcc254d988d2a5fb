"""docs/reference/exit-codes.md: the exit codes of all commands, and those of ``exec``."""

from __future__ import annotations

from typing import Final

from chatops.cli.exits import EXEC_MEANING, EXIT, MEANING
from docs.gen.markdown import code, table

PAGE: Final = "reference/exit-codes.md"
INTRODUCTION: Final = """# Exit codes

What a command ends with, for scripts. The [error codes](errors.md) that lead to each are those of
`error.code` under `-o json`.

"""
EXEC: Final = """
## Of `exec`, `commands attach` and `commands wait`

On one server the exit status is the remote command's: 0 to 255, 126 and 127 as a shell gives
them, 128 + N when signal N ended it. What chatops itself has to say stands between 120 and 125.
A remote program can end with these too, so chatops' own outcomes always come with an `error:`
line on stderr, and `--status-file FILE` writes what `-o json` would print. A TARGET that means
several servers has the statuses of several even when it means one: 0 when all succeeded, else 1,
123 or 125.

"""


def render() -> str:
    """The page."""
    rows = [[str(number), meaning, _errors(number)] for number, meaning in MEANING.items()]
    own = [[str(number), meaning] for number, meaning in sorted(EXEC_MEANING.items())]
    return (
        INTRODUCTION + table(["exit code", "meaning", "error codes"], rows)
        + EXEC + table(["exit status", "meaning"], own)
    )  # fmt: skip


def _errors(number: int) -> str:
    return " ".join(code(name) for name, status in EXIT.items() if status == number)

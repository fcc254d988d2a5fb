"""The program through which the journal is read: where it is, what it is told, what it says.

A binding would be quicker, but it needs libsystemd's headers to be installed, and a crash of it
would be the agent's own. The program comes with every systemd, and reads what that writes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from typing import Final

from chatops.agent.account import DEFAULT_PATH
from chatops.agent.logs.journal_entries import FIELDS

ANSWER: Final = 5.0
"""Seconds that it may take to say whether there is a journal."""
NO_PROGRAM: Final = "there is no journalctl on this host"
NO_JOURNAL: Final = "this host keeps no journal"
_PART: Final = "not seeing messages"
_NONE: Final = "No journal files were found"


class NoJournal(Exception):
    """The journal cannot be read; the text says why."""


def program() -> str:
    """The path of journalctl.

    Raises:
        NoJournal: there is none.
    """
    found = shutil.which("journalctl", path=os.environ.get("PATH") or DEFAULT_PATH)
    if found is None:
        raise NoJournal(NO_PROGRAM)
    return found


def arguments(
    units: Iterable[str] = (),
    *,
    cursor: str | None = None,
    last: int | None = None,
    follow: bool = False,
) -> list[str]:
    """What it is told, to write entries in the form that EntryReader takes: those of ``units``
    (none: all), from ``cursor`` on, that one included if it is still there. ``last``: only so many
    of the newest; None: all. ``follow``: go on with what comes.

    A cursor is always given inclusively. Told to begin *after* it, most versions leave out the
    first entry that they find, also where the one of the cursor is gone.
    """
    words = ["--quiet", "--no-pager", "--output=export", f"--output-fields={','.join(FIELDS)}"]
    words += [f"--unit={unit}" for unit in units]
    words += [f"--lines={'all' if last is None else last}"]
    words += [f"--cursor={cursor}"] if cursor is not None else []
    return [*words, "--follow"] if follow else words


def environment() -> dict[str, str]:
    """Its variables: its words are to be in English."""
    return {"PATH": os.environ.get("PATH") or DEFAULT_PATH, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}


def complaint() -> str | None:
    """Why the journal, or a part of it, cannot be read; None if all is well.

    Raises:
        NoJournal: nothing of it can.
    """
    try:
        ended = subprocess.run(
            [program(), "--no-pager", "--lines=0"], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=ANSWER, env=environment(), cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoJournal(f"journalctl did not answer within {ANSWER:g} s") from None
    except OSError as error:
        raise NoJournal(f"journalctl cannot be started: {error.strerror}") from None
    said = ended.stderr.decode("utf-8", "replace").strip()
    if ended.returncode:
        raise NoJournal(sentence(said) or f"journalctl ended with {ended.returncode}")
    if _PART in said:
        return "this user sees a part of the journal only"
    return NO_JOURNAL if _NONE in said else None


def sentence(said: str) -> str:
    """What it said last, in one line."""
    return said.strip().rpartition("\n")[2].strip()[:300]

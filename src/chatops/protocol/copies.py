"""What copies of files are asked for with, and what both ends say of them. Append-only.

Paths and names are bytes, in JSON as base64: a name may be no UTF-8. Times are nanoseconds since
1970, sizes bytes.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from chatops.protocol.integers import Count, Int
from chatops.protocol.limits import MAX_COPY_DEPTH, MAX_PATH

Path = Annotated[bytes, Meta(min_length=1, max_length=MAX_PATH)]
Name = Annotated[bytes, Meta(max_length=255)]
Names = Annotated[list[Name], Meta(max_length=MAX_COPY_DEPTH)]
"""Where something lies in what is copied, name by name; of the file or folder itself: none."""
CopyId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,64}\Z")]
"""Chosen by the client, random: who knows it may go on with the copy."""
EntryKind = Literal["file", "folder", "link"]
MAX_SKIPPED: Final = 100
"""How many of what is skipped are named in a report."""
MAX_SKIPPED_NAMES: Final = 32 * 1024
"""Bytes of names from which on no more are named: the hub takes no report of any length."""


class Entry(Struct, array_like=True):
    """A file, folder or link. ``mode`` are the nine bits of rights. Of a file: ``size``, and where
    the bytes that follow ``start`` (what is before is there already); of a link: its ``target``."""

    names: Names
    kind: EntryKind
    mode: Annotated[int, Meta(ge=0, le=0o777)]
    mtime: Int
    size: Count = 0
    start: Count = 0
    target: Annotated[bytes, Meta(max_length=MAX_PATH)] = b""


class Skipped(Struct, omit_defaults=True):
    """What is not copied, and why; ``failed`` when it should have been."""

    names: Names
    reason: Annotated[str, Meta(max_length=200)]
    failed: bool = False


class CopyPlace(Struct, omit_defaults=True):
    """How far a copy is where it is written: all up to the entry ``after`` is there, and of the
    file ``names``, which had this ``size`` and ``mtime``, the first ``have`` bytes."""

    after: Names | None = None
    names: Names | None = None
    size: Count = 0
    mtime: Int = 0
    have: Count = 0


class CopyReport(Struct, omit_defaults=True):
    """What was copied. ``files`` and ``bytes`` count files that are whole, ``sent`` the bytes that
    travelled (less with holes). ``sha256`` is that of a single file. ``skipped`` are the first
    hundred, ``more_skipped`` is how many there are beside them, ``failed`` how many of all should
    have been copied."""

    files: Count = 0
    bytes: Count = 0
    sent: Count = 0
    sha256: str | None = None
    skipped: list[Skipped] = field(default_factory=list)
    more_skipped: Count = 0
    failed: Count = 0


class CopyOutArgs(Struct, omit_defaults=True, kw_only=True):
    """``copy_out``: read the file or, with ``recursive``, the folder at ``path``, from ``place``
    on. Its records come on ``stdout``, at the end a CopyReport as a line of JSON on ``stderr``."""

    path: Path
    recursive: bool = False
    place: CopyPlace | None = None


class CopyInArgs(Struct, omit_defaults=True, kw_only=True):
    """``copy_in``: write what comes on the stream ``input`` to ``path``, or into the folder that is
    there, under ``name``. With an ``id`` that was cut off it goes on. The report comes on
    ``stderr``."""

    id: CopyId
    path: Path
    name: Name
    input: Count


class CopyBegin(Struct, omit_defaults=True):
    """It has begun. Of what is read: whether it is a ``folder``, and the ``size`` of the file, or
    of all files in the folder where they were soon counted; of what is written: ``place``, where to
    go on, or the ``report`` when it was whole already."""

    folder: bool = False
    size: Count | None = None
    place: CopyPlace | None = None
    report: CopyReport | None = None

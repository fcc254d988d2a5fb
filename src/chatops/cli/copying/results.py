"""What became of a copy to or from one server, as it is shown."""

from __future__ import annotations

from msgspec import Struct

from chatops.cli.show import size
from chatops.cli.view import Column, View
from chatops.copying.naming import readable
from chatops.errors import ChatOpsError
from chatops.protocol.copies import CopyReport
from chatops.protocol.rest.common import ErrorDetail


class NotCopied(Struct):
    """Something of a folder that is not copied; ``failed`` when it should have been."""

    path: str
    reason: str
    failed: bool


class CopyResult(Struct):
    """``bytes`` are those of whole files, ``sent_bytes`` what travelled. ``sha256`` is that of a
    single file."""

    server: str
    path: str
    files: int
    bytes: int
    sent_bytes: int
    sha256: str | None
    skipped: list[NotCopied]
    duration_ms: int
    error: ErrorDetail | None


def result_of(
    server: str, path: str, report: CopyReport, seconds: float, error: ChatOpsError | None = None
) -> CopyResult:
    """That of a copy which came to its end, or to an ``error`` after what is in the report."""
    detail = None
    if error is not None:
        detail = ErrorDetail(code=error.code, message=error.message, hint=error.hint)
    skipped = [NotCopied(readable(one.names), one.reason, one.failed) for one in report.skipped]
    return CopyResult(
        server, path, report.files, report.bytes, report.sent, report.sha256, skipped,
        round(seconds * 1000), detail,
    )  # fmt: skip


COPIES = View(
    CopyResult,
    lambda result: result.server,
    [
        Column("server", lambda r: r.server),
        Column("files", lambda r: str(r.files), right=True),
        Column("size", lambda r: size(r.bytes), right=True),
        Column("path", lambda r: r.path),
    ],
)

"""What is done to a target by way of its agent is recorded twice: before it is asked for, and with
what came of it. So it is on record though the hub ends in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chatops.errors import ChatOpsError, NotFound
from chatops.server.services.audit import AuditService, Origin


@dataclass(slots=True)
class Deed:
    """What the second record says."""

    detail: dict[str, Any]
    outcome: str = "ok"

    def failed(self, error: ChatOpsError) -> None:
        """It was not done, or not all of it."""
        self.outcome = "refused" if error.code == "refused" else "failed"
        self.detail["error"] = error.message


@asynccontextmanager
async def on_record(
    audit: AuditService, origin: Origin, action: str, target: str, about: Mapping[str, Any]
) -> AsyncIterator[Deed]:
    """Around what is done: a record ``sent`` before it, and after it what the deed says."""
    await audit.record_alone(origin, action, target, outcome="sent", detail=about)
    deed = Deed(dict(about))

    async def record() -> None:
        await audit.record_alone(
            origin, action, target, outcome=deed.outcome, detail=deed.detail
        )  # fmt: skip

    try:
        yield deed
    except NotFound:
        raise  # recorded as every request for what is not there
    except ChatOpsError as error:
        deed.failed(error)
        await record()
        raise
    await record()

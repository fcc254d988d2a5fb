"""Writing down what has happened: a hub that is busy, or a disk that is full, does not undo it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from chatops.errors import Busy

_RETRY_AFTER: Final = 1.0
_log = logging.getLogger(__name__)


async def for_sure(write: Callable[[], Awaitable[None]], what: str) -> None:
    """Write it down as soon as that can be done; ``what`` names it in the log until then."""
    while True:
        try:
            return await write()
        except Busy as error:
            _log.error("%s cannot be recorded yet: %s", what, error.message)
            await asyncio.sleep(_RETRY_AFTER)

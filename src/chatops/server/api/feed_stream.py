"""A feed as one long answer: enveloped frames, as long as it goes on and somebody takes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import msgspec
from aiohttp import ClientConnectionResetError, web

from chatops.errors import ChatOpsError
from chatops.protocol import rest
from chatops.protocol.frames import CONTENT_TYPE, envelope_binary, envelope_text
from chatops.protocol.messages import StreamName
from chatops.server.api.run_stream import until_gone, write
from chatops.server.services.feeds import Feed

NUMBERS: Final[dict[StreamName, int]] = {"stdout": 1, "stderr": 2}
"""What stands for which stream in the binary frames."""
_encode = msgspec.json.Encoder().encode
Error = Callable[[rest.ErrorDetail], Any]


def text(event: Any) -> bytes:
    """An event as it stands in the body."""
    return envelope_text(_encode(event))


async def stream(
    request: web.Request, ask: Callable[[], Awaitable[bytes | None]], error: Error
) -> web.StreamResponse:
    """Answer with what ``ask`` gives until that is None; what it raises becomes an event of
    ``error``. A watcher that is gone ends the answer. ``ask`` may be cancelled."""
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    with suppress(TimeoutError, ConnectionError, ClientConnectionResetError):
        await response.prepare(request)
        try:
            while (data := await until_gone(request, response, ask)) is not None:
                await write(response, data)
        except ChatOpsError as failure:
            detail = rest.ErrorDetail(
                code=failure.code, message=failure.message, hint=failure.hint
            )  # fmt: skip
            await write(response, text(error(detail)))
        await response.write_eof()
    return response


class Frames:
    """The frames of a feed: ``first``, then its bytes, then ``last``."""

    def __init__(self, feed: Feed, first: Any, last: Any) -> None:
        self._feed = feed
        self._first: Any = first
        self._last: Any = last
        self._offsets = dict.fromkeys(NUMBERS, 0)

    async def next(self) -> bytes | None:
        """The next ones; None when all was given."""
        if self._first is not None:
            first, self._first = self._first, None
            return text(first)
        pieces = await self._feed.next() if self._last is not None else None
        if pieces is not None:
            return b"".join(self._frame(piece.stream, piece.data) for piece in pieces)
        last, self._last = self._last, None
        return text(last) if last is not None else None

    def _frame(self, name: StreamName, data: bytes | bytearray) -> bytes:
        offset = self._offsets[name]
        self._offsets[name] += len(data)
        return envelope_binary(NUMBERS[name], offset, bytes(data))

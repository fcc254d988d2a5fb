"""Long answers of the hub: enveloped frames, each read as it comes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

import msgspec

from chatops.client.session import Session
from chatops.client.transport import NotHttp, Response
from chatops.errors import ChatOpsError, ProtocolError, from_code
from chatops.protocol.frames import CONTENT_TYPE, FrameReader, StreamFrame
from chatops.protocol.rest.common import ErrorDetail

T = TypeVar("T")


def framed(
    session: Session, response: Response, read: Callable[[bytes | StreamFrame], T]
) -> Generator[T, None, None]:
    """What ``read`` makes of each frame of an answer's body.

    Raises:
        HubUnreachable: the connection was lost, or it is no such answer.
        ChatOpsError: what ``read`` raises.
    """
    if response.headers.get("content-type", "").partition(";")[0] != CONTENT_TYPE:
        response.close()
        raise session.unusable("it answers with something that is no stream")
    return _framed(session, response, read)


def _framed(
    session: Session, response: Response, read: Callable[[bytes | StreamFrame], T]
) -> Generator[T, None, None]:
    reader = FrameReader()
    try:
        for data in response.parts():
            for frame in reader.feed(data):
                yield read(frame)
    except NotHttp as error:
        raise session.unusable(error.message) from None
    except (ProtocolError, msgspec.DecodeError) as error:
        raise session.unusable(f"the stream is broken ({error})") from None
    except (OSError, EOFError) as error:
        raise session.lost(error) from error
    finally:
        response.close()


def told(error: ErrorDetail | None) -> ChatOpsError:
    """The error that an answer ends with."""
    if error is None:
        return ChatOpsError("the hub broke it off")
    return from_code(error.code, error.message, hint=error.hint)

"""Every error that a user of ChatOps can meet, in one tree with stable codes.

    ChatOpsError                 error
    ├── InvalidInput             invalid            the request or argument is wrong
    │   ├── Malformed            malformed          not even readable as JSON, a frame, a number
    │   └── TooLarge             too_large          over a limit of chatops.protocol.limits
    ├── NotSignedIn              not_signed_in      no credentials, or they are expired or refused
    ├── NotPermitted             not_permitted      signed in, but the role does not allow it
    ├── NotFound                 not_found          nothing of that name that the caller may see
    │   └── NoSample             no_sample          the server has not sent metrics yet
    ├── MethodNotAllowed         method_not_allowed the path exists, the method does not
    ├── Conflict                 conflict           already there, or in the wrong state
    ├── TooManyRequests          too_many_requests  over a rate limit; carries retry_after
    ├── Busy                     busy               the hub cannot take it now; try again
    ├── Offline                  offline            the server's agent is not connected
    ├── Refused                  refused            the target's own policy says no
    ├── TimedOut                 timed_out          the command was ended at its time limit
    ├── Cancelled                cancelled          somebody cancelled the command
    ├── Lost                     lost               the agent vanished; the outcome is unknown
    ├── HubUnreachable           hub_unreachable    no usable answer from the hub
    ├── ProtocolError            protocol           the peer broke the wire protocol
    ├── SetupError               setup              this host is not in the needed state
    └── InternalError            internal           a fault of ours; details are in the hub's log

The codes are what scripts may rely on; messages may change. One table maps codes to
HTTP statuses (``STATUS``), one in ``chatops.cli.exits`` maps them to exit codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ChatOpsError(Exception):
    """Base of all errors that ChatOps raises on purpose.

    ``message`` says what went wrong and to what, ``hint`` what to do about it, and
    ``details`` carries machine-readable facts (JSON values only).
    """

    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = dict(details) if details else None


class InvalidInput(ChatOpsError):
    """The request or argument is understood and wrong."""

    code = "invalid"


class Malformed(InvalidInput):
    """The input cannot be read at all."""

    code = "malformed"


class TooLarge(InvalidInput):
    """The input is over a limit."""

    code = "too_large"


class NotSignedIn(ChatOpsError):
    """No credentials were given, or they are expired or refused."""

    code = "not_signed_in"


class NotPermitted(ChatOpsError):
    """The caller is known and may not do this."""

    code = "not_permitted"


class NotFound(ChatOpsError):
    """Nothing of that name exists that the caller may see."""

    code = "not_found"


class NoSample(NotFound):
    """The server exists and has not sent a metrics sample yet."""

    code = "no_sample"


class MethodNotAllowed(ChatOpsError):
    """The path exists and does not take this method."""

    code = "method_not_allowed"


class Conflict(ChatOpsError):
    """The thing is already there, or in a state that forbids the change."""

    code = "conflict"


class TooManyRequests(ChatOpsError):
    """A rate limit was reached. ``retry_after`` is in seconds."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, details={"retry_after": retry_after})
        self.retry_after = retry_after


class Busy(ChatOpsError):
    """The hub cannot take the request now; the same request may succeed later."""

    code = "busy"


class Offline(ChatOpsError):
    """The server's agent is not connected."""

    code = "offline"


class Refused(ChatOpsError):
    """The target's own policy refused the request."""

    code = "refused"


class TimedOut(ChatOpsError):
    """The command was ended at its time limit."""

    code = "timed_out"


class Cancelled(ChatOpsError):
    """The command was ended, or never started, because somebody cancelled it."""

    code = "cancelled"


class Lost(ChatOpsError):
    """The agent vanished while it held the command; the outcome is unknown."""

    code = "lost"


class HubUnreachable(ChatOpsError):
    """No usable answer came from the hub."""

    code = "hub_unreachable"


class ProtocolError(ChatOpsError):
    """The peer sent something that the wire protocol does not allow."""

    code = "protocol"


class SetupError(ChatOpsError):
    """This host is not in the state that the program needs (folder, port, file, permission)."""

    code = "setup"


class InternalError(ChatOpsError):
    """A fault of ours. The details are in the log, never in the message."""

    code = "internal"


STATUS: Mapping[str, int] = {
    "error": 500,
    "invalid": 422,
    "malformed": 400,
    "too_large": 413,
    "not_signed_in": 401,
    "not_permitted": 403,
    "not_found": 404,
    "no_sample": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "too_many_requests": 429,
    "busy": 503,
    "offline": 409,
    "refused": 403,
    "timed_out": 504,
    "cancelled": 409,
    "lost": 504,
    "hub_unreachable": 502,
    "protocol": 400,
    "setup": 500,
    "internal": 500,
}
"""HTTP status of each code (used by the hub only; the client goes by the code)."""


def error_classes() -> dict[str, type[ChatOpsError]]:
    """Every class of the tree by its code."""
    found: dict[str, type[ChatOpsError]] = {}
    todo: list[type[ChatOpsError]] = [ChatOpsError]
    while todo:
        cls = todo.pop()
        if "code" in vars(cls):  # a subclass elsewhere may share its parent's code
            found[cls.code] = cls
        todo.extend(cls.__subclasses__())
    return found


def from_code(
    code: str,
    message: str,
    *,
    hint: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> ChatOpsError:
    """The error that ``code`` names, rebuilt on this side of the wire.

    An unknown code (a newer hub) gives a plain ``ChatOpsError``.
    """
    cls = error_classes().get(code, ChatOpsError)
    if cls is TooManyRequests:
        return TooManyRequests(message, retry_after=_retry_after(details or {}), hint=hint)
    return cls(message, hint=hint, details=details)


def _retry_after(details: Mapping[str, Any]) -> float:
    """The peer's figure if it is one: what comes off the wire may be anything."""
    given = details.get("retry_after")
    if isinstance(given, int | float) and 0 <= given < float("inf"):
        return float(given)
    return 1.0

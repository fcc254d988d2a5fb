"""Why a socket is closed: reason → WebSocket close code → may the peer come back?

The reason's name stands in the close frame and, before it, in an ``error`` message as
``code``. Codes 4000–4999 are free for applications (RFC 6455, section 7.4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CloseReason:
    """One row of the table. ``retry``: a reconnection may succeed without anybody's help."""

    name: str
    code: int
    retry: bool
    text: str


def _reason(name: str, code: int, *, retry: bool, text: str) -> CloseReason:
    return CloseReason(name, code, retry, text)


HUB_STOPPING: Final = _reason("hub_stopping", 1001, retry=True, text="the hub is shutting down")
AGENT_STOPPING: Final = _reason(
    "agent_stopping", 1000, retry=True, text="the agent is shutting down"
)
DONE: Final = _reason("done", 1000, retry=True, text="nothing more to say")
TOO_LARGE: Final = _reason("too_large", 1009, retry=True, text="a frame was over the limit")
INTERNAL: Final = _reason("internal", 1011, retry=True, text="the hub had an internal fault")
BUSY: Final = _reason("busy", 1013, retry=True, text="the hub has too many connections")
AUTH_TIMEOUT: Final = _reason(
    "auth_timeout", 4000, retry=True, text="no credentials came within the time for them"
)
MALFORMED: Final = _reason("malformed", 4001, retry=True, text="too many unusable frames came")
KEY_UNKNOWN: Final = _reason("key_unknown", 4010, retry=False, text="the key is not known here")
KEY_REVOKED: Final = _reason("key_revoked", 4011, retry=False, text="the key was revoked")
KEY_EXPIRED: Final = _reason("key_expired", 4012, retry=False, text="the key has expired")
SERVER_REMOVED: Final = _reason(
    "server_removed", 4013, retry=False, text="the server was removed from the hub"
)
NOT_SIGNED_IN: Final = _reason(
    "not_signed_in", 4014, retry=False, text="the token is not valid, or no longer"
)
NOT_FOUND: Final = _reason("not_found", 4015, retry=False, text="no such server")
NOT_PERMITTED: Final = _reason(
    "not_permitted", 4016, retry=False, text="the role does not allow it"
)
TOO_MANY: Final = _reason(
    "too_many", 4017, retry=True, text="this account or address has too many sockets open"
)
REPLACED: Final = _reason(
    "replaced", 4020, retry=True, text="another connection of the same server took over"
)
SILENT: Final = _reason("silent", 4021, retry=True, text="nothing was heard for too long")
PROTOCOL_VERSION: Final = _reason(
    "protocol_version", 4022, retry=True, text="the two ends speak different protocol versions"
)

REASONS: Final[dict[str, CloseReason]] = {
    value.name: value for value in tuple(globals().values()) if isinstance(value, CloseReason)
}
"""Every reason by its name."""


WHO_GRANTS: Final = "ask the server's owner or an administrator"
"""What to do about a role that does not allow something on a server."""


def may_retry(name: str) -> bool:
    """Whether a peer closed for ``name`` should come back; unknown reasons are transient."""
    reason = REASONS.get(name)
    return reason is None or reason.retry

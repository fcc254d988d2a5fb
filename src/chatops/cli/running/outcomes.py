"""What chatops itself has to say about an outcome."""

from __future__ import annotations

from chatops.errors import (
    Cancelled,
    ChatOpsError,
    Lost,
    Offline,
    Refused,
    TimedOut,
)
from chatops.protocol.rest.commands import CommandResult


def kept_bytes(text: str | None, b64: str | None) -> bytes:
    """Output as it was, from the two forms in which a result may hold it."""
    if text is not None:
        return text.encode()
    import base64

    return base64.b64decode(b64 or "")


def outcome_error(result: CommandResult) -> ChatOpsError | None:
    """What to tell about a result that is not just the remote program's own end."""
    server, why = result.server, result.error
    match result.status:
        case "offline":
            return Offline(why or f"{server} is offline; the command was not run")
        case "refused":
            return Refused(why or f"{server} refused the command")
        case "timed_out":
            return TimedOut(why or f"the command on {server} was ended at its time limit")
        case "cancelled":
            return Cancelled(why or f"the command on {server} was cancelled from elsewhere")
        case "lost":
            return Lost(
                why or f"{server} vanished; the outcome is unknown",
                details={"command_id": result.command_id},
                hint=f"`chatops commands show {result.command_id}` tells should it be known",
            )
        case "failed" if result.exit_code is None and not result.signal:
            return ChatOpsError(why or f"the command could not be started on {server}")
        case _:
            return None


def reason(result: CommandResult) -> str:
    """In a few words why a server did not succeed."""
    why = result.error
    match result.status:
        case "failed" if result.signal:
            return f"killed by signal {result.signal}"
        case "failed" if result.exit_code is not None:
            return f"exit status {result.exit_code}"
        case "failed":
            return why or "could not be started"
        case "timed_out":
            return "timed out"
        case "offline" | "queued" | "sent" | "running" | "succeeded":
            return result.status
        case status:
            return f"{status}: {why}" if why else status

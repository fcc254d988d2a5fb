"""Apprise in a process of its own: ``python -m chatops.server.services.notify.apprise_child``.

One job as JSON on stdin, its result as one line of JSON on stdout. Nothing of ours but the
addresses is loaded, and what Apprise or one of its services prints goes nowhere.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any, Final

from chatops.server.services.notify.addresses import PrivateAddress, is_public

_CONNECTS: Final = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))
_MOST_SAID: Final = 5
_LONGEST: Final = 1000
"""Characters of a line: a service may quote all that it was answered."""


class Said(logging.Handler):
    """Keeps what Apprise says of an attempt that fails."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        if len(self.lines) < _MOST_SAID:
            self.lines.append(record.getMessage()[:_LONGEST])


def guard(refused: list[str]) -> None:
    """From here on this process connects to public addresses only. The interpreter asks the hook
    with the address that is connected to, after its name was resolved."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _CONNECTS and (address := args[-1]) is not None:
            host = address[0] if isinstance(address, tuple) else str(address)
            if not is_public(str(host)):
                refused.append(str(host))
                raise PrivateAddress(f"{host} is a private address")

    sys.addaudithook(hook)


def check(url: str, scheme: str) -> dict[str, Any]:
    """Whether Apprise knows the URL, and the host in it that is no token."""
    from apprise import Apprise
    from apprise.manager_plugins import NotificationManager

    said = _listen()
    service: Any = Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        manager: Any = NotificationManager
        return {"ok": False, "known": scheme in manager().schemas(), "said": said.lines}
    # A service that can do without a machine's name has a token in its place.
    named = all("{host}" in form for form in service.templates)
    host = f"{service.host}:{service.port}" if named and service.port else service.host
    safe = _safe(service, scheme) if named else None
    return {"ok": True, "host": host if named else None, "name": service.host, "safe": safe}


def _safe(service: Any, scheme: str) -> str | None:
    """The scheme to use instead of one that says all in the clear; None if this is none. Mail is
    left alone: most servers of it encrypt by the same scheme (STARTTLS)."""
    plain, safe = (_schemes(service, name) for name in ("protocol", "secure_protocol"))
    in_clear = scheme in plain and scheme not in safe and scheme != "mailto"
    return safe[0] if in_clear and safe else None


def _schemes(service: Any, name: str) -> list[str]:
    found = getattr(service, name, None) or ()
    return [found] if isinstance(found, str) else list(found)


def send(job: dict[str, Any]) -> dict[str, Any]:
    """Send a message."""
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    said, refused = _listen(), list[str]()
    sender = Apprise(asset=AppriseAsset(app_id="ChatOps", app_desc="ChatOps", app_url=""))
    known = sender.add(job["url"])
    if job["public_only"]:
        guard(refused)
    ok = known and sender.notify(
        title=job["title"], body=job["body"], notify_type=NotifyType(job["type"]),
        body_format=NotifyFormat.TEXT,
    )  # fmt: skip
    return {"ok": bool(ok), "said": said.lines, "refused": refused}


def _listen() -> Said:
    said = Said()
    log = logging.getLogger("apprise")
    log.addHandler(said)
    log.setLevel(logging.WARNING)
    log.propagate = False
    return said


def main() -> None:
    """Do the job on stdin."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    job = json.loads(sys.stdin.buffer.read())
    result = check(job["url"], job["scheme"]) if job["do"] == "check" else send(job)
    answers.write(json.dumps(result) + "\n")
    answers.close()


if __name__ == "__main__":
    main()

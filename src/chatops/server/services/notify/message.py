"""What is told: a webhook's body, and the text of the services that Apprise knows."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from chatops.server.services.notify.schedule import Event
from chatops.text import counted, escape, shorten
from chatops.units import format_time

VERSION: Final = 1
ID_HEADER: Final = "X-ChatOps-Id"
SIGNATURE_HEADER: Final = "X-ChatOps-Signature"
LINES: Final = 20
"""Alerts that a text names; how many more there are it says in one line."""
_LINE: Final = 300
_CALLS: Final = re.compile(r"@|<(?=[!#])")
"""What begins a call to people in the markup of chat services: ``@everyone``, ``<!channel>``."""
_RANK: Final = {"critical": 0, "warning": 1, "info": 2}
_TITLES: Final[dict[Event, str]] = {
    "firing": "firing", "resolved": "resolved", "reminder": "still firing", "test": "test",
}  # fmt: skip
Alert = dict[str, Any]
"""An alert as ``alerts list -o json`` has it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: under the same ``id`` it always says the same."""

    id: str
    event: Event
    alerts: Sequence[Alert]
    hub: str = ""


class Answer(NamedTuple):
    """What came of an attempt, as people read it; nothing secret stands in it."""

    ok: bool
    text: str


def body_of(message: Message, now: float) -> bytes:
    """What a webhook is sent at ``now``."""
    return msgspec.json.encode(
        {
            "v": VERSION,
            "id": message.id,
            "event": message.event,
            "sent_at": format_time(now),
            "alerts": message.alerts,
        }
    )


def sign(secret: str, body: bytes) -> str:
    """The value of the signature's header (HMAC, RFC 2104, with SHA-256)."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def title_of(message: Message) -> str:
    """One line for people."""
    word = _TITLES[message.event]
    if message.event == "test":
        return "ChatOps: a test message"
    alerts = sorted(message.alerts, key=_rank)
    worst = alerts[0]["severity"] if alerts else "info"
    if len(alerts) == 1:
        return f"[{worst}] {word}: {_calm(where(alerts[0]))}"
    return f"[{worst}] {word}: {counted(len(alerts), 'alert')}"


def text_of(message: Message) -> str:
    """What follows the title, the worst first."""
    if message.event == "test":
        return f"This channel of the hub {message.hub} works."
    alerts = sorted(message.alerts, key=_rank)
    lines = [_line(one) for one in alerts[:LINES]]
    if len(alerts) > LINES:
        lines.append(f"and {len(alerts) - LINES} more")
    hub = f"hub {message.hub}, " if message.hub else ""  # just started, it may not know it yet
    return "\n".join([*lines, "", f"{hub}message {message.id}"])


def _line(alert: Alert) -> str:
    """One alert. Its words come from targets and users: no line is broken by them."""
    said = alert.get("message") or f"{alert['metric']} {alert['op']} {alert['threshold']}"
    text = f"{alert['severity']}: {where(alert)}: {said}"
    if alert.get("resolved_reason"):
        text += f" ({alert['resolved_reason']})"
    return _calm(shorten(escape(text), _LINE))


def _calm(text: str) -> str:
    """Words of targets and users, in which no service finds anybody to call: a space of no width
    stands where it would begin to look."""
    return _CALLS.sub("\\g<0>\u200b", text)


def where(alert: Alert) -> str:
    """Which alert it is, in few words."""
    what = alert["threshold_name"] or alert["metric"]
    text = f"{what} on {alert['server']}" if alert["server"] else str(what)
    return shorten(escape(text), _LINE)


def _rank(alert: Alert) -> tuple[int, str, str]:
    return _RANK.get(alert["severity"], 3), alert["server"] or "", alert["id"]

"""Sends messages through Apprise, each in a process of its own.

Apprise blocks, loads more than a hundred services, and cannot be stopped: as a process it has a
time limit that holds, leaves no memory behind, and connects only where it may (apprise_child).
The URL goes through a pipe: never into argv or the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from chatops.errors import InvalidInput
from chatops.protocol.limits import APPRISE_TIMEOUT, MAX_APPRISE
from chatops.server.services.notify.message import Answer, Message, text_of, title_of
from chatops.server.services.notify.urls import HINT, Receiver, check_clear, scheme_of, show_apprise
from chatops.server.services.notify.webhook import FORBIDDEN
from chatops.text import escape, shorten

_CHILD: Final = (sys.executable, "-m", "chatops.server.services.notify.apprise_child")
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
                "REQUESTS_CA_BUNDLE", "LD_LIBRARY_PATH", "PYTHONPATH")  # fmt: skip
"""Variables that the process gets; the hub's others are none of its business."""
_TYPES: Final[Mapping[str, str]] = {"resolved": "success", "test": "info"}
_COLOURS: Final = (("critical", "failure"), ("warning", "warning"))
_SHOWN: Final = 300


class AppriseSender:
    """Starts the processes, as many at a time as may be."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MAX_APPRISE)

    async def check(self, receiver: Receiver) -> str:
        """That Apprise knows a URL; what may be shown of it.

        Raises:
            InvalidInput: it does not, or would tell another machine in the clear.
        """
        scheme = scheme_of(receiver.url)
        job = {"do": "check", "url": receiver.url, "scheme": scheme}
        result = await self._run(job, APPRISE_TIMEOUT)
        if result is None:
            raise InvalidInput("Apprise did not say whether it knows that URL", hint="try again")
        if not result["ok"]:
            said = escape(receiver.masked(" ".join(result["said"])))
            why = said if result["known"] else f"{scheme}:// is none of its schemes"
            raise InvalidInput(f"Apprise cannot use that URL: {shorten(why, _SHOWN)}", hint=HINT)
        if result["safe"] and not receiver.plain:
            check_clear(scheme, result["name"], f"use {result['safe']}://")
        return show_apprise(receiver.url, result["host"])

    async def send(
        self, receiver: Receiver, message: Message, *, public_only: bool, timeout: float
    ) -> Answer:
        """Send a message; a success is what the service takes for one."""
        job = {
            "do": "send", "url": receiver.url, "title": title_of(message),
            "body": text_of(message), "public_only": public_only,
            "type": _TYPES.get(message.event, _type(message)),
        }  # fmt: skip
        result = await self._run(job, timeout)
        if result is None:
            return Answer(ok=False, text=f"Apprise did not end within {timeout:g} s")
        if result["ok"]:
            return Answer(ok=True, text="sent")
        if result["refused"]:
            return Answer(ok=False, text=f"{result['refused'][0]} {FORBIDDEN}")
        said = escape(receiver.masked(" ".join(result["said"])))
        return Answer(ok=False, text=shorten(said or "Apprise does not say why", _SHOWN))

    async def _run(self, job: Mapping[str, Any], timeout: float) -> dict[str, Any] | None:
        """What the process answers; None if it does not within ``timeout``."""
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                *_CHILD, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environ
            )
            try:
                async with asyncio.timeout(timeout):
                    answer, _ = await child.communicate(msgspec.json.encode(job))
                found: dict[str, Any] = msgspec.json.decode(answer)
                return found
            except (TimeoutError, msgspec.DecodeError):
                return None
            finally:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()


def _type(message: Message) -> str:
    """What Apprise calls it: a colour and a symbol at most services."""
    worst = {alert["severity"] for alert in message.alerts}
    return next((name for one, name in _COLOURS if one in worst), "info")

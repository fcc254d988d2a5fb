"""Sends a message to a channel's receiver, whatever that is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from chatops.clock import Clock
from chatops.errors import InvalidInput
from chatops.protocol.limits import APPRISE_TIMEOUT, SEND_TIMEOUT
from chatops.server.services.box import Box
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.notify.apprise_sender import AppriseSender
from chatops.server.services.notify.message import Answer, Message
from chatops.server.services.notify.urls import Receiver, check_webhook, scheme_of
from chatops.server.services.notify.webhook import send_webhook

LOST_KEY: Final = "its URL cannot be decrypted: the hub's secrets are not those it was added with"


class Senders:
    """Knows how channels' receivers are kept, checked and reached. ``timeouts`` are those of a
    webhook and of Apprise, in seconds."""

    def __init__(self, box: Box, live: LiveSettings, clock: Clock) -> None:
        self._box = box
        self._live = live
        self._clock = clock
        self._apprise = AppriseSender()
        self.timeouts = (SEND_TIMEOUT, APPRISE_TIMEOUT)
        self.hub_url = ""
        """The hub's own, which texts name."""

    async def check(self, receiver: Receiver) -> str:
        """That a receiver can be used; what may be shown of its URL.

        Raises:
            InvalidInput: it cannot.
        """
        scheme_of(receiver.url)
        if receiver.is_webhook:
            return check_webhook(receiver)
        if receiver.secret is not None:
            raise InvalidInput(
                "a secret is for a webhook, which is signed with it",
                hint="a service of Apprise's has its credentials in the URL",
            )
        return await self._apprise.check(receiver)

    def seal(self, receiver: Receiver, channel_id: str) -> bytes:
        """A receiver as the database keeps it."""
        return self._box.seal(msgspec.json.encode(receiver), _purpose(channel_id))

    async def send(self, sealed: bytes, channel_id: str, message: Message) -> Answer:
        """Send a message; what came of it. Never fails."""
        data = self._box.open(sealed, _purpose(channel_id))
        if data is None:
            return Answer(ok=False, text=LOST_KEY)
        receiver = msgspec.json.decode(data, type=Receiver)
        try:
            answer = await self._send(receiver, replace(message, hub=self.hub_url))
        except Exception as error:  # noqa: BLE001  (its text could hold the URL)
            answer = Answer(ok=False, text=f"it failed ({type(error).__name__})")
        return answer._replace(text=receiver.masked(answer.text))

    async def _send(self, receiver: Receiver, message: Message) -> Answer:
        public_only = self._live.now.private_receivers == "forbidden"
        webhook, apprise = self.timeouts
        if receiver.is_webhook:
            return await send_webhook(
                receiver, message, self._clock.now(), public_only=public_only, timeout=webhook
            )
        return await self._apprise.send(receiver, message, public_only=public_only, timeout=apprise)


def _purpose(channel_id: str) -> str:
    return f"channel {channel_id}"

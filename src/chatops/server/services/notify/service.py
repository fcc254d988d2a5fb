"""NotificationService: channels, as administrators manage them, and what delivers to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, NotFound
from chatops.ids import new_id
from chatops.protocol import rest
from chatops.protocol.limits import MAX_CHANNELS
from chatops.protocol.names import check_name
from chatops.server.crud import channels as crud
from chatops.server.crud import notifications
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Channel
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import Principal
from chatops.server.services.alerting.outbox import AlertChange
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.log_entries import LogService
from chatops.server.services.notify.couriers import Couriers, Sent
from chatops.server.services.notify.figures import Figures
from chatops.server.services.notify.message import where
from chatops.server.services.notify.outbox import Outbox
from chatops.server.services.notify.schedule import Pace
from chatops.server.services.notify.senders import Senders
from chatops.server.services.notify.urls import Receiver
from chatops.server.services.servers import ServerService
from chatops.server.services.targets import pinned
from chatops.server.services.thresholds import shown_target
from chatops.text import counted
from chatops.units import format_duration, format_time, time_or_none

_WARN_FROM: Final = 3
"""Attempts in vain after which a channel is warned of."""


class NotificationService:
    """Adds, shows, tests and removes channels. For AlertService it is the outbox."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        senders: Senders,
        logs: LogService,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._logs = logs
        self._audit = audit
        self._clock = clock
        self.senders = senders
        self.outbox = Outbox(clock, Pace())
        self.couriers = Couriers(database, self.outbox, senders, self._say, clock)

    # -- for AlertService ---------------------------------------------------------------

    def note(self, tx: Transaction, changes: Sequence[AlertChange]) -> None:
        """Keep changes for delivery, in the transaction that writes them."""
        self.outbox.note(tx, changes)

    def wake(self) -> None:
        """What was noted is committed."""
        self.couriers.wake()

    # -- for those who look after the hub -----------------------------------------------

    def figures(self) -> Figures:
        """What delivery has done since the start, and what waits."""
        return self.couriers.figures()

    async def warnings(self) -> list[str]:
        """Channels that do not take their messages."""
        now = self._clock.now()
        async with self._database.read() as session:
            found = await notifications.failing(session, _WARN_FROM)
        return [
            f"the channel {one.channel} has not taken {counted(one.waiting, 'message')} for "
            f"{format_duration(max(now - one.since, 0.0))}: "
            f"`chatops channels log {one.channel}` tells why"
            for one in found
        ]

    # -- channels -----------------------------------------------------------------------

    async def add(
        self, principal: Principal, origin: Origin, body: rest.ChannelCreate
    ) -> rest.ChannelDetail:
        """A new channel. The plain names of its TARGET mean the servers that have them now.

        Raises:
            InvalidInput: name, URL or TARGET is bad, or the secret has no use.
            NotFound: the TARGET names a server that is not there.
            Conflict: the name is taken, or there are too many channels.
        """
        check_name(body.name)
        receiver = Receiver(body.url, body.secret, body.insecure)
        shown = await self.senders.check(receiver)
        now = self._clock.now()
        channel_id = new_id(now)
        async with self._database.write() as session:
            await self._check_place(session, body.name)
            seen = await self._servers.seen(session, principal)
            row = Channel(
                id=channel_id, name=body.name, sealed=self.senders.seal(receiver, channel_id),
                shown=shown, severity=body.severity, target=str(pinned(body.target, seen)),
                remind_s=body.remind_s, signed=receiver.secret is not None, created_at=now,
                created_by=principal.name,
            )  # fmt: skip
            await crud.add(session, row)
            detail = {"url": shown, "severity": body.severity, "target": body.target}
            await self._audit.record(session, origin, "channels.add", row.name, detail=detail)
            item = await self._detail(session, row)
        self.couriers.add(channel_id)
        return item

    async def page(self, *, limit: int, cursor: str | None) -> rest.Page[rest.Channel]:
        """Channels in order of name."""
        async with self._database.read() as session:
            rows, after = await crud.list_page(session, limit=limit, cursor=cursor)
            names = await self._names(session)
        return rest.Page(items=[_show(row, names) for row in rows], next=after)

    async def show(self, name: str) -> rest.ChannelDetail:
        """One channel.

        Raises:
            NotFound: there is none of that name or id.
        """
        async with self._database.read() as session:
            return await self._detail(session, await _find(session, name))

    async def remove(self, origin: Origin, name: str) -> None:
        """Remove a channel, with its log and all that it was to be told.

        Raises:
            NotFound: there is none of that name or id.
        """
        async with self._database.write() as session:
            row = await _find(session, name)
            await crud.remove(session, row)
            await self._audit.record(session, origin, "channels.remove", row.name)
        self.couriers.look_at(row.id)

    async def test(self, origin: Origin, name: str) -> rest.Delivery:
        """Send a test message to a channel now; what came of it.

        Raises:
            NotFound: there is none of that name or id.
        """
        async with self._database.read() as session:
            row = await _find(session, name)
        sent = await self.couriers.test(row)
        outcome = "ok" if sent.answer.ok else "failed"
        await self._audit.record_alone(origin, "channels.test", row.name, outcome=outcome)
        attempt = sent.attempt
        return rest.Delivery(
            id=attempt.delivery_id, ts=format_time(attempt.started), message_id=attempt.message.id,
            event="test", alerts=0, attempt=1, ok=sent.answer.ok, answer=sent.answer.text,
            duration_ms=round(sent.took * 1000),
        )  # fmt: skip

    async def log(self, name: str, *, limit: int, cursor: str | None) -> rest.Page[rest.Delivery]:
        """Attempts to deliver to a channel, newest first.

        Raises:
            NotFound: there is none of that name or id.
        """
        async with self._database.read() as session:
            row = await _find(session, name)
            found, after = await notifications.attempts_page(
                session, row.id, limit=limit, cursor=cursor
            )
        return rest.Page(items=[_to_delivery(one) for one in found], next=after)

    async def purge(self, before: float, limit: int) -> int:
        """Delete at most ``limit`` messages that ended before then, with their attempts."""
        async with self._database.write() as session:
            return await notifications.delete_before(session, before=before, limit=limit)

    # -- inside -------------------------------------------------------------------------

    async def _check_place(self, session: AsyncSession, name: str) -> None:
        if await crud.get_by_name_or_id(session, name) is not None:
            raise Conflict(f"there is a channel {name!r} already", hint="take another name")
        if await crud.count(session) >= MAX_CHANNELS:
            raise Conflict(f"there are {MAX_CHANNELS} channels, which is the most")

    async def _detail(self, session: AsyncSession, row: Channel) -> rest.ChannelDetail:
        item = _show(row, await self._names(session))
        return rest.ChannelDetail(
            **msgspec.structs.asdict(item), remind_s=row.remind_s, signed=row.signed,
            waiting=await notifications.count_waiting(session, row.id),
            last_result_at=time_or_none(row.last_result_at),
            created_at=format_time(row.created_at), created_by=row.created_by,
        )  # fmt: skip

    async def _names(self, session: AsyncSession) -> dict[str, str]:
        return await servers_crud.names(session)

    async def _say(self, channel: Channel, sent: Sent) -> None:
        """Put what became of a message into the logs of the servers that it is about: when it is
        told, cannot be told at first, and is given up."""
        message = sent.attempt.message
        last = sent.answer.ok or sent.given_up
        if message.event == "test" or not (last or sent.attempt.number == 1):
            return
        level, what = _outcome(sent)
        async with self._database.read() as session:
            there = await notifications.servers_of(session, [one["id"] for one in message.alerts])
        for one in message.alerts:
            text = f"{where(one)}, {message.event}: {what.format(channel.name)}"
            for server_id, _ in there.get(one["id"], [(None, one["server"])]):
                self._logs.note(server_id, level, "notifications", text)


def _outcome(sent: Sent) -> tuple[str, str]:
    """Level and words of an entry."""
    if sent.answer.ok:
        return "info", "told the channel {}"
    if sent.given_up:
        return "error", "the channel {} is not told any more: it could not be reached for too long"
    return "warning", "the channel {} could not be told yet"


async def _find(session: AsyncSession, name: str) -> Channel:
    row = await crud.get_by_name_or_id(session, name)
    if row is None:
        raise NotFound(f"there is no channel {name[:80]!r}", hint="see `chatops channels list`")
    return row


def _show(row: Channel, names: Mapping[str, str]) -> rest.Channel:
    return rest.Channel(
        id=row.id, name=row.name, url=row.shown, severity=cast("rest.Severity", row.severity),
        target=shown_target(row.target, names, whole=False),
        last_result=row.last_result,
    )  # fmt: skip


def _to_delivery(one: notifications.Attempt) -> rest.Delivery:
    row = one.delivery
    return rest.Delivery(
        id=row.id, ts=format_time(row.started_at), message_id=row.notification_id,
        event=cast("rest.MessageEvent", one.message.event), alerts=one.alerts,
        attempt=row.attempt, ok=row.ok, answer=row.answer,
        duration_ms=round(row.duration_s * 1000) if row.duration_s is not None else None,
    )  # fmt: skip

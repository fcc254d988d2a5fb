"""CopyService: files and folders to servers and from them, by their operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatops.errors import Cancelled, ChatOpsError, Conflict, Offline, ProtocolError, Refused
from chatops.protocol import closing
from chatops.protocol.client_messages import OpenCopy
from chatops.protocol.copies import CopyBegin, CopyReport
from chatops.protocol.feed_messages import FeedRequest
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import COPY_CREDIT, KiB
from chatops.protocol.messages import StreamClose, StreamCredit
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.agent_requests import FILES, WRITING, feed_request
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.feeds import Feed, FeedService
from chatops.server.services.on_record import Deed
from chatops.server.services.server_finder import ServerFinder, ServerName
from chatops.text import escape, shorten

_MOST_REPORT: Final = 256 * KiB
"""Bytes of an agent's report; names in it are bounded in number, and in length."""
_FRAMES: Final = 1024
"""Frames that a client may send of any length; beyond them they have, on the whole, ``_LEAST``
bytes: each has a head that no credit pays, and is a turn of the hub and of the agent."""
_LEAST: Final = 1 * KiB


class CopyInput:
    """What a client sends to an agent, within the credit that the agent gives."""

    def __init__(self, session: AgentSession) -> None:
        self.session = session
        self.number: Final = session.open_input(self)
        self._on_more: Callable[[int], object] = lambda credit: None
        self._limit = self._passed = self._frames = 0

    def on_credit(self, message: StreamCredit) -> None:
        """The agent takes more."""
        self._limit += message.credit
        self._on_more(message.credit)

    def tell(self, on_more: Callable[[int], object]) -> None:
        """Tell who sends of all credit, of what came until now too."""
        self._on_more = on_more
        if self._limit:
            on_more(self._limit)

    def on_close(self) -> None:
        """The agent takes no more; its feed says why."""
        self._limit = 0

    def session_ended(self) -> None:
        """The agent is gone; its feed says so."""
        self._limit = 0

    def feed(self, offset: int, data: bytes) -> None:
        """Bytes for the agent, or none: then its client is at work on what comes next.

        Raises:
            ProtocolError: they do not follow what came before, there was no credit for them, or
                they come in too small pieces.
        """
        if not self._is_open:
            return
        if offset != self._passed or offset + len(data) > self._limit:
            raise ProtocolError("bytes came that the copy did not ask for")
        self._passed += len(data)
        self._frames += 1
        if self._frames > _FRAMES + self._passed // _LEAST:
            raise ProtocolError("a copy comes in too small pieces")
        if not self.session.connection.post(encode_frame(self.number, offset, data)):
            self.session.connection.close(closing.SILENT, "the agent does not read a copy")

    def close(self, reason: str) -> None:
        """No more comes: ``detached`` or, for good, ``cancelled``."""
        if self._is_open:
            del self.session.inputs[self.number]
            self.session.post(StreamClose(stream=self.number, reason=reason))

    @property
    def _is_open(self) -> bool:
        return self.session.inputs.get(self.number) is self


class Copy:
    """One copy over one connection of its client, which must ``close`` it."""

    def __init__(
        self, feed: Feed, given: CopyInput | None, where: ServerName, begin: CopyBegin
    ) -> None:
        self.feed = feed
        self.input = given
        self.where = where
        self.begin = begin
        self.cancelled = False
        """Its client gave it up."""
        self._told = bytearray()

    def hear(self, data: bytes | bytearray) -> None:
        """Some of the agent's report.

        Raises:
            Conflict: it is too long.
        """
        self._told += data
        if len(self._told) > _MOST_REPORT:
            raise Conflict(f"the agent of {self.where.name} tells too much of a copy")

    def report(self) -> CopyReport:
        """What the agent said in the end.

        Raises:
            Conflict: nothing that could be read.
        """
        try:
            return msgspec.json.decode(self._told, type=CopyReport)
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = f"the agent of {self.where.name} did not say what became of the copy"
            raise Conflict(text) from None

    def partial(self) -> CopyReport | None:
        """What the agent said is there of a copy that failed, if it said it."""
        try:
            return self.report() if self._told else None
        except Conflict:
            return None

    def cancel(self) -> None:
        """Its client gives it up: nothing of it is to be left. The agent hears that first."""
        self.cancelled = True
        if self.input is not None:
            self.input.close("cancelled")
        self.feed.cut(Cancelled("its client gave the copy up"))

    def close(self) -> None:
        """Nobody takes or sends any more."""
        self.feed.close()  # so the agent knows that the connection is gone, and not the copy
        if self.input is not None:
            self.input.close("detached")


class CopyService:
    """Opens copies, and writes down what became of them. The agent's policy has the last word."""

    def __init__(
        self, servers: ServerFinder, agents: AgentManager, feeds: FeedService, audit: AuditService
    ) -> None:
        self._servers = servers
        self._agents = agents
        self._feeds = feeds
        self._audit = audit

    async def open(
        self, principal: Principal, origin: Origin, server: str, asked: OpenCopy
    ) -> tuple[Copy, Deed]:
        """A copy that has begun; the deed is for ``ended``. It is on record before it begins.

        Raises:
            as FeedService.open; and NotFound, NotPermitted: the server, for this caller.
        """
        row = await self._servers.find(principal, server, Access.OPERATOR)
        where, deed = ServerName(row.id, row.name), Deed(_about(asked))
        await self._record(origin, asked, where, Deed(dict(deed.detail), "sent"))
        try:
            self._check_policy(where, asked)
            return await self._begin(principal, where, asked), deed
        except ChatOpsError as error:
            deed.failed(error)
            await self._record(origin, asked, where, deed)
            raise

    async def ended(self, copy: Copy, origin: Origin, asked: OpenCopy, deed: Deed) -> None:
        """Write down what became of a copy, as the deed has it. One that was given up is that,
        though its client left before anything else came of it."""
        if copy.cancelled and deed.outcome != "ok":
            deed.outcome, deed.detail["error"] = "cancelled", "its client gave the copy up"
        await self._record(origin, asked, copy.where, deed)

    async def _begin(self, principal: Principal, where: ServerName, asked: OpenCopy) -> Copy:
        if not asked.to_server:
            request = feed_request(
                "copy_out", path=asked.path, recursive=asked.recursive, place=_plain(asked.place)
            )
            return await self._opened(principal, where, request, None)
        session = self._agents.find(where.id)
        if session is None:
            raise Offline(f"{where.name} is offline: {WRITING.offline}")
        given = CopyInput(session)
        request = feed_request(
            "copy_in", id=asked.id, path=asked.path, name=asked.name, input=given.number
        )
        try:
            return await self._opened(principal, where, request, given)
        except BaseException:
            given.close("detached")
            raise

    async def _opened(
        self, principal: Principal, where: ServerName, request: FeedRequest, given: CopyInput | None
    ) -> Copy:
        feed, begin = await self._feeds.open(
            principal, where, request, CopyBegin, ("stdout", "stderr"), credit=COPY_CREDIT
        )
        if given is not None and feed.session is not given.session:
            feed.close()
            raise Offline(f"{where.name} has just connected anew")
        return Copy(feed, given, where, begin)

    def _check_policy(self, where: ServerName, asked: OpenCopy) -> None:
        """What an agent told of its policy spares the way there; it decides in any case."""
        session = self._agents.find(where.id)
        known = session.policy if session is not None else None
        if known is None:
            return
        if "files" not in known.allow:
            text = f"{where.name}: its agent was not started with --allow files"
            raise Refused(text, hint=(WRITING if asked.to_server else FILES).refused)
        if asked.to_server and known.files is not None and not known.files.write:
            text = f"{where.name}: its agent's policy lets nobody write files"
            raise Refused(text, hint=WRITING.refused)

    async def _record(self, origin: Origin, asked: OpenCopy, where: ServerName, deed: Deed) -> None:
        action = "files.write" if asked.to_server else "files.read"
        await self._audit.record_alone(
            origin, action, where.name, outcome=deed.outcome, detail=deed.detail
        )


def _about(asked: OpenCopy) -> dict[str, Any]:
    """What the audit says of a copy before it begins."""
    path = escape(asked.path.decode("utf-8", "surrogateescape"))
    detail: dict[str, Any] = {"path": shorten(path, 1000), "copy_id": asked.id}
    if asked.name:
        name = escape(asked.name.decode("utf-8", "surrogateescape"))
        detail["name"] = shorten(name, 300)
    return detail


def tell_counts(deed: Deed, report: CopyReport) -> None:
    """Add to the record how much was copied."""
    deed.detail |= {"files": report.files, "bytes": report.bytes}


def tell(deed: Deed, report: CopyReport) -> None:
    """Add to the record what was copied."""
    tell_counts(deed, report)
    if report.sha256 is not None:
        deed.detail["sha256"] = report.sha256[:64]
    if report.failed:
        deed.outcome = "failed"
        deed.detail["error"] = f"{report.failed} of what was to be copied could not be"


def _plain(place: object) -> Any:
    return None if place is None else msgspec.to_builtins(place)

"""Running commands: wait for them, stream them, feed them, or leave them running."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

import msgspec

from chatops.client.framed import framed
from chatops.client.run_events import (
    End,
    FrameEvents,
    Offsets,
    Output,
    RunEvent,
    Start,
    StreamName,
    Taken,
)
from chatops.client.session import Session, segment
from chatops.client.transport import Response
from chatops.protocol.rest.commands import (
    CommandCreate,
    CommandRecord,
    CommandResult,
    CommandStatus,
    RunPlan,
    RunStarted,
)
from chatops.protocol.rest.common import Page

if TYPE_CHECKING:
    from chatops.client.stdin import Input

__all__ = ["Commands", "End", "Offsets", "Output", "RunEvent", "RunOptions", "Start",
           "StreamName", "Taken"]  # fmt: skip
Mode = Literal["wait", "stream", "detach", "attach"]


class RunOptions(TypedDict, total=False):
    """How a command is run; all may be left out.

    ``timeout`` (seconds) is kept by the agent; without one there is no limit. ``cwd`` and ``env``
    are the target's. At most ``parallel`` servers run it at a time; ``batch`` ("5", "25%") lets
    so many begin when those before them are over; nothing more is started once ``max_failures``
    did not succeed. Nothing is sent unless the target means ``expect_count`` servers. A run with
    the ``idempotency_key`` of an earlier one of the caller's is that run. With ``container`` it
    runs in that container of one server, as its ``user``.
    """

    timeout: float | None
    cwd: str | None
    env: Mapping[str, str] | None
    parallel: int | None
    batch: str | None
    max_failures: str | None
    expect_count: int | None
    idempotency_key: str | None
    container: str | None
    user: str | None


class Commands:
    """``client.commands``. A string is a line for the target's shell, a list an exact vector.
    ``target`` is one server's name or id, or means several (`web-*`, `tag:env=prod`, `all`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(
        self, target: str, command: str | Sequence[str], **options: Unpack[RunOptions]
    ) -> list[CommandResult]:
        """Run a command and wait until it is over everywhere; one result a server.

        Raises:
            NotFound: the target means no server; NotPermitted: the role does not allow it;
            Conflict: the idempotency key is another run's; InvalidInput: an option is wrong.
        """
        body = _create(target, command, "wait", options)
        return self._session.call("POST", "/commands", list[CommandResult], body=body, patient=True)

    def detach(
        self, target: str, command: str | Sequence[str], **options: Unpack[RunOptions]
    ) -> RunStarted:
        """Start a command and return at once.

        Raises:
            as ``run``.
        """
        body = _create(target, command, "detach", options)
        return self._session.call("POST", "/commands", RunStarted, body=body)

    def plan(
        self, target: str, command: str | Sequence[str], **options: Unpack[RunOptions]
    ) -> RunPlan:
        """The servers that ``run`` would go to; nothing is run.

        Raises:
            as ``run``.
        """
        body = msgspec.structs.replace(_create(target, command, "wait", options), dry_run=True)
        return self._session.call("POST", "/commands", RunPlan, body=body)

    def stream(
        self, target: str, command: str | Sequence[str], **options: Unpack[RunOptions]
    ) -> Generator[RunEvent, None, None]:
        """Run a command and yield what happens as it happens.

        ``close()`` of the generator before its end leaves the command running.

        Raises:
            as ``run``; and HubUnreachable when the hub is lost on the way, with
            ``details["sent"]`` true when the command may run nevertheless (see ``attach``).
        """
        body = _create(target, command, "stream", options)
        response = self._session.stream("POST", "/commands", body)
        return _events(self._session, response)

    def feed(
        self,
        target: str,
        command: str | Sequence[str],
        stdin: Input,
        **options: Unpack[RunOptions],
    ) -> Generator[RunEvent, None, None]:
        """As ``stream``, on one server, with ``stdin`` as the command's standard input.

        Raises:
            as ``stream``.
        """
        body = msgspec.structs.replace(_create(target, command, "attach", options), stdin=True)
        started = self._session.call("POST", "/commands", RunStarted, body=body)
        yield Taken(started.run_id, len(started.commands))
        yield from self.attach(started.run_id, stdin=stdin)

    def attach(
        self, name: str, *, offsets: Offsets | None = None, stdin: Input | None = None
    ) -> Generator[RunEvent, None, None]:
        """Follow a command or a run (by id) from its beginning, and on as it goes on.

        ``offsets`` says from where on the output of each command is wanted; what the hub no
        longer has is left out, as the offsets of the output tell. ``stdin`` feeds the standard
        input; one that was attached before goes on where the command got to.

        Raises:
            NotFound: there is none of that id that the caller may see.
            HubUnreachable: the hub is gone; ``details["sent"]`` is true if it was there.
        """
        from chatops.client.attaching import attach

        return attach(self._session, name, offsets or {}, stdin)

    def list(
        self,
        *,
        server: str | None = None,
        user: str | None = None,
        run: str | None = None,
        statuses: Sequence[CommandStatus] = (),
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[CommandRecord]:
        """Past and present commands, newest first; without ``statuses`` in all of them. Times are
        Unix seconds."""
        from chatops.client.events import moment

        query = {
            "server": server, "user": user, "run": run, "status": [*statuses],
            "since": moment(since), "until": moment(until),
        }  # fmt: skip
        return self._session.pages("/commands", Page[CommandRecord], query=query, limit=limit)

    def get(self, command_id: str) -> CommandRecord:
        """One command.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        return self._session.call("GET", f"/commands/{segment(command_id)}", CommandRecord)

    def output(self, command_id: str) -> CommandResult:
        """A command's outcome with its kept output.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        path = f"/commands/{segment(command_id)}/output"
        return self._session.call("GET", path, CommandResult)

    def cancel(self, command_id: str) -> CommandRecord:
        """End a command: TERM to its process group, KILL five seconds later.

        Raises:
            NotFound: there is none of that id that the caller may see.
            Conflict: it is over already.
        """
        path = f"/commands/{segment(command_id)}/cancel"
        return self._session.call("POST", path, CommandRecord)


def _create(
    target: str, command: str | Sequence[str], mode: Mode, options: RunOptions
) -> CommandCreate:
    exact = command if isinstance(command, str) else [*command]
    given = {name: value for name, value in options.items() if value is not None}
    if "env" in given:
        given["env"] = dict(options["env"] or {})
    return CommandCreate(target=target, command=exact, mode=mode, **given)  # type: ignore[arg-type]


def _events(session: Session, response: Response) -> Generator[RunEvent, None, None]:
    return framed(session, response, FrameEvents().read)

"""What the hub asks of a server's container engine, its files and its journals, by way of the
agent, and what the answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from chatops.errors import ChatOpsError, Conflict, Offline, ProtocolError, TimedOut, from_code
from chatops.ids import new_id
from chatops.protocol.feed_messages import FeedRequest, FeedResponse
from chatops.protocol.messages import DockerCommand, DockerResponse
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.server_finder import ServerName
from chatops.text import escape, shorten

PATIENCE: Final = 10.0
"""Seconds that an engine gets for what it is asked, unless the caller says how long."""
SLACK: Final = 10.0
"""Seconds beyond that, after which an agent counts as silent: it answers within five."""
_CODES: Final = {"not_allowed": "refused", "unsupported": "conflict"}
"""Codes of agents that are called otherwise among errors."""
_CROWDED: Final = {"the agent has ": "end another `tail`, `docker logs` or pull of {server} first"}
_KNOWN: Final = frozenset(
    {"error", "refused", "not_permitted", "conflict", "not_found", "timed_out", "invalid", "busy"}
)


class Subject(NamedTuple):
    """What is asked for: why it cannot be had of a server that is ``offline``, who decides that it
    is ``refused``, and ``hints``: what to do, by how the text of an agent begins."""

    offline: str
    refused: str
    hints: Mapping[str, str] = {}

    @classmethod
    def of(cls, request: Asked) -> Subject:
        """That of a request."""
        if isinstance(request, DockerCommand):
            return ENGINE
        return WRITING if request.source == "copy_in" else FILES


_NO_JOURNAL: Final = "`chatops tail {server}:/PATH` reads a file"
ENGINE: Final = Subject(
    "nobody can ask its container engine",
    "the target's owner decides that: --allow docker and [policy.docker] of the agent",
    {
        "there is no container": "`chatops docker ps {server} -a` shows those there are",
        "no container engine listens": "start it, or set DOCKER_HOST or [policy.docker] host for "
        "the agent",
        **_CROWDED,
    },
)
FILES: Final = Subject(
    "nobody can read there",
    "the target's owner decides that: --allow files and [policy.files] of the agent",
    {
        "this host keeps no journal": _NO_JOURNAL,
        "there is no journalctl": _NO_JOURNAL,
        **_CROWDED,
    },
)
WRITING: Final = Subject(
    "nobody can write there",
    "the target's owner decides that: --allow files of the agent, and in its [policy.files] a line "
    'like write = ["/srv/in"]',
    _CROWDED,
)

Asked = DockerCommand | FeedRequest
T = TypeVar("T")


def engine_request(action: str, **args: Any) -> DockerCommand:
    """An action of the container engine with those of its arguments that are not None."""
    return DockerCommand(id=new_id(), action=action, args=_given(args))


def feed_request(source: str, **args: Any) -> FeedRequest:
    """The same for a feed of the host's own."""
    return FeedRequest(id=new_id(), source=source, args=_given(args))


async def ask_agent(
    agents: AgentManager, where: ServerName, request: Asked, kind: type[T], patience: float
) -> T:
    """What the agent answers within ``patience`` seconds.

    Raises:
        Offline: the agent is not connected.
        Refused: its policy does not let the hub do this.
        NotFound: the container, or the file, is not there.
        Conflict: the engine said no, or there is none; the file cannot be read.
        TimedOut: the agent or the engine did not answer.
        Busy: they have too much to do.
    """
    subject = Subject.of(request)
    if agents.find(where.id) is None:
        raise offline(where, subject)
    try:
        answer = await agents.send_command(where.id, request, timeout=patience)
    except TimeoutError:
        raise TimedOut(
            f"the agent of {where.name} did not answer within {patience:g} s",
            hint="the host may be too busy; what was asked for may still be done",
        ) from None
    except ProtocolError as error:
        raise Conflict(f"the agent of {where.name} could not answer: {error.message}") from None
    if not isinstance(answer, DockerResponse | FeedResponse):
        raise Conflict(f"the agent of {where.name} answered something else")
    if not answer.ok:
        raise failure(subject, where.name, answer.code, answer.error)
    return _read(where, answer.data, kind)


def offline(where: ServerName, subject: Subject) -> Offline:
    """The agent is not connected."""
    return Offline(
        f"{where.name} is offline: {subject.offline}",
        hint=f"`chatops wait {where.name} --online` waits for its agent",
    )


def failure(subject: Subject, server: str, code: str | None, text: str | None) -> ChatOpsError:
    """The error that an agent tells; of what it says only the text is believed."""
    code = _CODES.get(code or "", code or "")
    text = shorten(escape(text or "no reason given"), 600)
    hints = (hint for start, hint in subject.hints.items() if text.startswith(start))
    hint = next((hint.format(server=server) for hint in hints), None)
    if code == "refused":
        hint = subject.refused
    return from_code(code if code in _KNOWN else "conflict", f"{server}: {text}", hint=hint)


def _given(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if value is not None}


def _read(where: ServerName, data: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        raise Conflict(f"the agent of {where.name} answered something else") from None

"""Pulling an image: the source of a feed whose bytes are lines of JSON, each a PullStep."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chatops.agent.collectors.labels import clean
from chatops.agent.container_actions import patience
from chatops.agent.engine import Engine, EngineError
from chatops.agent.engine_stream import EngineStream
from chatops.agent.feeds import Feed, FeedEnded
from chatops.protocol.containers import DockerArgs, PullStep
from chatops.protocol.limits import KiB
from chatops.text import shorten, shown

if TYPE_CHECKING:
    from docker import APIClient

_IMAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}")
LONGEST_SILENCE: Final = 120.0
"""Seconds that a registry has for its first answer."""
_EVERY: Final = 0.2
"""Seconds between two steps of a layer that tell only how far it is."""
_LAYERS: Final = 1000
_LONGEST_LINE: Final = 64 * KiB
_MISSING: Final = ("not found", "manifest unknown", "does not exist", "access denied")


def pull_image(engine: Engine, args: DockerArgs, feed: Feed) -> None:
    """Have the engine pull an image, and write what it says. It stops when nobody takes that any
    more: the engine drops what nobody waits for.

    Raises:
        EngineError: there is no such image, no way to its registry, or no engine.
    """
    from docker.utils import parse_repository_tag

    if not _IMAGE.fullmatch(args.image):
        raise EngineError("invalid", f"{shown(args.image)} is no name of an image")
    seconds = patience(args)
    repository, tag = parse_repository_tag(args.image)
    with engine.client(seconds) as client:
        path = f"/v{client.api_version}/images/create"
        headers = _credentials(client, repository)
    query = {"fromImage": repository, "tag": tag or "latest"}
    feed.accept(None)  # the engine says nothing before the registry has answered
    with EngineStream.opened(
        engine, "POST", path, query, headers=headers, seconds=LONGEST_SILENCE, on_end=feed.on_end
    ) as stream:
        steps = _Steps()
        while data := stream.read():
            if lines := steps.take(data):
                feed.write("stdout", lines)
    if feed.over:
        raise FeedEnded
    with engine.client(seconds) as client:
        found = client.inspect_image(args.image)  # type: ignore[no-untyped-call]  # the stubs'
    feed.write("stdout", _line(PullStep(id=str(found["Id"]))))


def _credentials(client: APIClient, repository: str) -> dict[str, str]:
    """What the engine needs for a registry that wants it, as `docker login` left it for the user
    of this agent."""
    from docker.auth import get_config_header, resolve_repository_name

    registry, _ = resolve_repository_name(repository)
    header = get_config_header(client, registry)
    return {"X-Registry-Auth": header.decode()} if header else {}


class _Steps:
    """Reads what the engine says, and leaves out what nobody could follow."""

    def __init__(self) -> None:
        self._rest = b""
        self._last: dict[str, tuple[str, float]] = {}

    def take(self, data: bytes) -> bytes:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise EngineError("conflict", "the engine said something that is no progress")
        steps = [step for line in lines if line.strip() and (step := self._step(line))]
        return b"".join(map(_line, steps))

    def _step(self, line: bytes) -> PullStep | None:
        try:
            said: Any = msgspec.json.decode(line)
            error = said.get("error")
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
            raise EngineError(
                "conflict", "the engine said something that is no progress"
            ) from None  # fmt: skip
        if error:
            raise _failed(str(error))
        layer, status = said.get("id"), clean(str(said.get("status", "")))
        detail = said.get("progressDetail") or {}
        if layer is None or status.startswith("Pulling from"):
            return PullStep(status=status)
        step = PullStep(
            layer=clean(str(layer)), status=status,
            current=_number(detail.get("current")), total=_number(detail.get("total")),
        )  # fmt: skip
        return step if self._is_news(str(layer), status) else None

    def _is_news(self, layer: str, status: str) -> bool:
        now = time.monotonic()
        before = self._last.get(layer)
        if before is not None and before[0] == status and now - before[1] < _EVERY:
            return False
        if before is not None or len(self._last) < _LAYERS:
            self._last[layer] = status, now
        return True


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _failed(text: str) -> EngineError:
    code = "not_found" if any(word in text for word in _MISSING) else "conflict"
    return EngineError(code, shorten(f"the engine says: {text}", 500))


def _line(step: PullStep) -> bytes:
    return msgspec.json.encode(step) + b"\n"

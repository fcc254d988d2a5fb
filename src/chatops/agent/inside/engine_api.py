"""The little of the engine's HTTP API that a command in a container needs, over its socket.

With the standard library alone: the SDK takes longer to import than most commands run.
"""

from __future__ import annotations

import socket
from typing import Any, Final, NamedTuple

_PIECE: Final = 65536
_LONGEST_HEAD: Final = 65536
_LONGEST_ANSWER: Final = 16 * 1024 * 1024
_STARTING: Final = 30.0
"""Seconds that a start may take: some engines answer when it is done."""


class EngineRefused(Exception):
    """The engine said no: the HTTP ``status``, and its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class ExecState(NamedTuple):
    """How it stands with a command in a container. ``pid`` is the host's number of its process,
    0 while there was none; ``code`` its exit status once it is over."""

    running: bool
    pid: int
    code: int | None

    @property
    def began(self) -> bool:
        """Whether it was started for sure. Some engines forget the number at the end."""
        return bool(self.pid) or (self.over and self.code not in (126, 127))

    @property
    def over(self) -> bool:
        """Whether it has ended, or never began and never will."""
        return self.code is not None and not self.running


class EngineApi:
    """The engine at a socket's ``path``; each answer may take ``seconds``.

    Every method raises OSError where the engine cannot be reached or does not answer in time,
    and EngineRefused where it says no.
    """

    def __init__(self, path: str, seconds: float) -> None:
        self._path = path
        self._seconds = seconds

    def container(self, name: str) -> tuple[str, str]:
        """Id and name of the container of that name or id, which holds nothing but letters,
        digits and ``_.-``."""
        found = self._ask("GET", f"/containers/{name}/json")
        return str(found["Id"]), str(found["Name"]).removeprefix("/")

    def create(self, container: str, config: dict[str, Any]) -> str:
        """Prepare a command in a container; its id."""
        import json

        body = json.dumps(config).encode()
        return str(self._ask("POST", f"/containers/{container}/exec", body)["Id"])

    def state(self, exec_id: str) -> ExecState:
        """How it stands with a command."""
        found = self._ask("GET", f"/exec/{exec_id}/json")
        code = found.get("ExitCode")
        running, pid = bool(found.get("Running")), int(found.get("Pid") or 0)
        return ExecState(running=running, pid=pid, code=code)

    def start(
        self, exec_id: str, size: tuple[int, int] | None = None
    ) -> tuple[socket.socket, bytes]:
        """Start a command: the connection that its input goes to and its output comes from, and
        what of it has come already. The output is in frames of the engine, and bare at a terminal,
        whose rows and columns are its ``size``; engines older than Docker 23 take no notice of
        these, and have to be told (``resize``) once it runs."""
        end = self._connect()
        try:
            end.settimeout(max(self._seconds, _STARTING))
            _send(end, "POST", f"/exec/{exec_id}/start", _start(size), upgrade=True)
            head, rest = _head(end)
            status = int(head.split()[1])
            if status not in (101, 200):
                raise EngineRefused(status, _complaint(_rest(end, rest)))
        except BaseException:
            end.close()
            raise
        return end, rest

    def start_alone(self, exec_id: str) -> None:
        """Start a command that nobody listens to."""
        self._ask("POST", f"/exec/{exec_id}/start", b'{"Detach": true, "Tty": false}')

    def resize(self, exec_id: str, rows: int, cols: int) -> None:
        """The terminal of a command that runs has another size."""
        self._ask("POST", f"/exec/{exec_id}/resize?h={rows}&w={cols}")

    def _connect(self) -> socket.socket:
        end = socket.socket(socket.AF_UNIX)
        try:
            end.settimeout(self._seconds)
            end.connect(self._path)
        except OSError:
            end.close()
            raise
        return end

    def _ask(self, method: str, path: str, body: bytes = b"") -> Any:
        import json

        with self._connect() as end:
            _send(end, method, path, body)
            head, rest = _head(end)
            answer = _rest(end, rest)
        status = int(head.split()[1])
        if status >= 300:
            raise EngineRefused(status, _complaint(answer))
        return json.loads(answer) if answer else {}


def _start(size: tuple[int, int] | None) -> bytes:
    if size is None:
        return b'{"Detach": false, "Tty": false}'
    return b'{"Detach": false, "Tty": true, "ConsoleSize": [%d, %d]}' % size


def _send(
    end: socket.socket, method: str, path: str, data: bytes, *, upgrade: bool = False
) -> None:
    """In HTTP/1.0, whose answers come whole and end with the connection."""
    lines = [
        f"{method} {path} HTTP/1.{int(upgrade)}", "Host: engine", f"Content-Length: {len(data)}",
        *(["Content-Type: application/json"] if data else []),
        *(["Connection: Upgrade", "Upgrade: tcp"] if upgrade else []),
    ]  # fmt: skip
    end.sendall("\r\n".join([*lines, "", ""]).encode() + data)


def _head(end: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = end.recv(_PIECE)
        if not piece or len(data) > _LONGEST_HEAD:
            raise ConnectionError("the engine's answer is none")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.") or not head[9:12].isdigit():
        raise ConnectionError("the engine's answer is none")
    return head, rest


def _rest(end: socket.socket, data: bytes) -> bytes:
    pieces, size = [data], len(data)
    while size <= _LONGEST_ANSWER and (piece := end.recv(_PIECE)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _complaint(answer: bytes) -> str:
    import json

    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer[:500].decode(errors="replace").strip() or "no reason given"

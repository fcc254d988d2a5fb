"""The container engine of this host: Docker's, or one that speaks its API as Podman does.

The `docker` SDK is imported by the first thread that asks the engine, so not at all where that is
not allowed. Each use has a client of its own: nothing is shared between threads, and an engine that
was restarted is found again by the next one.
"""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatops.text import shorten

if TYPE_CHECKING:
    from docker import APIClient

USUAL: Final = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
"""Where an engine listens that root started."""
_OF_A_USER: Final = ("docker.sock", "podman/podman.sock")
"""The same of one that a user started, below its XDG_RUNTIME_DIR."""
_OLDEST: Final = "1.24"
"""A version of the API to ask for the engine's own with."""
_TELLING: Final = (TimeoutError, PermissionError, FileNotFoundError, ConnectionRefusedError)
CODES: Final = {400: "invalid", 404: "not_found", 409: "conflict"}
"""What the engine's statuses are among errors; any other is a conflict."""


class EngineError(Exception):
    """The engine could not be asked, or said no. ``code`` is one of chatops.errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Engine:
    """Connects to the engine; ``host`` is its socket (``unix:///…``), None: DOCKER_HOST, else
    the first of the usual places where there is one."""

    def __init__(
        self,
        host: str | None = None,
        environ: Mapping[str, str] = os.environ,
        usual: tuple[str, ...] = USUAL,
    ) -> None:
        self._host = host
        self._environ = environ
        self._usual = usual

    @property
    def address(self) -> str:
        """Where the engine is, as things stand now."""
        given = self._host or self._environ.get("DOCKER_HOST")
        if given:
            return given
        own = self._environ.get("XDG_RUNTIME_DIR")
        places = [*self._usual, *(f"{own}/{name}" for name in _OF_A_USER if own)]
        return "unix://" + next((one for one in places if Path(one).exists()), places[0])

    def socket(self) -> str:
        """The path of the engine's socket.

        Raises:
            EngineError: DOCKER_HOST names none.
        """
        if not self.address.startswith("unix:///"):
            raise EngineError("conflict", "DOCKER_HOST of the agent names no socket of its host")
        return self.address.removeprefix("unix://")

    @contextmanager
    def client(self, seconds: float) -> Iterator[APIClient]:
        """A client, of this thread alone; each answer of the engine may take ``seconds``.

        Raises:
            EngineError: there is no engine, it does not answer, or it said no to what was asked.
        """
        from docker.errors import DockerException
        from requests import RequestException

        path = self.socket()
        address = f"unix://{path}"
        try:
            _knock(path, seconds)
            # Asked for "auto", the SDK would leave its socket open where the answer does not come.
            with closing(_client(address, _OLDEST, seconds)) as client:
                version = client.version(api_version=False)["ApiVersion"]
            with closing(_client(address, version, seconds)) as client:
                yield client
        except (DockerException, RequestException, OSError) as error:
            raise _explained(error, path, seconds) from None


def load_sdk() -> None:
    """Import what asking takes. The first time that costs as much as many looks do."""
    import docker.errors  # noqa: F401  (only so that it is there)
    import requests  # noqa: F401


def _client(address: str, version: str, seconds: float) -> APIClient:
    from docker import APIClient

    return APIClient(base_url=address, version=version, timeout=math.ceil(seconds))


def _knock(path: str, seconds: float) -> None:
    """Connect, and no more: the SDK forgets to close a socket that could not be connected."""
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(seconds)
        end.connect(path)


def unreachable(error: OSError, path: str, seconds: float) -> EngineError:
    """Why an engine could not be asked through its socket."""
    if isinstance(error, TimeoutError):
        return EngineError("timed_out", f"the container engine did not answer within {seconds:g} s")
    if isinstance(error, PermissionError):
        return EngineError("conflict", f"the agent's user may not use the engine's socket {path}")
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return EngineError("conflict", f"no container engine listens at {path}")
    why = shorten(str(error) or type(error).__name__, 200)
    return EngineError("conflict", f"the container engine's connection ended: {why}")


def _explained(error: Exception, path: str, seconds: float) -> EngineError:
    from docker.errors import APIError
    from requests import Timeout

    if isinstance(error, APIError):
        code = CODES.get(error.status_code or 0, "conflict")
        return EngineError(code, shorten(f"the engine says: {error.explanation}", 500))
    causes = list(_causes(error))
    if any(isinstance(one, Timeout) for one in causes):
        return unreachable(TimeoutError(), path, seconds)
    told = next((one for one in causes if isinstance(one, _TELLING)), OSError(_last(causes)))
    return unreachable(told, path, seconds)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it: the SDK's libraries wrap it several times."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            todo += [one.__cause__, one.__context__, *one.args]


def _last(causes: list[BaseException]) -> str:
    return shorten(str(causes[-1]) or type(causes[-1]).__name__, 200)

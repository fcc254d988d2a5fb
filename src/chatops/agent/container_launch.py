"""Starting a command in a container: the engine prepares it, a helper of ours stands for it.

The helper (chatops.agent.inside) is started as a command of the host would be. What the command
is, and with which variables, goes to the engine alone, so nobody finds it in a list of processes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import chatops
from chatops.agent.container_process import ContainerProcess
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine, EngineError, unreachable
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.guard import Guard
from chatops.agent.inside.engine_api import EngineApi, EngineRefused
from chatops.agent.launch import Launch, Took
from chatops.agent.pipes import PipeReader
from chatops.agent.process import vector_of
from chatops.protocol.messages import Command
from chatops.text import shorten, shown

PATIENCE: Final = 10.0
"""Seconds that each answer of the engine may take."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
_SOURCE: Final = str(Path(chatops.__file__).parents[1])
_BEGIN: Final = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from chatops.agent.inside.helper import main; main(sys.argv[2:])"
)
_CODES: Final = {404: "not_found", 409: "conflict"}


class ContainerLaunch(Launch):
    """One start in a container. ``started`` may also become an EngineError: there is no such
    container as far as the hub is concerned, it does not run, or there is no engine; nothing was
    started.

    Raises:
        OSError: as Launch.
    """

    process: type[ContainerProcess] = ContainerProcess

    def __init__(
        self,
        command: Command,
        *,
        engine: Engine,
        policy: DockerPolicy,
        bounds: ExecPolicy,
        guard: Guard,
        stdout: Took,
        stderr: Took,
    ) -> None:
        self._asked = command
        self._engine = engine
        self._policy = policy
        self._report = list(os.pipe2(os.O_CLOEXEC))
        try:
            super().__init__(
                command.command, bounds=bounds, env=command.env, folder=command.cwd, guard=guard,
                stdout=stdout, stderr=stderr, stdin=command.stdin,
            )  # fmt: skip
        except OSError:
            close_both(self._report)
            raise

    def _popen(self) -> subprocess.Popen[bytes]:
        path, container, exec_id = self._prepare()
        report, more = self._report[1], self._more()
        words = [path, container, exec_id, str(report), "feed" if self._in else "-"]
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BEGIN, _SOURCE, *words, *map(str, more)],
            stdin=self._in[0] if self._in else subprocess.DEVNULL,
            stdout=self._out[1],
            stderr=self._err[1],
            env={},
            cwd="/",
            start_new_session=True,
            pass_fds=(report, *more),
        )

    def _more(self) -> list[int]:
        """What else the helper gets."""
        return []

    def _prepare(self) -> tuple[str, str, str]:
        """The engine's socket, the id of the container, and of what was prepared in it.

        Raises:
            EngineError: it is not to be, or cannot be.
        """
        path = self._engine.socket()
        api, wanted, container = EngineApi(path, PATIENCE), self._asked.container or "", ""
        try:
            container = self._find(api, wanted)
            return path, container, api.create(container, self._config(self._asked))
        except EngineRefused as error:
            said = error.message.replace(container, wanted) if container else error.message
            code = _CODES.get(error.status, "invalid")
            raise EngineError(code, shorten(f"the engine says: {said}", 500)) from None
        except OSError as error:
            raise unreachable(error, path, PATIENCE) from None

    def _find(self, api: EngineApi, wanted: str) -> str:
        """The id of the container that is meant: from here on nothing goes by its name."""
        missing = EngineError("not_found", f"there is no container {shown(wanted)}")
        if not NAME.fullmatch(wanted):
            raise missing
        try:
            found, name = api.container(wanted)
        except EngineRefused as error:
            if error.status == 404:
                raise missing from None
            raise
        if not self._policy.sees(name):
            raise missing
        return found

    def _config(self, command: Command) -> dict[str, Any]:
        """What is to be run, in the engine's words."""
        return {
            "AttachStdin": command.stdin, "AttachStdout": True, "AttachStderr": True, "Tty": False,
            "Cmd": vector_of(command.command), "WorkingDir": command.cwd or "",
            "Env": [f"{name}={value}" for name, value in command.env.items()],
            "User": command.user or "",
        }  # fmt: skip

    def _process(self, child: subprocess.Popen[bytes]) -> ContainerProcess:
        readers = (PipeReader(self._out[0], self._took[0]), PipeReader(self._err[0], self._took[1]))
        return self.process(
            child, self._guard, *readers, report=self._report[0],
            stdin=self._in[1] if self._in else None,
        )  # fmt: skip

    def _settle(self, group: int | None) -> None:
        super()._settle(group)
        close_end(self._report, 1)

    def _close(self) -> None:
        super()._close()
        close_end(self._report, 0)


def close_end(pipe: list[int], end: int) -> None:
    """Close an end of a pipe, once: its number may be another file's after that."""
    handle, pipe[end] = pipe[end], -1
    if handle >= 0:
        os.close(handle)


def close_both(pipe: list[int]) -> None:
    """Close both ends."""
    for end in (0, 1):
        close_end(pipe, end)

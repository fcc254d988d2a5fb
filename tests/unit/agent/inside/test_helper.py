"""The helper of a command in a container, with an engine that is as slow as no real one can be
made to be."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatops.agent.container_launch import _BEGIN, _SOURCE


@contextmanager
def helper(sock: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A helper, and the end of the pipe that its report comes from."""
    told, report = os.pipe()
    words = [
        sys.executable, "-I", "-S", "-c", _BEGIN, _SOURCE, str(sock), "c", "e", str(report), "-",
    ]  # fmt: skip
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        pass_fds=(report,), start_new_session=True,
    ) as process:  # fmt: skip
        os.close(report)
        yield process, told
    os.close(told)


def test_a_term_while_the_engine_starts_the_command_does_not_kill_the_helper(
    tmp_path: Path,
) -> None:
    """Else nothing would pass it on, and the command be killed without a word."""
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "sock"))
        engine.listen()
        engine.settimeout(60)
        with helper(tmp_path / "sock") as (process, told):
            asked, _ = engine.accept()
            with asked:
                assert asked.recv(65536).startswith(b"POST /exec/e/start ")
                process.terminate()
                refused = b'{"message": "executable file not found"}'
                asked.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + refused)
            assert process.wait(60) == 0
            report = os.read(told, 65536)
    assert json.loads(report) == {"code": 127, "error": "executable file not found"}

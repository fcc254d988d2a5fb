"""How soon a key shows on the screen: `chatops shell` beside ssh on the same machine.

    python benchmarks/shell.py [--rounds 300] [--json]

A real hub, a real agent and a real sshd, all on loopback; at each terminal runs `cat`, and the
echo is the kernel's. Both take turns, so that a machine whose speed drifts shifts both alike. Exit
status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._sshd import HOW, sshd  # noqa: E402  (the path comes first)
from benchmarks.exec import Bar, Times, kept, program, show, timed  # noqa: E402  (the same)

BARS = (Bar("chatops shell", 50, 5.0),)
_LINE = "echo rea''dy; exec cat"
_PATIENCE = 30.0


class Terminal:
    """A terminal of this machine, at which something runs that echoes."""

    def __init__(self, file: int) -> None:
        self._file = file

    def key(self) -> None:
        """Press a key, and wait until it is seen."""
        os.write(self._file, b"x")
        self.sees(b"x")

    def sees(self, text: bytes) -> None:
        """Wait until that is printed.

        Raises:
            TimeoutError: it is not.
        """
        seen, deadline = b"", time.monotonic() + _PATIENCE
        while text not in seen:
            if not select.select([self._file], [], [], max(deadline - time.monotonic(), 0.0))[0]:
                raise TimeoutError(f"{text!r} is not seen, but {seen!r}")
            seen += os.read(self._file, 65_536)


@contextmanager
def terminal(words: Sequence[str], environ: Mapping[str, str]) -> Iterator[Terminal]:
    """A terminal at which these words run."""
    pid, file = pty.fork()
    if pid == 0:
        os.execvpe(words[0], list(words), dict(environ))
    try:
        made = Terminal(file)
        made.sees(b"ready\r\n")
        yield made
    finally:
        os.close(file)  # which hangs up
        os.waitpid(pid, 0)


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="keys at each terminal")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = measure(given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    if "ssh" not in found:
        print(HOW, file=sys.stderr)
    return 0 if all(kept(bar, found) for bar in BARS) else 1


def measure(rounds: int) -> Times:
    """Keys at both terminals, with one hub and one sshd."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        place.start_hub()
        place.login()
        place.start_agent("web-1", place.add_server("web-1"), "--allow", "shell")
        environ = {**place.environ, "TERM": "xterm"}
        words = [program(), "shell", "web-1", _LINE]
        with sshd(Path(name) / "ssh") as ssh, terminal(words, environ) as ours:
            if ssh is None:
                return timed({"chatops shell": ours.key}, rounds)
            with terminal([*ssh.cold[:-1], "-tt", "target", _LINE], environ) as theirs:
                return timed({"chatops shell": ours.key, "ssh": theirs.key}, rounds)


if __name__ == "__main__":
    sys.exit(main())

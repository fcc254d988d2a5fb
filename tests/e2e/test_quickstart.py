"""The quickstart's commands, typed into real terminals, give what the page says they give."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "quickstart.md"
_BLOCK = re.compile(r"^```(console (terminal-\d)|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROMPT = "ready> "
_SPACE = r"(?:\x1b\[\d*m)? "  # the page has no colours
_PASSWORD = re.compile(r"with the password (\S+)")
_JOIN = re.compile(r"CHATOPS_JOIN=(coj_\S+) chatops agent --allow exec,docker")


class Terminal:
    """A shell in a terminal of 80 columns."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.shell = pexpect.spawn(
            "/bin/bash", ["--norc", "--noprofile", "-i"], env=environ, encoding="utf-8",
            timeout=30, dimensions=(24, 80), echo=False,
        )  # fmt: skip
        self.shell.expect_exact(_PROMPT)

    def type(self, command: str, wanted: list[str], answers: dict[str, str]) -> str:
        """Type a command, answer what it asks, and wait for the lines that the page shows."""
        self.shell.sendline(command)
        seen = ""
        for line in wanted:
            pattern = r".*?".join(re.escape(part) for part in re.split(r" … ?|…|  +", line.strip()))
            pattern = pattern.replace(r"\ ", _SPACE)
            while self.shell.expect([pattern, *answers]) != 0:
                seen += str(self.shell.before)
                self.shell.sendline(answers[str(self.shell.match.re.pattern)])
            seen += f"{self.shell.before}{self.shell.after}"
        return seen

    def done(self) -> str:
        """Wait for the prompt; what came before it."""
        self.shell.expect_exact(_PROMPT)
        return str(self.shell.before)

    def close(self) -> None:
        """End what runs, then the shell."""
        self.shell.sendintr()
        self.done()
        self.shell.sendline("exit")
        self.shell.expect(pexpect.EOF)
        self.shell.close()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A user's environment with the installed program on the path."""
    return {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PS1": _PROMPT,
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "CHATOPS_CONFIG_DIR": str(tmp_path / "config"),
        "CHATOPS_AGENT_DATA_DIR": str(tmp_path / "agent"),
    }


@pytest.fixture
def terminals(environ: dict[str, str], tmp_path: Path) -> Iterator[dict[str, Terminal]]:
    """Three terminals in an empty folder."""
    made = {f"terminal-{number}": Terminal(environ) for number in (1, 2, 3)}
    for terminal in made.values():
        terminal.shell.sendline(f"cd {tmp_path}")
        terminal.done()
    yield made
    for terminal in reversed(made.values()):
        terminal.close()


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that the page shows below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def test_the_quickstart_is_true(
    terminals: dict[str, Terminal], capsys: pytest.CaptureFixture[str]
) -> None:
    port, password, join = free_port(), "", ""
    blocks = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) >= 8
    for kind, where, text in blocks:
        text = text.replace("8765", port)
        if kind == "python":
            exec(compile(text, "quickstart", "exec"), {"password": password})
            assert "web-1 online" in capsys.readouterr().out
            continue
        for command, wanted in commands(text):
            runs_on = command.startswith("chatops serve ") or " agent " in command
            command = command.replace("chatops serve ", f"chatops serve --port {port} ")
            command = command.replace("coj_…", join)
            terminal = terminals[where]
            seen = terminal.type(command, wanted, {r"(?i)password.*: ": password})
            seen += "" if runs_on else terminal.done()
            if found := re.search(r"with the password (\S+)", seen):
                password = found[1]
            if found := re.search(
                r"CHATOPS_JOIN=(coj_\S+) chatops agent --allow exec,docker", seen
            ):
                join = found[1]
    assert "removed" in terminals["terminal-3"].done(), "the agent ended by itself"

"""The command line as a whole: what it lists, what it loads, how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatops import __version__
from chatops.cli.main import COMMANDS, load
from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.processes import PROGRAM
from tests.support.samples import server
from tests.unit.cli.commands.test_exec import runs
from tests.unit.cli.conftest import Invoke


def loaded(code: str, *names: str) -> list[str]:
    """Which of ``names`` are imported after ``code``."""
    script = f"import sys\n{code}\nprint(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split("\n")[-2].split()


def test_the_version_is_answered_before_anything_is_imported() -> None:
    code = "sys.argv[1:] = ['--version']\nfrom chatops.cli import main\nassert main() == 0"
    assert loaded(code, "typer", "msgspec", "chatops.cli.main", "re", "pathlib", "typing") == []


def test_help_lists_all_commands_and_imports_none() -> None:
    code = (
        "from chatops.cli.start import run\nassert run(['--help']) == 0\n"
        "assert not [n for n in sys.modules if n.startswith('chatops.cli.commands.')]"
    )
    assert loaded(code, "rich", "chatops.client", "chatops.cli.commands.exec") == []


def test_a_command_imports_its_own_module_only() -> None:
    code = "from chatops.cli.start import run\nassert run(['whoami', '--help']) == 0"
    names = [f"chatops.cli.commands.{entry.module}" for entry in COMMANDS.values()]
    expected = {"chatops.cli.commands.whoami", "chatops.cli.commands.users"}  # its view is there
    assert set(loaded(code, *names)) == expected


@pytest.mark.parametrize("command", ["exec web-1 true", "servers list", "metrics show web-1"])
def test_one_shot_commands_load_nothing_heavy(command: str) -> None:
    code = (
        "import os\nos.environ.update(CHATOPS_HUB='http://127.0.0.1:9', CHATOPS_TOKEN='t',\n"
        "                  CHATOPS_CONFIG_DIR='/nonexistent/chatops')\n"
        f"from chatops.cli.start import run\nassert run({command.split()!r}) in (7, 125)"
    )
    heavy = ("aiohttp", "httpx", "http.client", "requests", "sqlalchemy", "sqlmodel", "rich",
             "ssl", "asyncio", "websockets", "chatops.server", "chatops.agent")  # fmt: skip
    assert loaded(code, *heavy) == []


def test_exec_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import os\nos.environ.update(CHATOPS_HUB='http://127.0.0.1:9', CHATOPS_TOKEN='t',\n"
        "                  CHATOPS_CONFIG_DIR='/nonexistent/chatops')\n"
        "sys.argv[1:] = ['exec', '--timeout', '5s', 'web-1', 'true']\n"
        "from chatops.cli import main\nassert main() == 125"
    )
    slow = ("typer", "click", "typing_extensions", "inspect", "ast", "rich", "http.client", "ssl",
            "asyncio", "argparse", "dataclasses", "logging", "tempfile", "subprocess", "email",
            "json", "pathlib", "random", "threading", "traceback", "platformdirs",
            "chatops.cli.main", "chatops.protocol.messages")  # fmt: skip
    assert loaded(code, *slow) == []


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_can_be_loaded_and_has_an_example(name: str) -> None:
    command = load(COMMANDS[name], name)
    leaves = list(getattr(command, "commands", {}).values()) or [command]
    for leaf in leaves:
        assert leaf.epilog.startswith("Example: "), leaf.name
        assert "chatops" in leaf.epilog
        assert leaf.help
        options = {option for param in leaf.params for option in param.opts}
        assert {"--output", "-o", "--quiet", "-q", "--no-color", "--debug"} <= options


def test_the_version_elsewhere_on_the_line(nobody: Invoke) -> None:
    assert nobody("--version").out == f"chatops {__version__}\n"


def test_nothing_at_all_shows_the_help_on_stderr(nobody: Invoke) -> None:
    done = nobody()
    assert (done.code, done.out) == (2, "")
    assert "servers" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bogus"], "no such command 'bogus'"),
        (["server"], "did you mean 'servers'"),
        (["servers"], "missing command"),
        (["servers", "list", "--bogus"], "no such option: --bogus"),
        (["servers", "show"], "missing argument 'server'"),
        (["servers", "list", "-o", "xml"], "'xml' is not one of"),
        (["events", "--limit", "-1"], "-1 is not in the range"),
        (["keys", "create", "web-1", "--expires", "soon"], "'soon' is not a duration"),
        (["users", "create", "x", "--role", "god"], "'god' is not one of"),
    ],
)
def test_usage_errors_have_one_form(cli: Invoke, words: list[str], said: str) -> None:
    done = cli(*words)
    assert done.code == 2
    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[0].startswith("error: ")
    assert said in lines[0].lower()
    assert lines[1].startswith("hint: ")
    assert "Traceback" not in done.err


def test_usage_errors_are_an_object_where_json_was_asked_for(cli: Invoke) -> None:
    for words in (["servers", "list", "-o", "json", "--bogus"], ["bogus", "--output=ndjson"],
                  ["servers", "list", "--bogus", "-ojson"]):  # fmt: skip
        done = cli(*words)
        assert done.code == 2
        assert json.loads(done.err)["error"]["code"] == "invalid"


def test_words_that_are_not_utf8_are_refused(cli: Invoke) -> None:
    done = cli("servers", "show", "a\udcff")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: the argument a\\xff is not UTF-8")
    assert cli("exec", "web-1", "echo \udcff").code == 125


def test_streams_may_be_closed() -> None:
    words = f"{sys.executable} -m chatops.cli"
    for line, code in ((f"{words} whoami <&- >&- 2>&-", 3), (f"{words} --help >&-", 0)):
        assert subprocess.run(["sh", "-c", line], check=False, timeout=60).returncode == code


def test_the_hub_is_not_there(nobody: Invoke) -> None:
    done = nobody("servers", "list", "--hub", "http://127.0.0.1:9", "--token", "t")
    assert done.code == 7
    assert "connection refused" in done.err


def test_nobody_is_signed_in(nobody: Invoke) -> None:
    assert nobody("servers", "list").code == 3


def test_debug_shows_where_and_nothing_else_does(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", Reply(200, raw=b"nonsense"))
    assert "Traceback" not in cli("servers", "list").err
    done = cli("servers", "list", "--debug")
    assert done.code == 7
    assert "Traceback" in done.err


def test_a_fault_of_ours_is_said_without_a_traceback(
    cli: Invoke, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom \x1b[2J")

    monkeypatch.setattr("chatops.cli.output.Output.items", broken)
    hub.on("GET /servers", page(server()))
    done = cli("servers", "list")
    assert done.code == 1
    assert done.err.startswith("error: unexpected RuntimeError: boom \\x1b[2J\n")


FULL = "the output cannot be written: No space left on device"


@pytest.mark.parametrize(
    ("words", "full", "code", "said"),
    [
        (["--version"], "stdout", 1, f"error: {FULL}\n"),
        (["--help"], "stdout", 1, f"error: {FULL}\n"),
        (["servers", "--help"], "stdout", 1, f"error: {FULL}\n"),
        (["exec", "web-1", "x"], "stdout", 1, f"error: {FULL}\n"),
        (["exec", "-o", "json", "web-1", "x"], "stdout", 1, FULL),
        (["servers", "list"], "stdout", 1, "No space left on device"),
        (["bogus"], "stderr", 2, ""),
        ([], "stderr", 2, ""),
        (["profiles", "use", "nobody"], "stderr", 4, ""),
    ],
)
def test_a_full_disk_is_told_and_no_success(
    hub: FakeHub, config: Path, words: list[str], full: str, code: int, said: str
) -> None:
    runs(hub, (1, b"some output"))
    hub.on("GET /servers", page(server()))
    hub.on("POST /commands/c1/cancel", error(409, "conflict", "it is over"))
    environ = {**os.environ, "CHATOPS_HUB": hub.url, "CHATOPS_TOKEN": "t"}
    with Path("/dev/full").open("wb") as device:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, full: device}
        done = subprocess.run(
            [*PROGRAM, *words], env=environ, stdin=subprocess.DEVNULL, timeout=60, check=False,
            **streams,
        )  # fmt: skip
    told = (done.stderr or b"").decode()
    assert done.returncode == code
    assert said in told
    assert "Traceback" not in told + (done.stdout or b"").decode()


def test_a_missing_choice_is_named_on_one_line(nobody: Invoke) -> None:
    done = nobody("users", "set-role", "vic")
    assert done.code == 2
    assert done.err.startswith(
        "error: missing argument 'ROLE'. Choose from: viewer, operator, admin\nhint: "
    )

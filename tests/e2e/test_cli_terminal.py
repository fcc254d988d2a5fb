"""The command line at a terminal: questions, passwords that are not shown, tables that fit."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from chatops.cli.profiles import Profiles
from tests.support.certificates import self_signed
from tests.support.fake_hub import FakeHub, Reply, fake_hub, page
from tests.support.processes import PASSWORD, PROGRAM, Bench
from tests.support.samples import HOSTILE, server, user
from tests.support.waiting import until

PAIR = {"access_token": "a", "refresh_token": "r", "token_type": "bearer", "expires_in": 1800}


@contextmanager
def terminal(
    place: Bench, *words: str, columns: int = 80, **environ: str
) -> Iterator[pexpect.spawn]:
    """``chatops WORDS`` in a terminal of that width."""
    child = pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], *words],
        env={**place.environ, "TERM": "xterm-256color", **environ},
        dimensions=(24, columns), timeout=30, encoding="utf-8",
    )  # fmt: skip
    try:
        yield child
    finally:
        child.close(force=True)


def ended(child: pexpect.spawn) -> tuple[int | None, str]:
    """The exit code, and what was shown since the last question."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus, child.before or ""


def test_signing_in_asks_and_does_not_show_the_password(place: Bench) -> None:
    place.start_hub()
    with terminal(place, "login", place.url) as child:
        child.expect("user: ")
        child.sendline("admin")
        child.expect("password: ")
        child.sendline(PASSWORD)
        code, shown = ended(child)
    assert code == 0
    assert PASSWORD not in shown
    assert "signed in to" in shown


def test_destroying_asks(hub: Bench) -> None:
    hub.run("servers", "add", "db-1")
    for answer, code, after in (("n", 1, 0), ("y", 0, 4)):
        with terminal(hub, "servers", "rm", "db-1") as child:
            child.expect(re.escape("[y/N] "))
            child.sendline(answer)
            assert ended(child)[0] == code
        assert hub.run("servers", "show", "db-1").code == after


@pytest.mark.parametrize("answer", ["y", "n"])
def test_an_unknown_certificate_is_shown_and_pinned_if_the_user_agrees(
    place: Bench, tmp_path: Path, answer: str
) -> None:
    certificate = self_signed(tmp_path)
    with fake_hub(certificate.file) as secure:
        secure.on("POST /auth/login", PAIR)
        secure.on("GET /health", {"status": "ok", "version": "1", "registration": "closed"})
        secure.on("GET /auth/me", user())
        with terminal(place, "login", secure.url, "-u", "ada") as child:
            child.expect(certificate.fingerprint)
            child.expect(re.escape("[y/N] "))
            child.sendline(answer)
            if answer == "y":
                child.expect("password: ")
                child.sendline(PASSWORD)
            code, _ = ended(child)
        assert code == (0 if answer == "y" else 7)
        profiles = Profiles(place.folder / "config").read().profiles
        assert [one.fingerprint for one in profiles.values()] == (
            [certificate.fingerprint] if answer == "y" else []
        )
        assert place.run("whoami").code == (0 if answer == "y" else 3)


@contextmanager
def fleet_of(place: Bench, *names: str) -> Iterator[FakeHub]:
    """A small hub with these servers, known by variables."""
    with fake_hub() as small:
        small.on("GET /servers", page(*(server(name) for name in names)))
        small.on("DELETE /servers/x", Reply(204))
        place.environ |= {"CHATOPS_HUB": small.url, "CHATOPS_TOKEN": "t"}
        yield small


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_fits_the_terminal_and_is_coloured(place: Bench, columns: int) -> None:
    with (
        fleet_of(place, "w" * 60, HOSTILE),
        terminal(place, "servers", "list", columns=columns) as child,
    ):
        code, shown = ended(child)
    assert code == 0
    assert "\x1b[32m" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    rows = [line for line in plain.splitlines() if not line.startswith("no room for ")]
    assert max(map(len, rows)) <= columns
    assert not set("\x1b\x9b\u202e") & set(plain)


@pytest.mark.parametrize("words", [["--no-color"], []])
def test_colours_can_be_refused(place: Bench, words: list[str]) -> None:
    if not words:
        place.environ["NO_COLOR"] = "1"
    with fleet_of(place, "web-1"), terminal(place, "servers", "list", *words) as child:
        code, shown = ended(child)
    assert code == 0
    assert "web-1" in shown
    assert "\x1b" not in shown


def test_control_c_at_a_question_ends_quietly(place: Bench) -> None:
    with fleet_of(place), terminal(place, "servers", "rm", "x") as child:
        child.expect(re.escape("[y/N] "))
        child.sendintr()
        code, shown = ended(child)
    assert code == 130
    assert "Traceback" not in shown


def test_several_servers_are_watched_in_a_table_that_gives_the_screen_back(shared: Bench) -> None:
    with terminal(shared, "metrics", "watch", "all") as child:
        child.expect(re.escape("\x1b[?1049h"))
        child.expect(r"web-1 +\x1b\[32monline\x1b\[0m +0s")
        child.setwinsize(3, 40)
        child.expect("Ctrl-C ends")
        child.sendintr()
        code, shown = ended(child)
    assert code == 130
    assert shown.index("\x1b[?25h") < shown.index("\x1b[?1049l")
    assert "Traceback" not in shown


def test_a_table_that_is_terminated_gives_the_screen_back_too(shared: Bench) -> None:
    with terminal(shared, "metrics", "watch", "web-*") as child:
        child.expect("Ctrl-C ends")
        child.kill(signal.SIGTERM)
        code, shown = ended(child)
    assert (code, "\x1b[?1049l" in shown) == (143, True)


def test_a_table_without_a_hub_says_so_and_goes_on(hub: Bench) -> None:
    hub.run("servers", "add", "db-1")
    with terminal(hub, "metrics", "watch", "all") as child:
        child.expect("db-1 .*never")
        (running,) = hub.programs
        port = hub.url.rpartition(":")[2]
        assert running.stop() == 0
        child.expect("the connection to the hub is lost")
        hub.start("hub", "serve", "--port", port, "--data-dir", str(hub.folder / "hub"))
        child.expect(r"\x1b\[2m1 server; Ctrl-C ends")
        child.sendintr()
        assert ended(child)[0] == 130


@pytest.mark.parametrize(
    ("environ", "has", "has_not"),
    [({}, "┤", "\x1b[3m"), ({"LC_ALL": "C"}, "+--", "┤"), ({"NO_COLOR": "1"}, "┤", "\x1b")],
)
def test_a_chart_is_drawn_with_what_the_terminal_has(
    shared: Bench, environ: dict[str, str], has: str, has_not: str
) -> None:
    words = ["metrics", "plot", "web-1", "cpu", "net.rx", "--since", "5m"]
    with terminal(shared, *words, **environ) as child:
        code, shown = ended(child)
    assert code == 0
    assert (has in shown, has_not in shown) == (True, False)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(len(line) for line in plain.splitlines()) <= 80


def test_the_last_hour_stands_beside_the_latest_values(shared: Bench) -> None:
    def listed() -> bool:
        with terminal(shared, "servers", "list", columns=120) as child:
            code, shown = ended(child)
        assert code == 0
        return "LAST HOUR" in shown

    def beside() -> bool:
        with terminal(shared, "metrics", "show", "web-1", NO_COLOR="1", columns=120) as child:
            code, shown = ended(child)
        assert code == 0
        return re.search(r"memory +[0-9.]+% .* [▁▂▃▄▅▆▇█]+\s*$", shown, re.MULTILINE) is not None

    until(listed, what="the second sample, which has the rates")
    until(beside, what="the line of the memory's last hour")
    assert "LAST HOUR" not in shared.run("servers", "list").out

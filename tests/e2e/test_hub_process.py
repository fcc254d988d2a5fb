"""The hub as a process: how it starts, refuses to start, stops, dies and comes back."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import PASSWORD, Bench
from tests.support.waiting import until


def test_a_fresh_folder_becomes_a_hub(place: Bench) -> None:
    folder = place.folder / "hub"
    hub = place.start_hub(folder, empty=True)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes.pop("recordings") == 0o700
    assert set(modes.values()) == {0o600}, modes
    assert {"chatops.db", "metrics.db", "logs.db", "secrets.toml"} <= set(modes)
    place.login()
    assert hub.stop() == 0
    assert PASSWORD.encode() not in hub.said
    assert b"Traceback" not in hub.said


def test_without_a_given_password_it_is_written_to_a_private_file(place: Bench) -> None:
    hub = place.start_hub(empty=True, CHATOPS_ADMIN_PASSWORD="")
    found = re.search(rb"its password is in (\S+)", hub.said)
    assert found, hub.said
    path = Path(found[1].decode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    password = path.read_text().strip()
    assert password.encode() not in hub.said
    done = place.run("login", place.url, "-u", "admin", "--password-stdin", stdin=password)
    assert done.code == 0, done.err


def test_the_password_stays_when_it_starts_again(place: Bench) -> None:
    place.start_hub().stop()
    place.start_hub(CHATOPS_ADMIN_PASSWORD="something else")
    place.login()
    words = ["login", place.url, "-u", "admin", "--password-stdin"]
    assert place.run(*words, stdin="something else").code == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(place: Bench, number: signal.Signals) -> None:
    hub = place.start_hub()
    assert hub.stop(number) == 0
    assert not list((place.folder / "hub").glob("*-wal")), "the logs were folded into the files"


def refused(place: Bench, *words: str, code: int = 1) -> str:
    """What ``chatops serve`` says when it does not start."""
    done = place.run("serve", *words)
    assert done.code == code, done
    assert done.stdout == b""
    assert "Traceback" not in done.err
    assert done.err.count("error:") == 1
    assert "hint:" in done.err
    return done.err


def test_a_second_hub_on_the_same_folder_is_refused(place: Bench) -> None:
    place.start_hub(place.folder / "hub")
    taken = place.url.rsplit(":", 1)[1]
    for port in ("0", taken):  # the folder is the reason, also where the port is taken too
        said = refused(place, "--port", port, "--data-dir", str(place.folder / "hub"), code=6)
        assert "another hub" in said


def test_a_port_in_use_is_refused_before_anything_is_made(place: Bench) -> None:
    folder, empty = place.folder / "hub", place.folder / "empty"
    empty.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(place, "--port", port, "--data-dir", str(folder), code=6)
        assert not folder.exists()
        refused(place, "--port", port, "--data-dir", str(empty), code=6)
    assert [one.name for one in empty.iterdir()] == ["hub.lock"], "no secrets, and no admin"
    place.start_hub(folder)
    place.login()


def test_plain_http_off_loopback_is_refused(place: Bench) -> None:
    folder = place.folder / "hub"
    said = refused(place, "--host", "0.0.0.0", "--data-dir", str(folder), code=2)
    assert "--insecure" in said
    assert not folder.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--port", "99999"], "99999 is no port"),
        (["--port", "-1"], "-1 is no port"),
        (["--config", "none.toml"], "cannot read the configuration file none.toml: No such file"),
        (["--config", "/"], "cannot read the configuration file /: Is a directory"),
        (["--config", "broken.toml"], "broken.toml is not a TOML file"),
        (["--tls-cert", "none", "--tls-key", "none"], "cannot read none: No such file"),
        (["--tls-cert", "none"], "tls_cert and tls_key go together"),
    ],
)
def test_usage_that_makes_no_sense_exits_2_and_makes_nothing(
    place: Bench, words: list[str], why: str
) -> None:
    (place.folder / "broken.toml").write_text("port =\n")
    folder = place.folder / "hub"
    words = [str(place.folder / word) if word == "broken.toml" else word for word in words]
    said = refused(place, *words, "--data-dir", str(folder), code=2)
    assert why in said
    assert not folder.exists()


def test_a_folder_that_cannot_be_used_is_refused(place: Bench) -> None:
    file = place.folder / "a-file"
    file.write_text("")
    assert "not a folder" in refused(place, "--data-dir", str(file))
    assert "a-file" in refused(place, "--data-dir", str(file / "below"))
    assert "cannot be used" in refused(place, "--data-dir", "/proc/nothing")


def test_secrets_that_others_can_read_are_refused(place: Bench) -> None:
    folder = place.folder / "hub"
    place.start_hub(folder).stop()
    (folder / "secrets.toml").chmod(0o644)
    assert "secrets.toml" in refused(place, "--data-dir", str(folder))


def test_a_folder_that_others_can_enter_is_refused(place: Bench) -> None:
    folder = place.folder / "hub"
    place.start_hub(folder).stop()
    folder.chmod(0o755)
    assert f"chmod 700 {folder}" in refused(place, "--data-dir", str(folder))
    folder.chmod(0o700)
    (folder / "metrics.db").chmod(0o644)
    assert f"chmod 600 {folder / 'metrics.db'}" in refused(place, "--data-dir", str(folder))
    (folder / "metrics.db").chmod(0o600)
    place.start_hub(folder)


def history(bench: Bench, server: str) -> list[Any]:
    """The rows of the last hour, a second each."""
    done = bench.run(
        "metrics", "history", server, "cpu", "--since", "1h", "--step", "1s", "-o", "json"
    )
    assert done.code == 0, done.err
    rows: list[Any] = done.json()
    return rows


def test_kill_9_while_metrics_flow_loses_nothing_committed(place: Bench) -> None:
    place.start_hub()
    place.login()
    agent = place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec")
    before = until(lambda: (rows := history(place, "web-1")) and len(rows) >= 3 and rows)
    hub = place.programs[0]
    hub.send(signal.SIGKILL)
    assert hub.process.wait(10) == -signal.SIGKILL
    port = place.url.rsplit(":", 1)[1]
    again = place.start("hub-2", "serve", "--port", port, "--data-dir", str(place.folder / "hub"))
    again.says(rb"^chatops hub ready at ")
    until(lambda: agent.said.count(b"connected to ") == 2, within=20, what="the agent is back")
    after = until(
        lambda: (rows := history(place, "web-1")) and len(rows) > len(before) and rows,
        what="new samples",
    )
    times = [row["ts"] for row in after]
    assert times == sorted(set(times))
    kept = {row["ts"]: row for row in after}
    assert all(kept.get(row["ts"]) == row for row in before)
    assert place.run("exec", "web-1", "echo back").out == "back\n"
    assert b"Traceback" not in again.said


@pytest.fixture
def small_disk(place: Bench) -> Iterator[Path]:
    """A file system of 4 MB."""
    assert os.geteuid() == 0, "this test mounts a tmpfs: run it as root"
    folder = place.folder / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        place.close()
        subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Write until there is no room, to the last byte."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(handle, b"x" * 4096):
            pass
    finally:
        os.close(handle)


@pytest.mark.root
def test_a_full_disk_is_said_and_survived(place: Bench, small_disk: Path) -> None:
    hub = place.start_hub(small_disk / "hub")
    place.login()
    agent = place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec")
    until(lambda: history(place, "web-1"), what="a sample")
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="space"):
        fill(filler)

    def told() -> bool:
        done = place.run("servers", "add", f"s-{len(place.run('servers', 'list', '-q').out)}")
        return done.code != 0 and "disk is full" in done.err

    until(told, within=30, what="an error about the full disk")
    assert place.run("metrics", "show", "web-1").code == 0, "reading goes on"
    filler.unlink()
    count = len(history(place, "web-1"))
    until(lambda: len(history(place, "web-1")) > count, within=60, what="samples again")
    assert place.run("servers", "add", "after").code == 0
    assert hub.process.poll() is None
    assert agent.process.poll() is None
    assert b"Traceback" not in hub.said

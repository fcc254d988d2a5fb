"""``chatops docker``."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from rich.console import Console

from chatops.cli.commands.docker.looking import CONTAINERS
from chatops.cli.rich_table import table_of
from chatops.protocol.frames import CONTENT_TYPE, envelope_text
from chatops.protocol.rest import ServerContainer
from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN, server
from tests.unit.cli.conftest import Invoke


def container(name: str = "app", **fields: object) -> dict[str, Any]:
    return {"server": "web-1", "id": "0" * 64, "name": name, "image": "shop:1", "state": "running",
            "status": "Up 2 hours", "health": "healthy", "ports": ["0.0.0.0:80->80/tcp"],
            "project": "shop", "created_at": THEN, "cpu_percent": 1.5, "memory": 2048
            } | fields  # fmt: skip


STATE = {"Status": "exited", "ExitCode": 3, "FinishedAt": "0001-01-01T00:00:00Z",
         "StartedAt": "2026-01-02T03:04:05.678901234Z"}  # fmt: skip
DETAIL = {"server": "web-1", "id": "0" * 64, "name": "app",
          "detail": {"State": STATE, "Config": {"Env": ["A", "B"]}}}  # fmt: skip


def test_containers_of_one_server(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /docker/web-1/containers", page(container()))
    done = cli("docker", "ps", "web-1", "-a")
    assert hub.asked[-1].query == {"all": ["true"]}
    header, row = done.out.splitlines()
    assert header.split()[:3] == ["SERVER", "NAME", "STATE"]
    assert row.split()[:4] == ["web-1", "app", "running", "(healthy)"]
    assert cli("docker", "ps", "web-1", "-o", "json").json() == [container()]
    assert cli("docker", "ps", "web-1", "-q").out == "app\n"
    assert hub.asked[-1].query == {}


def test_the_health_stands_once_in_a_row(cli: Invoke, hub: FakeHub) -> None:
    rows = [container("a", status="Up 2 hours (healthy)"),
            container("b", status="Up 1 second (health: starting)", health="starting"),
            container("c", status="Exited (3) 2 days ago", state="exited", health=None),
            container("d", status="Up 2 hours (Paused)", state="paused", health=None)]  # fmt: skip
    hub.on("GET /docker/web-1/containers", page(*rows))
    out = cli("docker", "ps", "web-1").out
    assert (out.count("(healthy)"), out.count("starting")) == (1, 1)
    assert "Exited (3) 2 days ago" in out
    assert "Up 2 hours (Paused)" in out


def test_rows_of_80_columns_are_not_broken() -> None:
    one = msgspec.convert(container(server="web-1"), ServerContainer)
    table, left_out = table_of(CONTAINERS.columns, [CONTAINERS.row(one)], 80)
    console = Console(width=80)
    assert len(console.render_lines(table)) == 2
    assert left_out == ["PORTS"]


def test_hostile_names_are_only_text(cli: Invoke, hub: FakeHub) -> None:
    odd = container(HOSTILE, image=HOSTILE, status=HOSTILE, ports=[HOSTILE], project=HOSTILE)
    hub.on("GET /docker/web-1/containers", page(odd))
    done = cli("docker", "ps", "web-1")
    assert not set("\x1b\x9b\u202e") & set(done.out)
    assert len(done.out.splitlines()) == 2


def test_several_servers_and_one_that_refuses(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page(server("a"), server("b")))
    hub.on("GET /docker/a/containers", page(container(server="a")))
    hub.on("GET /docker/b/containers", error(403, "refused", "b: not allowed"))
    done = cli("docker", "ps", "all", "-o", "json")
    assert [one["server"] for one in done.json()] == ["a"]
    assert (done.code, done.err) == (1, "not asked: b: not allowed\n")
    assert cli("docker", "ps", "b").code == 5


def test_what_the_engine_knows_of_one(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /docker/web-1/containers/app", DETAIL)
    shown = cli("docker", "inspect", "web-1", "app").out
    lines = dict(line.split(maxsplit=1) for line in shown.splitlines() if " " in line)
    assert (lines["state"], lines["variables"], lines["finished"]) == ("exited", "A B", "-")
    assert re.fullmatch(r"2026-01-0\d \d\d:\d\d:05", lines["started"])
    assert cli("docker", "inspect", "web-1", "app", "-o", "json").json() == DETAIL
    assert cli("docker", "inspect", "web-1", "..").code == 2
    assert cli("docker", "inspect", "web-1", "app", "--timeout", "2m").code == 0
    assert hub.asked[-1].query == {"timeout": ["120.0"]}
    assert cli("docker", "inspect", "web-1", "app", "--timeout", "x").code == 2


def test_processes_and_images(cli: Invoke, hub: FakeHub) -> None:
    process = {"pid": 7, "ppid": 1, "user": "root", "command": "sleep 9"}
    image = {"server": "web-1", "id": "sha256:" + "a" * 64, "tags": ["shop:1"], "size": 2048,
             "created_at": THEN}  # fmt: skip
    hub.on("GET /docker/web-1/containers/app/top", page(process))
    hub.on("GET /docker/web-1/images", page(image))
    assert cli("docker", "top", "web-1", "app").out.splitlines()[1].split() == [
        "7", "1", "root", "sleep", "9",
    ]  # fmt: skip
    assert cli("docker", "top", "web-1", "app", "-o", "json").json() == [process]
    assert cli("docker", "images", "web-1").out.splitlines()[1].split()[:2] == ["a" * 12, "shop:1"]
    assert cli("docker", "images", "web-1", "-o", "json").json() == [image]


CHANGE = {"server": "web-1", "id": "0" * 64, "name": "app", "action": "stop", "state": "exited"}


def test_changing_a_container(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /docker/web-1/containers/app/stop", CHANGE)
    done = cli("docker", "stop", "web-1", "app", "--timeout", "3s")
    assert hub.asked[-1].body == {"timeout": 3.0}
    assert (done.out, done.err) == ("", "stopped app on web-1\n")
    assert cli("docker", "stop", "web-1", "app", "-o", "json").json() == CHANGE
    assert hub.asked[-1].body == {"timeout": 10.0}
    assert cli("docker", "stop", "web-1", "app", "--timeout", "soon").code == 2
    long = cli("docker", "stop", "web-1", "app", "--timeout", "11m")
    assert (long.code, long.err) == (2, "error: --timeout: it may be 10m at most\n")


def test_removing_asks_first(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /docker/web-1/containers/app/rm", CHANGE | {"state": None})
    refused = cli("docker", "rm", "web-1", "app")
    assert (refused.code, hub.asked) == (2, [])
    assert cli("docker", "rm", "web-1", "app", "--yes").err == "removed app on web-1\n"


def frames(*events: dict[str, Any]) -> Reply:
    body = b"".join(envelope_text(json.dumps(event).encode()) for event in events)
    return Reply(raw=body, headers={"Content-Type": CONTENT_TYPE})


PULLED = {"server": "web-1", "image": "shop:1", "id": "sha256:" + "0" * 64}


def test_a_pull_says_its_steps_and_then_the_image(cli: Invoke, hub: FakeHub) -> None:
    steps = [
        {"event": "progress", "status": "Pulling from shop"},
        {"event": "progress", "layer": "a1", "status": "Downloading", "current": 1, "total": 9},
        {"event": "progress", "layer": "a1", "status": "Downloading", "current": 5, "total": 9},
        {"event": "progress", "layer": "a1", "status": HOSTILE},
    ]
    hub.on("POST /docker/web-1/images/pull", frames(*steps, {"event": "result", "result": PULLED}))
    done = cli("docker", "pull", "web-1", "shop:1", "-o", "json")
    assert (done.code, done.json()) == (0, PULLED)
    assert done.err.splitlines()[:2] == ["Pulling from shop", "a1: Downloading"]
    assert len(done.err.splitlines()) == 3
    assert not set("\x1b\x9b\u202e") & set(done.err)
    assert cli("docker", "pull", "web-1", "shop:1", "-q").out == PULLED["id"] + "\n"


def test_a_pull_that_fails_or_is_broken_off(cli: Invoke, hub: FakeHub) -> None:
    error_ = {"code": "not_found", "message": "web-1: the engine says: manifest unknown"}
    hub.on("POST /docker/web-1/images/pull", frames({"event": "error", "error": error_}))
    failed = cli("docker", "pull", "web-1", "shop:1")
    assert (failed.code, failed.err) == (4, f"error: {error_['message']}\n")
    hub.on("POST /docker/web-1/images/pull", frames({"event": "progress", "status": "so far"}))
    assert cli("docker", "pull", "web-1", "shop:1").code == 7


def test_a_prune_asks_and_tells_what_went(cli: Invoke, hub: FakeHub) -> None:
    items = [
        {"kind": "container", "id": "1" * 64, "name": "old", "size": 2048, "error": None},
        {"kind": "image", "id": "sha256:" + "2" * 64, "name": "", "size": None, "error": "in use"},
    ]
    report = {"server": "web-1", "dry_run": False, "count": 2, "space": 2048, "items": items}
    hub.on("POST /docker/web-1/prune", report)
    assert cli("docker", "prune", "web-1").code == 2
    done = cli("docker", "prune", "web-1", "--yes", "--volumes")
    assert hub.asked[-1].body == {"dry_run": False, "volumes": True}
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["KIND", "ID"], ["container", "1" * 12], ["image", "2" * 12],
    ]  # fmt: skip
    assert (done.code, done.err) == (
        1, "1 thing removed, 2 KiB\n1 thing could not be removed\n"
    )  # fmt: skip
    report |= {"dry_run": True, "items": items[:1], "count": 1}
    hub.on("POST /docker/web-1/prune", report)
    planned = cli("docker", "prune", "web-1", "--dry-run", "-o", "json")
    assert (planned.code, planned.json()) == (0, report)

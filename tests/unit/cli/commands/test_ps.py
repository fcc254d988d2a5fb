"""``chatops ps``."""

from __future__ import annotations

from typing import Any

from tests.support.fake_hub import FakeHub, error, page
from tests.support.samples import HOSTILE, THEN, server
from tests.unit.cli.conftest import Invoke


def process(pid: int = 7, **fields: object) -> dict[str, Any]:
    return {"pid": pid, "ppid": 1, "user": "root", "name": "x", "command": "x -y",
            "cpu_percent": 1.5, "memory_percent": 0.25, "rss": 2048, "started_at": THEN
            } | fields  # fmt: skip


def listed(*processes: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    total = len(processes) if total is None else total
    return {"items": list(processes), "total": total, "ts": THEN, "next": None}


def test_the_largest_of_one_server(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /processes/web-1", listed(process(command=None), total=300))
    done = cli("ps", "web-1", "--sort", "memory", "--limit", "5")
    assert hub.asked[-1].query == {"sort": ["memory"], "limit": ["5"]}
    header, row = done.out.splitlines()
    assert header.split() == ["PID", "USER", "CPU", "MEMORY", "RSS", "STARTED", "COMMAND"]
    assert row.split()[:6] == ["7", "root", "1.5%", "0.2%", "2", "KiB"]
    assert row.endswith("x")
    assert (done.code, done.err) == (0, "")
    assert cli("ps", "web-1", "-o", "json").json() == [process(command=None)]
    assert cli("ps", "web-1", "-q").out == "7\n"
    assert cli("ps", "web-1", "--limit", "0").err == (
        "only the largest 1 of 300 processes are shown: more do not fit\n"
    )


def test_hostile_names_are_only_text(cli: Invoke, hub: FakeHub) -> None:
    odd = process(user=HOSTILE, name=HOSTILE, command=HOSTILE * 50)
    hub.on("GET /processes/web-1", listed(odd))
    done = cli("ps", "web-1")
    assert not set("\x1b\x9b\u202e") & set(done.out)
    assert len(done.out.splitlines()) == 2


def test_several_servers_and_one_that_is_offline(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page(server("a"), server("b"), server("c")))
    hub.on("GET /processes/a", listed(process(1, cpu_percent=5.0), process(2, cpu_percent=None)))
    hub.on("GET /processes/b", listed(process(3, cpu_percent=80.0)))
    hub.on("GET /processes/c", error(409, "offline", "c is offline: \x1b"))
    done = cli("ps", "all", "--limit", "2", "-o", "json")
    assert [(one["server"], one["pid"]) for one in done.json()] == [("b", 3), ("a", 1)]
    assert list(done.json()[0]) == ["server", *process()]
    assert (done.code, done.err) == (1, "not asked: c is offline: \\x1b\n")
    csv = cli("ps", "a,b", "-o", "csv")
    assert csv.out.startswith("server,pid,ppid,")
    assert csv.code == 0


def test_errors(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page())
    hub.on("GET /processes/web-1", error(409, "offline", "web-1 is offline"))
    assert cli("ps", "web-1").code == 6
    assert cli("ps", "tag:a=b").code == 4
    assert cli("ps", "web-1", "--sort", "name").code == 2
    assert cli("ps", "web-1", "--limit", "-1").code == 2

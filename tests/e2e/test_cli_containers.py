"""Containers on the command line, with a real engine: figures, waiting, completion, the table."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.test_cli_terminal import ended, terminal
from tests.support.engine import RealEngine, real_engine
from tests.support.processes import PROGRAM, Bench, bench
from tests.support.waiting import until

FIELDS = [
    "server", "id", "name", "cpu_percent", "memory", "memory_limit", "memory_percent", "rx_bps",
    "tx_bps", "read_bps", "write_bps", "pids", "project", "ts",
]  # fmt: skip
HEALTH = {"test": ["CMD", "/bin/test", "-f", "/ok"], "interval": 200_000_000, "retries": 10**6}
SHOP = {"com.docker.compose.project": "shop"}
LONG = "5m"
LOCAL = {"Type": "local"}


@pytest.fixture(scope="module")
def engine() -> Iterator[RealEngine]:
    with real_engine() as made:
        made.run("busy", "/bin/sh", "-c", "while :; do :; done", labels=SHOP)
        made.run("idle")
        made.run("over", "/bin/true", labels=SHOP)
        yield made


@pytest.fixture(scope="module")
def place(engine: RealEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Two servers whose agents ask the same engine, and one that never came."""
    with bench(tmp_path_factory.mktemp("containers")) as made:
        made.start_hub()
        made.login()
        for name in ("web-1", "web-2"):
            key = made.add_server(name)
            made.start_agent(name, key, "--allow", "docker", DOCKER_HOST=engine.host)
        made.add_server("db-1")
        until(lambda: len(measured(made)) == 2, what="figures")
        yield made


def measured(place: Bench) -> list[Any]:
    """The rows of one server that was looked at twice."""
    done = place.run("docker", "stats", "web-1", "-o", "json")
    return [row for row in done.json() if row["rx_bps"] is not None] if done.code == 0 else []


def test_figures_of_what_runs_the_busiest_first(place: Bench) -> None:
    busy, idle = measured(place)
    assert list(busy) == FIELDS
    assert (busy["server"], busy["name"], busy["project"]) == ("web-1", "busy", "shop")
    assert idle["name"] == "idle"
    assert busy["cpu_percent"] > 1.0
    assert 0 < busy["memory"] < busy["memory_limit"]
    assert (busy["pids"], busy["rx_bps"]) == (1, 0.0)
    table = place.run("docker", "stats", "web-1", "--project", "shop")
    assert [line.split()[1] for line in table.out.splitlines()] == ["NAME", "busy"]
    csv = place.run("docker", "stats", "web-1", "-o", "csv").out.splitlines()
    assert csv[0].split(",") == FIELDS


def test_servers_that_cannot_be_asked_are_named(place: Bench) -> None:
    done = place.run("docker", "stats", "all", "-o", "json")
    assert done.code == 1
    assert {row["server"] for row in done.json()} == {"web-1", "web-2"}
    assert done.err.startswith("not asked: db-1 is offline")
    assert place.run("docker", "stats", "db-1").code == 6
    assert place.run("docker", "stats", "nope").code == 4
    assert place.run("docker", "stats", "web-1", "-o", "json", "--follow").code == 2


def test_the_last_lines_of_a_container_of_several_servers(place: Bench, engine: RealEngine) -> None:
    engine.run("talk", "/bin/sh", "-c", r"echo one ERROR; printf 'two\033[31m\n'", log=LOCAL)
    words = ["tail", "all", "--container", "talk"]
    until(lambda: "two" in place.run(*words).out, what="its lines")
    shown = place.run(*words, "-n", "1")
    assert sorted(shown.out.splitlines()) == ["web-1 | two\\x1b[31m", "web-2 | two\\x1b[31m"]
    assert (shown.code, shown.err.count("not asked: db-1")) == (1, 1)
    (line,) = place.run(*words[:1], "web-1", *words[2:], "-o", "json", "--level", "error").json()
    assert (line["server"], line["source"], line["level"]) == ("web-1", "container:talk", "error")
    assert line["ts"].endswith("Z")
    followed = place.start("talk", "tail", "web-1", *words[2:], "-f", "-n", "1", "--grep", "one")
    followed.says(rb"^one ERROR\n.*web-1: talk has stopped; waiting for it to start again$")
    late = place.start("late", "tail", "web-1", *words[2:], "-f", "-n", "0")
    late.says(rb"^web-1: talk has stopped")
    with engine.client() as client:
        client.start("talk")
    until(lambda: followed.said.count(b"one ERROR\n") == 2, what="what it writes now")
    late.says(rb"^one ERROR\ntwo")
    for one in (followed, late):
        one.send(signal.SIGINT)
        assert one.process.wait(15) == 130
    assert place.run("tail", "web-1", "--container", "nope").code == 4


def test_a_stream_has_each_look_once_and_ends_with_ctrl_c(place: Bench) -> None:
    stream = place.start("stream", "docker", "stats", "all", "-o", "ndjson")

    def rows() -> list[Any]:
        lines = stream.said.decode().splitlines(keepends=True)
        return [json.loads(one) for one in lines if one.startswith("{") and one.endswith("\n")]

    def looks(server: str) -> set[str]:
        return {row["ts"] for row in rows() if row["server"] == server}

    until(lambda: len(looks("web-1")) > 1 and len(looks("web-2")) > 1, within=30)
    keys = [(row["server"], row["name"], row["ts"]) for row in rows()]
    assert len(set(keys)) == len(keys)
    assert stream.said.count(b"not asked: db-1 is offline") == 1
    assert stream.stop(signal.SIGINT) == 130


def test_at_a_terminal_a_table_is_updated_in_its_place(place: Bench) -> None:
    with terminal(place, "docker", "stats", "all") as child:
        child.expect(re.escape("\x1b[?1049h"))
        child.expect("busy .* idle ")
        child.expect("Ctrl-C ends; 4 containers; not asked: db-1 is offline")
        child.sendintr()
        code, shown = ended(child)
    assert (code, "Traceback" in shown) == (130, False)
    assert shown.index("\x1b[?25h") < shown.index("\x1b[?1049l")


def test_a_container_that_comes_and_becomes_healthy_is_waited_for(
    place: Bench, engine: RealEngine
) -> None:
    waiting = place.start("w", "wait", "web-*", "--container", "new=healthy", "--timeout", LONG)
    short = ("--timeout", "1s")

    def says(why: str) -> bool:
        done = place.run("wait", "web-1", "--container", "new=healthy", *short)
        assert done.code == 124
        return why in done.err  # unless the engine had not answered yet

    until(lambda: says("there is no container new"))
    engine.run("new", healthcheck=HEALTH)
    until(lambda: says("new is starting"))
    assert waiting.process.poll() is None
    with engine.client() as client:
        made = client.exec_create("new", ["/bin/touch", "/ok"])
        client.exec_start(made["Id"])
        assert waiting.process.wait(60) == 0
        assert b"true on 2 servers" in waiting.said
        gone = place.start("gone", "wait", "web-1", "--container", "new=gone", "--timeout", LONG)
        client.remove_container("new", force=True)
        assert gone.process.wait(60) == 0
    states = ("--container", "over=exited", "--container", "idle=running", "--timeout", LONG)
    done = place.run("wait", "web-1", *states, "-o", "json")
    (state,) = done.json()
    assert [one["value"] for one in state["conditions"]] == ["exited", "running"]


def test_ctrl_c_ends_a_wait(place: Bench) -> None:
    waiting = place.start("wait", "wait", "web-1", "--container", "never=running", "--online")
    done = place.run("wait", "web-1", "--container", "idle=running", "--timeout", LONG)
    assert done.code == 0  # the other one has begun long ago
    assert waiting.stop(signal.SIGINT) == 130
    assert waiting.said == b""


def test_names_of_containers_are_completed(place: Bench) -> None:
    def words(line: str, **environ: str) -> list[str]:
        asked = {**place.environ, "_CHATOPS_COMPLETE": "complete_bash", "COMP_WORDS": line,
                 "COMP_CWORD": str(len(line.split(" ")) - 1), **environ}  # fmt: skip
        done = subprocess.run(PROGRAM, env=asked, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.stdout.split()

    until(lambda: {"busy", "idle", "over"} <= set(words("chatops docker stop web-1 ")))
    until(lambda: words("chatops docker inspect web-1 i") == ["idle"])
    assert words("chatops docker inspect db-1 ") == []
    assert words("chatops docker stop web-1 ", CHATOPS_HUB="http://127.0.0.1:1") == []


def test_a_sample_shows_its_containers(place: Bench) -> None:
    def table() -> str:
        _, _, found = place.run("metrics", "show", "web-1").out.partition("CONTAINER")
        return found

    rows = until(lambda: [line.split() for line in table().splitlines()[1:4]])
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("busy", "running", "shop"), ("over", "exited", "shop"), ("idle", "running", "-")
    ]  # fmt: skip

"""Logs of containers on the command line: pipes, forms, Ctrl-C, a hub that dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

import pytest

from tests.support.engine import RealEngine, real_engine
from tests.support.processes import PROGRAM, Bench, Finished, Program, bench
from tests.support.waiting import until

ODD = r"printf 'one\ttwo\r\n\033[31mred\377\n'; echo err >&2; printf end"
TICK = "i=0; while :; do echo out $i; echo err $i >&2; i=$((i+1)); sleep 0.02; done"


@pytest.fixture(scope="module")
def engine() -> Iterator[RealEngine]:
    """An engine with a container that has written odd things, and one that goes on."""
    with real_engine() as made:
        made.run("odd", "/bin/sh", "-c", ODD, log={"Type": "local"})
        made.run("ticks", "/bin/sh", "-c", TICK)
        until(lambda: made.ended("odd"), what="the end of odd")
        yield made


class Place:
    """A fleet of one, whose agent may ask the engine."""

    def __init__(self, bench: Bench, engine: RealEngine) -> None:
        self.bench = bench
        self.hub = bench.start_hub()
        bench.login()
        key = bench.add_server("web-1")
        bench.start_agent("web-1", key, "--allow", "docker", DOCKER_HOST=engine.host)

    def follow(
        self, *words: str, err: int | IO[bytes] = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Begin to follow the container that goes on."""
        return subprocess.Popen(
            [*PROGRAM, "docker", "logs", "web-1", "ticks", "-f", *words],
            env=self.bench.environ, stdout=subprocess.PIPE, stderr=err,
        )  # fmt: skip

    def restart_hub(self) -> Program:
        """Kill the hub and start it again where it was."""
        self.hub.stop(signal.SIGKILL)
        port = self.bench.url.rpartition(":")[2]
        folder = str(self.bench.folder / "hub")
        self.hub = self.bench.start("hub", "serve", "--port", port, "--data-dir", folder)
        self.hub.says(rb"^chatops hub ready at .+$")
        return self.hub


@pytest.fixture(scope="module")
def place(engine: RealEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with bench(tmp_path_factory.mktemp("docker")) as made:
        yield Place(made, engine)


def test_logs_are_text_that_no_terminal_obeys_unless_raw(place: Place) -> None:
    run = place.bench.run
    shown = run("docker", "logs", "web-1", "odd")
    assert (shown.code, shown.err) == (0, "err\n")
    assert shown.out == "one\ttwo\n\\x1b[31mred\\xff\nend"
    raw = run("docker", "logs", "web-1", "odd", "--raw")
    assert raw.stdout == b"one\ttwo\r\n\x1b[31mred\xff\nend"
    stamped = run("docker", "logs", "web-1", "odd", "--timestamps").out.splitlines()
    assert stamped[-1].partition("Z ")[2] == "end"
    last = run("docker", "logs", "web-1", "ticks", "--tail", "3")
    assert len((last.out + last.err).splitlines()) == 3
    lines = run("docker", "logs", "web-1", "odd", "-o", "json").json()
    assert [list(line) for line in lines] == [
        ["server", "container", "stream", "ts", "message"]
    ] * 4
    assert sorted(line["message"] for line in lines if line["stream"] == "stdout") == [
        "\x1b[31mred\\xff", "end", "one\ttwo",
    ]  # fmt: skip
    assert run("docker", "logs", "web-1", "odd", "-o", "json", "--tail", "0").json() == []


def test_wrong_requests_say_what_is_wrong(place: Place) -> None:
    run = place.bench.run
    gone = run("docker", "logs", "web-1", "gone", "-o", "json")
    assert (gone.code, gone.out) == (4, "")
    assert json.loads(gone.err)["error"]["code"] == "not_found"
    for words in (["--tail", "x"], ["--since", "x"], ["--raw", "-o", "csv"], ["-f", "-o", "json"]):
        assert run("docker", "logs", "web-1", "odd", *words).code == 2, words
    assert run("docker", "prune", "web-1").code == 2
    assert run("docker", "pull", "web-1", "127.0.0.1:1/box").code == 6


@pytest.fixture(scope="module")
def followed(place: Place) -> Finished:
    """What a follower said whose hub was killed and started again, up to a Ctrl-C."""
    with tempfile.TemporaryFile() as err:  # which takes all while nobody reads it
        process = place.follow("--tail", "all", err=err)
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        place.restart_hub()

        def is_back() -> bool:
            said = os.pread(err.fileno(), os.fstat(err.fileno()).st_size, 0)
            return b"it is back" in said

        while len(lines) <= 500 or len(lines) % 100 or not is_back():
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it was back"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        err.seek(0)
        return Finished(process.returncode, b"".join(lines), err.read())


def test_a_follower_goes_on_where_it_was_when_its_hub_was_killed(followed: Finished) -> None:
    assert followed.code == 130
    lines = followed.out.splitlines()
    assert lines == [f"out {number}" for number in range(len(lines))]
    said = [line for line in followed.err.splitlines() if not line.startswith("err ")]
    assert said[0].endswith("trying again for 60 s")
    assert said[-1] == "it is back"
    errors = [line for line in followed.err.splitlines() if line.startswith("err ")]
    assert errors == [f"err {number}" for number in range(len(errors))]
    assert len(errors) >= 400


def test_a_reader_that_leaves_ends_the_follower_quietly(place: Place) -> None:
    process = place.follow("--tail", "5")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 141
    assert [line for line in said.splitlines() if not line.startswith(b"err ")] == []

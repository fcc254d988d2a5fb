"""A hub that dies while ``chatops exec`` watches, and comes back."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import pytest

from tests.e2e.conftest import with_agent
from tests.support.lossy import losing
from tests.support.processes import PASSWORD, PROGRAM, Bench, Finished
from tests.support.waiting import until

Process = subprocess.Popen[bytes]


@pytest.fixture
def two(hub: Bench) -> Bench:
    """A fleet of two."""
    with_agent(hub)
    hub.start_agent("web-2", hub.add_server("web-2"), "--allow", "exec")
    return hub


def start(place: Bench, *words: str, **options: Any) -> Process:
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(
        [*PROGRAM, "exec", *words], env=place.environ, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def restart(place: Bench) -> None:
    """Kill the hub, and start it again at the same place."""
    place.programs[0].stop(signal.SIGKILL)
    place.start_hub(None, "--port", place.url.rpartition(":")[2])


def ended(process: Process) -> Finished:
    out, err = process.communicate(timeout=90)
    return Finished(process.returncode, out, err)


NUMBERS = range(1, 40_001)
LINE = "seq 1 20000; touch {0}; while ! test -e {1}; do sleep 0.05; done; seq 20001 40000; exit 5"


@pytest.mark.parametrize("words", [[], ["--group"], ["-o", "ndjson"]])
def test_several_go_on_where_they_were_cut(two: Bench, words: list[str]) -> None:
    seen, go = two.folder / "seen", two.folder / "go"
    process = start(two, *words, "web-*", LINE.format(seen, go))
    until(seen.exists, what="the first half of the output")
    restart(two)
    go.touch()
    done = ended(process)
    assert done.code == 1, done.err
    assert "trying to attach again for 60 s\nthe hub is back\n" in done.err
    assert "missing" not in done.err
    for name in ("web-1", "web-2"):
        if words[:1] == ["-o"]:
            events = [json.loads(line) for line in done.out.splitlines()]
            mine = [one for one in events if one.get("server") == name]
            assert [one["event"] for one in mine].count("start") == 1
            text = "".join(one["data"] for one in mine if one["event"] == "stdout")
            assert events[-1]["event"] == "summary"
        else:
            head = f"{name} | "
            lines = done.out.splitlines()
            text = "\n".join(one.removeprefix(head) for one in lines if one.startswith(head))
        assert text.split() == [str(number) for number in NUMBERS]


@pytest.mark.parametrize("words", [["web-1"], ["-i", "web-1"], ["--detach", "web-1"], ["web-*"]])
def test_an_answer_that_was_lost_is_asked_for_again(fleet: Bench, words: list[str]) -> None:
    """The hub has the run, and the command line never heard of it: still it runs only once."""
    file = fleet.folder / "runs"
    with losing(int(fleet.url.rpartition(":")[2]), b"POST /api/v1/commands ") as relay:
        login = ["login", relay.url, "-u", "admin", "--password-stdin"]
        assert fleet.run(*login, stdin=PASSWORD).code == 0
        done = fleet.run("exec", *words, f"echo x >> {file}; echo out", stdin="")
        assert relay.lost == 1
        assert done.code == 0, done.err
        assert "trying to attach again for 60 s" in done.err
        if "--detach" in words:
            assert fleet.run("commands", "wait", done.out.strip()).code == 0
        else:
            assert done.out.endswith("out\n")
    assert file.read_text() == "x\n"


def test_input_goes_on_where_it_was_cut(two: Bench) -> None:
    process = start(two, "-i", "web-1", "md5sum", stdin=subprocess.PIPE)
    assert process.stdin is not None
    half = b"".join(b"%d\n" % number for number in range(50_000))
    process.stdin.write(half)
    process.stdin.flush()
    restart(two)
    out, err = process.communicate(half, timeout=90)
    done = Finished(process.returncode, out, err)
    assert done.code == 0, done.err[-500:]
    summed = subprocess.run(["md5sum"], input=half * 2, capture_output=True, check=True)
    assert done.stdout == summed.stdout
    assert "the hub is back" in done.err


def test_control_c_while_the_hub_is_away_cancels_when_it_is_back(two: Bench) -> None:
    file = two.folder / "pid"
    process = start(two, "web-*", f"echo $$ >> {file}; exec sleep 600")
    until(lambda: file.exists() and len(file.read_text().split()) == 2, what="remote pids")
    two.programs[0].stop(signal.SIGKILL)
    assert process.stderr is not None
    until(lambda: b"trying to attach" in process.stderr.readline(), what="the loss")  # type: ignore[union-attr]
    process.send_signal(signal.SIGINT)
    two.start_hub(None, "--port", two.url.rpartition(":")[2])
    done = ended(process)
    assert done.code == 130, done.err
    assert "web-1: cancelled" in done.err
    assert "web-2: cancelled" in done.err

"""``chatops commands``: what is shown of commands, and waiting for them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chatops.cli import waiting
from tests.support.fake_hub import Asked, FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN, command, result, run
from tests.unit.cli.conftest import Invoke


def run_of_two(hub: FakeHub, **second: object) -> None:
    """Have ``r2`` be a run on web-1 (c1) and web-2 (c2)."""
    found = [command(id="c2", run_id="r2", server="web-2", **second), command(run_id="r2")]

    def listed(asked: Asked) -> Reply:
        return Reply(body=page(*(found if asked.query.get("run") == ["r2"] else [])))

    hub.on("GET /commands", listed)
    for one in found:
        hub.on(f"GET /commands/{one['id']}", one)
    hub.on("GET /runs/r2", run("r2", *reversed(found)))


def test_commands_are_listed_oldest_first(cli: Invoke, hub: FakeHub) -> None:
    new = command(id="c2", command=["printf", "%s", "a b"], status="failed", exit_code=3)
    hub.on("GET /commands", page(new, command()))
    assert [one["id"] for one in cli("commands", "list", "-o", "json").json()] == ["c1", "c2"]
    lines = cli("commands", "list").out.splitlines()
    titles = ["TIME", "ID", "SERVER", "USER", "STATUS", "EXIT", "TOOK", "COMMAND"]
    assert lines[0].split() == titles
    words = ["c2", "web-1", "ada", "failed", "3", "1.5s", "printf", "%s", "'a", "b'"]
    assert lines[2].split()[2:] == words
    assert cli("commands", "list", "-q").out == "c1\nc2\n"


def test_the_hub_is_asked_for_what_is_wanted(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /commands", page(*(command(id=f"c{n}") for n in range(3))))
    words = ["--server", "web-1", "--user", "ada", "--run", "r1", "--since", THEN, "--limit", "2",
             "--status", "lost, failed"]  # fmt: skip
    done = cli("commands", "list", *words, "-q")
    query = hub.asked[0].query
    names = ("server", "user", "run", "since", "limit")
    assert [query[name] for name in names] == [["web-1"], ["ada"], ["r1"], [THEN], ["3"]]
    assert query["status"] == ["failed", "lost"]
    assert done.out == "c1\nc0\n"
    assert done.err == "only the newest 2 are shown; --limit 0 shows all\n"


def test_a_status_that_is_none_is_refused(cli: Invoke, hub: FakeHub) -> None:
    done = cli("commands", "list", "--status", "lost,broken")
    assert done.code == 2
    assert "--status: 'broken' is no status" in done.err
    assert not hub.asked


def test_a_command_is_shown_with_the_fields_of_the_list(cli: Invoke, hub: FakeHub) -> None:
    killed = command(status="failed", exit_code=None, signal=9, truncated=True)
    hub.on("GET /commands/c1", killed)
    assert cli("commands", "show", "c1", "-o", "json").json() == killed
    text = cli("commands", "show", "c1").out
    assert "signal 9" in text
    assert "not all was kept" in text
    head, row = cli("commands", "show", "c1", "-o", "csv").out.splitlines()
    assert head.split(",") == list(killed)
    assert row.startswith("c1,r1,web-1,ada,uptime,failed,,9,")


def test_why_a_command_was_not_run_is_shown(cli: Invoke, hub: FakeHub) -> None:
    why = "web-1 is offline; the command was not run"
    hub.on("GET /commands/c1", command(status="offline", exit_code=None, error=why))
    lines = cli("commands", "show", "c1").out.splitlines()
    assert [line.split(None, 1)[1] for line in lines if line.startswith(("because", "output"))] == [
        why, "there is none",
    ]  # fmt: skip
    assert cli("commands", "show", "c1", "-o", "json").json()["error"] == why


def test_a_run_stands_for_its_commands(cli: Invoke, hub: FakeHub) -> None:
    run_of_two(hub)
    shown = cli("commands", "show", "r2", "-o", "json").json()
    assert [one["id"] for one in shown] == ["c1", "c2"]
    hub.on("GET /commands", lambda _: Reply(body=page(command())))
    hub.on("GET /runs/r1", run("r1", command(), target="web-1"))
    assert cli("commands", "show", "r1", "-o", "json").json() == command()
    for words in (["show"], ["output"], ["cancel"]):
        assert cli("commands", *words, "nothing").code == 4
    assert cli("commands", "wait", "nothing").code == 125


def test_output_is_the_bytes(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /commands/c1", command())
    raw = base64.b64encode(b"\xff\x1b[2J\r\n").decode()
    hub.on("GET /commands/c1/output", result(stdout="", stdout_b64=None, stderr_b64=raw))
    assert cli("commands", "output", "c1") == (0, b"", b"\xff\x1b[2J\r\n")
    kept: dict[str, Any] = {"stdout": "é", "stderr": "", "truncated": True, "dropped_bytes": 7}
    hub.on("GET /commands/c1/output", result(status="running", **kept))
    done = cli("commands", "output", "c1")
    assert (done.code, done.out) == (0, "é")
    assert done.err.splitlines() == [
        "7 bytes of the output are missing: not kept",
        "the command is not over: more output may come",
    ]


def test_output_for_machines_is_the_result(cli: Invoke, hub: FakeHub) -> None:
    run_of_two(hub)
    for number in "12":
        body = result(server=f"web-{number}", command_id=f"c{number}", stdout=f"a\nb{number}",
                      stderr="e\n")  # fmt: skip
        hub.on(f"GET /commands/c{number}/output", body)
    one = cli("commands", "output", "c1", "-o", "json").json()
    assert (one["server"], one["stdout"], "stdout_b64" in one) == ("web-1", "a\nb1", False)
    several = cli("commands", "output", "r2", "-o", "json").json()
    assert [each["server"] for each in several] == ["web-1", "web-2"]
    lines = cli("commands", "output", "r2", "-o", "ndjson").out.splitlines()
    assert [json.loads(line) for line in lines] == several
    assert cli("commands", "output", "r2", "-q").out == "c1\nc2\n"
    done = cli("commands", "output", "r2")
    assert done.out == "web-1 | a\nweb-1 | b1\nweb-2 | a\nweb-2 | b2\n"
    assert done.err == "web-1 | e\nweb-2 | e\n"


def test_a_viewer_is_refused_the_output(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /commands/c1", command())
    hub.on("GET /commands/c1/output", error(403, "not_permitted", "a viewer may not"))
    done = cli("commands", "output", "c1")
    assert (done.code, done.out, done.err) == (5, "", "error: a viewer may not\n")


def test_cancelling_asks_for_those_that_run(cli: Invoke, hub: FakeHub) -> None:
    run_of_two(hub, status="running", exit_code=None)
    hub.on("POST /runs/r2/cancel", run("r2", command(id="c2", server="web-2", status="running")))
    hub.on("POST /commands/c2/cancel", command(id="c2", server="web-2", status="running"))
    done = cli("commands", "cancel", "r2", "-o", "json")
    assert done.code == 0
    assert [(one["id"], one["status"]) for one in done.json()] == [("c2", "running")]
    assert "`chatops commands wait r2`" in done.err
    done = cli("commands", "cancel", "c1")
    assert (done.code, done.out) == (6, "")
    assert done.err.startswith("error: c1 is over already\nhint: ")
    hub.on("POST /commands/c2/cancel", error(409, "conflict", "the command is over"))
    assert cli("commands", "cancel", "c2").code == 6


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({}, 0, ""),
        ({"status": "failed", "exit_code": 3}, 3, ""),
        ({"status": "failed", "exit_code": None, "signal": 9}, 137, ""),
        ({"status": "cancelled", "exit_code": None, "signal": 15}, 143, "cancelled from elsewhere"),
        ({"status": "cancelled", "exit_code": None}, 120, "cancelled from elsewhere"),
        ({"status": "offline", "exit_code": None}, 120, "web-1 is offline"),
        ({"status": "refused", "exit_code": None}, 121, "web-1 refused"),
        ({"status": "lost", "exit_code": None}, 122, "web-1 vanished"),
        ({"status": "timed_out", "exit_code": None}, 124, "its time limit"),
    ],
)
def test_waiting_has_the_exit_status_of_exec(
    cli: Invoke, hub: FakeHub, fields: dict[str, object], code: int, said: str
) -> None:
    answers = [command(status="running", exit_code=None)] * 2 + [command(**fields)] * 9
    hub.on("GET /commands/c1", lambda _: Reply(body=answers.pop(0)))
    done = cli("commands", "wait", "c1")
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.startswith("error: ") == bool(said)
    assert cli("commands", "wait", "c1", "-o", "json").json() == command(**fields)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ({}, 0),
        ({"status": "failed", "exit_code": 120}, 1),
        ({"status": "lost"}, 1),
        ({"status": "cancelled", "signal": 15}, 1),
        ({"status": "cancelled", "exit_code": 143}, 1),
        ({"status": "cancelled", "exit_code": None}, 123),
        ({"status": "offline"}, 123),
        ({"status": "refused"}, 123),
    ],
)
def test_waiting_for_several(
    cli: Invoke, hub: FakeHub, second: dict[str, object], code: int
) -> None:
    run_of_two(hub, **second)
    assert cli("commands", "wait", "r2").code == code


def test_waiting_ends_when_the_time_is_up(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /commands/c1", command(status="running"))
    done = cli("commands", "wait", "c1", "--timeout", "1s")
    assert (done.code, done.out) == (124, "")
    assert done.err.startswith("error: c1 is not over in time: web-1 is running\nhint: ")
    assert len(hub.asked) >= 3
    for words in (["--timeout", "soon"], ["--timeout", "0"], ["--bogus"]):
        assert cli("commands", "wait", "c1", *words).code == 125


def test_waiting_outlives_a_hub_that_is_away_for_a_moment(
    cli: Invoke, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, away = Reply(body=command(status="running")), Reply(200, raw=b"nonsense")
    answers = [running, away, error(503, "busy", HOSTILE), away, Reply(body=command())]
    hub.on("GET /commands/c1", lambda _: answers.pop(0))
    done = cli("commands", "wait", "c1")
    assert done.code == 0
    assert done.err.count("asking again for 60 s") == 1
    monkeypatch.setattr(waiting, "RECOVERY", 0.1)
    first = [running]
    hub.on("GET /commands/c1", lambda _: first.pop() if first else away)
    done = cli("commands", "wait", "c1")
    assert done.code == 122
    assert "`chatops commands wait c1` waits again" in done.err


def test_questions_are_prompt_at_first_and_rare_later() -> None:
    pause = waiting.pauses()
    taken = [next(pause) for _ in range(40)]
    assert sum(taken[:5]) < 0.5
    assert taken == sorted(taken)
    assert taken[-1] == 2.0


def test_hostile_text_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    record = command(server=HOSTILE, user=HOSTILE, command=[HOSTILE, HOSTILE], error=HOSTILE)
    hub.on("GET /commands", page(record))
    hub.on("GET /commands/c1", record)
    hub.on("GET /commands/c1/output", result(server=HOSTILE, error=HOSTILE))
    for words in (["list"], ["show", "c1"], ["output", "c1"], ["wait", "c1"]):
        for form in ("table", "json", "csv", "ndjson"):
            done = cli("commands", *words, "-o", form)
            assert done.code == 0
            assert not set("\x1b\x9b\u202e") & set(done.out + done.err)
    done = cli("commands", "show", HOSTILE)
    assert not set("\x1b\x9b\u202e") & set(done.err)

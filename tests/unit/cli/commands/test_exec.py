"""``chatops exec``: its arguments, and how outcomes and errors are told. Bytes and signals are
tested with real programs in tests/e2e."""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.cli.execute import command_of
from chatops.cli.running.outcomes import kept_bytes
from chatops.errors import InvalidInput
from chatops.protocol.frames import CONTENT_TYPE, envelope_binary, envelope_text
from tests.support.fake_hub import FakeHub, Reply, error
from tests.support.samples import HOSTILE, result
from tests.unit.cli.conftest import Invoke

RUN = {"event": "run", "run_id": "r1", "servers": 1}
START = {"event": "start", "server": "web-1", "command_id": "c1", "run_id": "r1", "stdout": 1,
         "stderr": 2}  # fmt: skip


ALONE = {"stdin": False, "parallel": 50, "batch": None, "max_failures": None,
         "expect_count": None, "dry_run": False, "idempotency_key": None, "container": None,
         "user": None}  # fmt: skip


def runs(hub: FakeHub, *outputs: tuple[int, bytes], **end: object) -> None:
    """Have the hub stream a run with this output and end."""
    pieces = [envelope_text(msgspec.json.encode(one)) for one in (RUN, START)]
    offsets = {1: 0, 2: 0}
    for stream, data in outputs:
        pieces.append(envelope_binary(stream, offsets[stream], data))
        offsets[stream] += len(data)
    over = {"event": "end", "result": result(**end)}
    pieces.append(envelope_text(msgspec.json.encode(over)))
    headers = {"Content-Type": CONTENT_TYPE}
    hub.on("POST /commands", lambda _: Reply(headers=headers, chunks=iter(pieces)))
    kept = {name: b"".join(data for one, data in outputs if one == number)
            for name, number in (("stdout", 1), ("stderr", 2))}  # fmt: skip
    texts = {name: data.decode() for name, data in kept.items() if _is_text(data)}
    b64 = {f"{name}_b64": base64.b64encode(data).decode() for name, data in kept.items()
           if not _is_text(data)}  # fmt: skip
    hub.on("GET /commands/c1/output", result(**end) | texts | b64)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["uptime"], "uptime"),
        (["df -h | sort"], "df -h | sort"),
        (["ls", "-l"], ["ls", "-l"]),
        (["--", "ls"], "ls"),
        (["--", "ls", "--", "x"], ["ls", "--", "x"]),
        (["--", "--", "x"], ["--", "x"]),
        (["ls", ""], ["ls", ""]),
        ([" "], " "),
    ],
)
def test_one_word_is_a_line_and_several_a_vector(words: list[str], expected: object) -> None:
    assert command_of(words) == expected


@pytest.mark.parametrize("words", [[], ["--"], [""], ["--", ""]])
def test_no_command_is_refused(words: list[str]) -> None:
    with pytest.raises(InvalidInput, match="no command"):
        command_of(words)


def test_an_empty_key_is_a_variable_that_was_not_set(cli: Invoke, hub: FakeHub) -> None:
    done = cli("exec", "--idempotency-key", "", "web-1", "true")
    assert (done.code, done.out) == (125, "")
    assert "--idempotency-key is empty" in done.err
    assert hub.asked == []


def test_a_status_file_that_is_a_pipe_is_written_once(
    cli: Invoke, hub: FakeHub, tmp_path: Path
) -> None:
    runs(hub)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(pipe.read_text)
        assert cli("exec", "--status-file", str(pipe), "web-1", "x").code == 0
        (found,) = json.loads(reading.result(10))
    assert found["status"] == "succeeded"


def bodies(hub: FakeHub) -> list[Any]:
    """What was sent, without the keys that every line of exec gets, each another."""
    found = [one.body for one in hub.asked]
    keys = [body["idempotency_key"] for body in found]
    assert len(set(keys)) == len(keys)
    assert all(key.startswith("exec-") for key in keys)
    return [{**body, "idempotency_key": None} for body in found]


def test_everything_after_the_target_belongs_to_the_command(cli: Invoke, hub: FakeHub) -> None:
    runs(hub)
    words = ["--timeout", "90s", "--cwd", "/srv", "--env", "A=b=c", "--env", "E="]
    done = cli("exec", *words, "web-1", "grep", "-o", "json", "--timeout", "x", "--help", "--")
    assert done == (0, b"", b"")
    assert bodies(hub)[0] == {
        "target": "web-1", "mode": "stream", "timeout": 90.0, "cwd": "/srv",
        "env": {"A": "b=c", "E": ""},
        "command": ["grep", "-o", "json", "--timeout", "x", "--help", "--"],
    } | ALONE  # fmt: skip


def test_bytes_go_through_unchanged(cli: Invoke, hub: FakeHub) -> None:
    runs(hub, (1, b"a\xff\x1b[2J"), (2, b"\x00e"), (1, b"\r\n"), status="failed", exit_code=3)
    assert cli("exec", "web-1", "x") == (3, b"a\xff\x1b[2J\r\n", b"\x00e")


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ({"status": "failed", "exit_code": 120}, 120, ""),
        ({"status": "failed", "exit_code": None, "signal": 11}, 139, ""),
        ({"status": "failed", "exit_code": None, "error": "no shell"}, 126, "error: no shell\n"),
        ({"status": "offline", "exit_code": None}, 120,
         "error: web-1 is offline; the command was not run\n"),
        ({"status": "refused", "error": "policy: deny 1"}, 121, "error: policy: deny 1\n"),
        ({"status": "timed_out", "exit_code": None}, 124,
         "error: the command on web-1 was ended at its time limit\n"),
        ({"status": "lost", "exit_code": None, "error": "gone"}, 122,
         "error: gone\nhint: `chatops commands show c1` tells should it be known\n"),
        ({"status": "cancelled", "exit_code": None, "signal": 15}, 143,
         "error: the command on web-1 was cancelled from elsewhere\n"),
        ({"truncated": True, "dropped_bytes": 5}, 0, ""),  # the hub kept less than came here
        ({"status": "refused", "error": HOSTILE}, 121,
         "error: [bold red]x[/] \\x1b[31m\\x9b2J\\n\\u202eeman\n"),
    ],
)  # fmt: skip
def test_what_chatops_itself_has_to_say(
    cli: Invoke, hub: FakeHub, end: dict[str, Any], code: int, said: str
) -> None:
    runs(hub, **end)
    done = cli("exec", "web-1", "x")
    assert (done.code, done.out, done.err) == (code, "", said)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error(409, "offline", "web-1 is offline"), 120),
        (error(403, "not_permitted", "a viewer may not"), 121),
        (error(401, "not_signed_in", "expired"), 125),
        (error(404, "not_found", "no such server"), 125),
        (Reply(200, raw=b"hello"), 122),
    ],
)
def test_refusals_of_the_hub(cli: Invoke, hub: FakeHub, reply: Reply, code: int) -> None:
    hub.on("POST /commands", reply)
    done = cli("exec", "web-1", "x")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")


def test_the_forms_for_machines(cli: Invoke, hub: FakeHub, tmp_path: Path) -> None:
    runs(hub, (1, b"out"), (2, b"\xff"), status="failed", exit_code=3)
    file = tmp_path / "status.json"
    done = cli("exec", "-o", "json", "--status-file", str(file), "web-1", "x")
    whole = result(status="failed", exit_code=3, stdout="out", stderr=None, stderr_b64="/w==") | {
        "signal": None, "truncated": False, "dropped_bytes": 0, "duration_ms": None, "error": None,
    }  # fmt: skip
    assert (done.code, done.json(), done.err) == (3, [whole], "")
    assert json.loads(file.read_text()) == [whole]
    done = cli("exec", "-o", "ndjson", "web-1", "x")
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"v": 1, "event": "start", "server": "web-1", "command_id": "c1", "run_id": "r1"},
        {"v": 1, "event": "stdout", "server": "web-1", "offset": 0, "data": "out"},
        {"v": 1, "event": "stderr", "server": "web-1", "offset": 0, "data_b64": "/w=="},
        {"v": 1, "event": "end", **whole},
        {"v": 1, "event": "summary", "servers": 1, "succeeded": 0, "exit_code": 3, "run_id": "r1"},
    ]
    assert cli("exec", "-o", "csv", "web-1", "x").code == 125


def test_the_summary_comes_last_also_when_nothing_ran(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /commands", error(404, "not_found", "no such server"))
    done = cli("exec", "-o", "ndjson", "web-1", "x")
    assert json.loads(done.out) == {
        "v": 1, "event": "summary", "servers": 0, "succeeded": 0, "exit_code": 125, "run_id": None,
    }  # fmt: skip
    assert json.loads(done.err)["error"]["code"] == "not_found"


def test_detached(cli: Invoke, hub: FakeHub) -> None:
    started = {"run_id": "r1", "commands": [{"id": "c1", "server": "web-1"}]}
    hub.on("POST /commands", Reply(201, started))
    assert cli("exec", "--detach", "web-1", "x").out == "r1\n"
    assert cli("exec", "--detach", "-o", "json", "web-1", "x").json() == started
    assert hub.asked[0].body["mode"] == "detach"


SHOWS_KEPT = "hint: `chatops commands output c1` shows what was kept\n"


@pytest.mark.parametrize(("remote", "code"), [(0, 1), (3, 3)])
def test_bytes_that_did_not_come_are_counted_and_no_success(
    cli: Invoke, hub: FakeHub, remote: int, code: int
) -> None:
    end = result(status="failed" if remote else "succeeded", exit_code=remote)
    pieces = [
        envelope_text(msgspec.json.encode(START)),
        envelope_binary(1, 0, b"ab"),
        envelope_binary(1, 7, b"z"),
        envelope_text(msgspec.json.encode({"event": "end", "result": end})),
    ]
    headers = {"Content-Type": CONTENT_TYPE}
    hub.on("POST /commands", lambda _: Reply(headers=headers, chunks=iter(pieces)))
    done = cli("exec", "web-1", "x")
    assert (done.code, done.out) == (code, "abz")
    assert done.err == "error: 5 bytes of the output are missing here: stdout 2-6\n" + SHOWS_KEPT


def test_kept_output_is_read_in_both_its_forms() -> None:
    assert kept_bytes("é", None) == "é".encode()
    assert kept_bytes(None, base64.b64encode(b"\xff\x00").decode()) == b"\xff\x00"
    assert kept_bytes(None, None) == b""

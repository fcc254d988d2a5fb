"""Histories and exports as a user has them: long ones too, in pipes, cut short, with gaps."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.protocol.messages import Metrics, MetricsGap
from chatops.protocol.metrics import Cpu, Disk, Sample
from chatops.server.services.metrics.open_rows import CLOSE_AT, SPREAD
from chatops.units import format_time
from tests.support.hub import metrics_message
from tests.support.measuring import measure
from tests.support.memory import MiB
from tests.support.processes import PROGRAM, Bench, bench
from tests.support.waiting import until

PAGE = Path(__file__).parents[2] / "docs" / "topics" / "metrics.md"
NOW = time.time()
SAMPLES = CLOSE_AT + SPREAD // 2
"""Enough to be closed, whatever the server's id."""
MOUNTS = 300
ROWS = SAMPLES * (1 + 2 * (MOUNTS + 1))
"""cpu, and of disk and disk.free each mount and the fullest: of one server."""
HOSTILE = "/mnt/[red]\n\x1b[31m\u202e"
GAPS = 8


def big(seq: int) -> Metrics:
    """A sample of a host with many mounts."""
    names = [HOSTILE, *(f"/mnt/{number}" for number in range(1, MOUNTS))]
    disks = [Disk(mount=name, percent=12.5, free=1000 + seq) for name in names]
    data = Sample(cpu=Cpu(percent=float(seq % 100)), disks=disks)
    return Metrics(epoch="big", seq=seq, ts=NOW - 5.0 * (SAMPLES - seq), data=data)


def gap(number: int) -> MetricsGap:
    """A gap of ten samples and more, far enough back to lie before all samples."""
    since = NOW - 3000 + 60 * number
    return MetricsGap(epoch=f"gap-{number}", first=1, last=10 + number, since=since,
                      until=since + 50, reason="full")  # fmt: skip


def filled(hub: Bench) -> Bench:
    """The bench with three servers that have measured: much, a little long ago, and nothing."""
    measure(hub.url, hub.add_server("web-1"), (big(seq) for seq in range(1, SAMPLES + 1)))
    old = [metrics_message(seq, NOW - 86_400 * seq, cpu=float(seq)) for seq in range(1, 15)]
    measure(hub.url, hub.add_server("db-1"), [*old, *map(gap, range(GAPS))])
    hub.add_server("db-2")
    until(lambda: closed(hub) > 0, what="a chunk")
    return hub


def closed(hub: Bench) -> int:
    """How many samples are closed into chunks."""
    with contextlib.closing(sqlite3.connect(hub.folder / "hub" / "metrics.db")) as database:
        (count,) = database.execute("SELECT total(samples) FROM metric_chunks").fetchone()
    return int(count)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("metrics")) as made:
        made.start_hub()
        made.login()
        yield filled(made)


def shell(hub: Bench, line: str) -> subprocess.CompletedProcess[str]:
    """A line of bash in which ``chatops`` is the program; its last line is the exit statuses."""
    script = f'chatops() {{ {" ".join(PROGRAM)} "$@"; }}; {line}; echo "${{PIPESTATUS[*]}}"'
    return subprocess.run(
        ["bash", "-c", script], env=hub.environ, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def exporting(hub: Bench, *words: str) -> subprocess.Popen[bytes]:
    """An export whose first line has been read; it cannot go on before somebody reads on."""
    running = subprocess.Popen(
        [*PROGRAM, "metrics", "export", "web-1", "--since", "2h", *words], env=hub.environ,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stdout.readline() == b"ts,server,metric,value\n"
    return running


def test_a_long_export_gives_every_row_once(fleet: Bench) -> None:
    done = fleet.run("metrics", "export", "web-1", "--since", "2h", "-o", "csv")
    assert (done.code, done.err) == (0, "each row is a sample\n")
    head, *rows = csv.reader(io.StringIO(done.out))
    assert head == ["ts", "server", "metric", "value"]
    assert ROWS > 100_000
    assert len(rows) == len({(ts, name) for ts, _, name, _ in rows}) == ROWS
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    cpu = [(ts, float(value)) for ts, _, name, value in rows if name == "cpu"]
    assert cpu == [
        (format_time(NOW - 5.0 * (SAMPLES - seq)), seq % 100.0) for seq in range(1, SAMPLES + 1)
    ]
    assert not set("\x1b\u202e") & set(done.out)


def test_an_export_into_pipes(fleet: Bench) -> None:
    words = "chatops metrics export web-1 --since 2h"
    counted = shell(fleet, f"{words} -o ndjson | wc -l")
    assert counted.stdout.split() == [str(ROWS), "0", "0"]
    headed = shell(fleet, f"{words} -o ndjson | head -n 2")
    *rows, codes = headed.stdout.splitlines()
    assert [sorted(json.loads(row)) for row in rows] == [["metric", "server", "ts", "value"]] * 2
    assert (codes, headed.stderr) == ("141 0", "each row is a sample\n")


def test_an_export_holds_a_page_however_long_it_is(fleet: Bench) -> None:
    peaks = []
    for since in ("0s", "2h"):
        running = subprocess.Popen(
            [*PROGRAM, "metrics", "export", "web-1", "--since", since, "-o", "json"],
            env=fleet.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        assert running.returncode == 0
        peaks.append(usage.ru_maxrss * 1024)
    assert peaks[1] - peaks[0] < 24 * MiB, f"{ROWS} rows as JSON are more than 10 MiB"


def test_an_export_ends_on_ctrl_c(fleet: Bench) -> None:
    running = exporting(fleet)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"Traceback" not in err


def test_an_export_whose_hub_dies_is_an_error(hub: Bench) -> None:
    filled(hub)
    running = exporting(hub)
    hub.programs[0].stop(signal.SIGKILL)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 7
    assert out.count(b"\n") < ROWS
    assert b"error: cannot reach the hub" in err


def test_a_history_says_what_it_lacks(fleet: Bench) -> None:
    done = fleet.run("metrics", "history", "db-1", "cpu", "--since", "20d", "-o", "json")
    rows = done.json()
    assert [row["value"] for row in rows] == [float(seq) for seq in range(14, 0, -1)]
    assert list(rows[0]) == ["ts", "metric", "value", "min", "max"]
    step, *gaps = done.err.splitlines()
    assert step == "each row stands for 10m, not 1m: nothing finer is kept so far back"
    assert gaps[0] == (
        f"gap: 10 samples from {format_time(NOW - 3000)} to {format_time(NOW - 2950)} are lost: "
        "the agent's spool was full"
    )
    assert (len(gaps), gaps[-1]) == (6, "gap: and 3 more")
    assert fleet.run("metrics", "history", "db-1", "--until", "2h", "--since", "30h").err == ""


def test_a_history_of_several_servers(fleet: Bench) -> None:
    done = fleet.run("metrics", "history", "all", "cpu", "--step", "1d", "--since", "3d",
                     "-o", "csv")  # fmt: skip
    head, *rows = csv.reader(io.StringIO(done.out))
    assert head == ["server", "ts", "metric", "value", "min", "max"]
    assert {row[0] for row in rows} == {"web-1", "db-1"}
    assert done.err.startswith("gap: db-1: 10 samples from ")
    assert fleet.run("metrics", "history", "nobody-*").code == 4
    assert fleet.run("metrics", "export", "db-2", "-o", "csv").out == "ts,server,metric,value\n"


def test_an_export_by_id_names_the_server(fleet: Bench) -> None:
    server_id = fleet.run("servers", "show", "db-1", "-o", "json").json()["id"]
    done = fleet.run("metrics", "export", server_id, "cpu", "--since", "60h")
    assert [line.split(",")[1:] for line in done.out.splitlines()[1:]] == [
        ["db-1", "cpu", "2.0"], ["db-1", "cpu", "1.0"]
    ]  # fmt: skip


def test_the_queries_of_the_page_run_in_a_plain_shell(fleet: Bench) -> None:
    blocks = re.findall(r"^```sql\n-- (sqlite3 [^\n]*)\n(.*?)^```$", PAGE.read_text("utf-8"),
                        re.DOTALL | re.MULTILINE)  # fmt: skip
    assert len(blocks) == 2
    answers = []
    for command, statements in blocks:
        done = subprocess.run(
            command.split(), cwd=fleet.folder / "hub", input=statements, capture_output=True,
            text=True, timeout=60, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        assert "\x1b" not in done.stdout
        answers += [json.loads(part) for part in re.split(r"(?<=\])\n", done.stdout) if part]
    night, mounts, busiest, last, lost = answers
    assert {"ts", "mean", "most"} == set(night[0])
    assert {row["most"] for row in mounts} == {12.5}
    assert {row["name"] for row in busiest} == {"web-1"}
    assert {row["unit"] for row in last} == {"%"}
    assert [row["samples"] for row in lost] == [10 + number for number in range(GAPS)]

"""``chatops metrics``."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.cli import watching
from chatops.cli.commands.metrics import LIVE
from chatops.cli.output import Output
from chatops.cli.watching import News, each_once
from chatops.client.sockets import Link
from chatops.errors import NotFound
from chatops.protocol.rest import ServerSample
from chatops.units import format_time
from tests.support.fake_hub import Asked, FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN, sample, server
from tests.unit.cli.conftest import Invoke

SHOWN = """\
up         1h
cpu        12.5% of 1 core (user 10.0%, system 2.5%, iowait 0.0%)
load       0.10 0.20 0.30
memory     50.0% (500 B of 0.977 KiB)
swap       none
processes  80
units      -
agent      -

MOUNT   USED     OF   FREE  PERCENT  TYPE
/      1 KiB  2 KiB  1 KiB    50.0%  ext4

DEVICE  READ    WRITE  READS  WRITES
sda        -  2 KiB/s      -   1.5/s

INTERFACE  RECEIVED   SENT  ERRORS
lo            1 B/s  1 B/s     0/s
"""


def test_a_sample_for_people(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1", sample(missing={"sensors": "no time"}))
    done = cli("metrics", "show", "web-1")
    assert done.out.split("\n", 2)[2] == SHOWN
    assert done.err == "not measured: sensors: no time\n"


def test_what_is_worth_a_line_has_one(cli: Invoke, hub: FakeHub) -> None:
    process = {"pid": 7, "ppid": 1, "user": "root", "name": HOSTILE, "command": "x", "rss": 2048,
               "cpu_percent": 1.5, "memory_percent": 0.5, "started_at": THEN}  # fmt: skip
    disk = {"mount": "/", "percent": 50.0, "inodes_percent": 93.0}
    told = sample(
        units={"failed": 7, "names": list("abcdef")}, custom=[{"name": "age", "value": 7.5}],
        agent={"cpu_percent": 0.08, "rss": 2**25, "spool_samples": 3,
               "collectors": {"cpu": 0.001, "disks": 0.5}},
        processes={"ts": THEN, "by_cpu": [process], "by_memory": [process]}, disks=[disk],
    )  # fmt: skip
    hub.on("GET /metrics/web-1", told)
    out = cli("metrics", "show", "web-1").out
    for words in (
        "units 7 failed: a, b, c, d, e and 2 more",
        "agent 0.1%, 32 MiB, 3 samples in the spool, slowest collector disks 0.5 s",
        "MOUNT INODES", "/ 93.0%", "CUSTOM VALUE", "age 7.5", "BY CPU CPU RSS PID",
    ):  # fmt: skip
        assert words in [" ".join(line.split()) for line in out.splitlines()]
    assert not set("\x1b\x9b\u202e") & set(out)
    assert max(map(len, out.splitlines())) <= 80


def test_the_last_sample_of_one_that_is_offline_says_so(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1", sample())
    hub.on("GET /servers/web-1", server(status="offline"))
    done = cli("metrics", "show", "web-1", "-o", "json")
    assert done.err.startswith("web-1 is offline: this was measured ")
    hub.on("GET /servers/web-1", server(status="online"))
    assert cli("metrics", "show", "web-1").err == ""


def test_a_sample_for_machines_has_every_field(cli: Invoke, hub: FakeHub) -> None:
    for skew in (None, 125.5):
        hub.on("GET /metrics/web-1", sample(clock_skew=skew))
        shown = cli("metrics", "show", "web-1", "-o", "json").json()
        assert shown == sample(clock_skew=skew)


@pytest.mark.parametrize(
    ("skew", "shown"),
    [(None, None), (1.9, None), (-2.0, None), (125.5, "2m6s ahead of"), (-3.25, "3.2s behind")],
)
def test_a_clock_that_is_off_is_told(
    cli: Invoke, hub: FakeHub, skew: float | None, shown: str | None
) -> None:
    hub.on("GET /metrics/web-1", sample(clock_skew=skew))
    out = cli("metrics", "show", "web-1").out
    lines = [line for line in out.splitlines() if line.startswith("clock")]
    assert lines == ([f"clock      {shown} the hub's; times are put right"] if shown else [])


def test_hostile_names_are_only_text(cli: Invoke, hub: FakeHub) -> None:
    disks = [{"mount": HOSTILE, "device": HOSTILE, "fstype": HOSTILE}]
    network = [{"interface": HOSTILE}]
    hub.on("GET /metrics/web-1", sample(disks=disks, network=network, missing={HOSTILE: HOSTILE}))
    done = cli("metrics", "show", "web-1")
    assert not set("\x1b\x9b\u202e") & set(done.out + done.err)
    assert len(done.out.splitlines()) == len(SHOWN.splitlines()) + 2


def test_no_sample_yet(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1", error(404, "no_sample", "web-1 has sent no sample yet"))
    assert cli("metrics", "show", "web-1").code == 4


ROWS = [
    {"ts": THEN, "metric": "cpu", "value": 1.25, "min": 1.0, "max": 2.0},
    {"ts": THEN, "metric": "net.rx:eth0", "value": 2048.0, "min": 0.0, "max": 4096.0},
    {"ts": THEN, "metric": "from.the.future", "value": 1.5, "min": 1.5, "max": 1.5},
]
GAP = {"server": "web-1", "since": THEN, "until": "2026-01-01T00:26:00.000Z", "samples": 312,
       "reason": "full"}  # fmt: skip


def history(
    *rows: dict[str, Any], after: str | None = None, step: float | None = 60.0, gaps: object = ()
) -> dict[str, object]:
    """A page of a history."""
    return {**page(*rows, after=after), "step": step, "gaps": gaps}


def of(name: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows as they are where several servers are asked for."""
    return [{"server": name, **row} for row in rows]


def test_history(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1/history", history(*ROWS))
    words = ["metrics", "history", "web-1", "cpu", "net.rx:eth0", "--since", "2h"]
    done = cli(*words)
    assert [line.split()[2:] for line in done.out.splitlines()][1:] == [
        ["cpu", "1.2%", "1.0%", "2.0%"],
        ["net.rx:eth0", "2", "KiB/s", "0", "B/s", "4", "KiB/s"],
        ["from.the.future", "1.5", "1.5", "1.5"],
    ]
    assert done.err == ""
    query = hub.asked[0].query
    assert (query["metric"], query["step"]) == (["cpu", "net.rx:eth0"], ["1m"])
    assert cli(*words, "-o", "json").json() == ROWS
    assert cli(*words, "-o", "csv").out.splitlines()[0] == "ts,metric,value,min,max"


def test_the_history_of_several_servers_names_them(cli: Invoke, hub: FakeHub) -> None:
    rows = of("web-1", ROWS[0]) + of("web-2", ROWS[0])
    hub.on("GET /metrics/history", history(*rows, gaps=[GAP]))
    done = cli("metrics", "history", "web-*", "*")
    assert [line.split()[2:4] for line in done.out.splitlines()][1:] == [
        ["web-1", "cpu"], ["web-2", "cpu"]
    ]  # fmt: skip
    assert done.err.startswith("gap: web-1: 312 samples from ")
    assert (hub.asked[0].query["target"], hub.asked[0].query["metric"]) == (["web-*"], ["*"])
    csv = cli("metrics", "history", "web-*", "-o", "csv").out.splitlines()
    assert csv[0] == "server,ts,metric,value,min,max"
    assert cli("metrics", "history", "web-*", "-o", "json").json() == rows


@pytest.mark.parametrize(
    ("asked", "step", "said"),
    [
        ("10s", 10.0, ""),
        ("1m", 600.0, "each row stands for 10m, not 1m: nothing finer is kept so far back\n"),
        ("90s", 120.0, "each row stands for 2m, not 90s: it is the next longer step\n"),
    ],
)
def test_a_longer_step_is_told(
    cli: Invoke, hub: FakeHub, asked: str, step: float, said: str
) -> None:
    hub.on("GET /metrics/web-1/history", history(*ROWS, step=step))
    done = cli("metrics", "history", "web-1", "--step", asked, "-o", "json")
    assert (done.json(), done.err) == (ROWS, said)


def test_gaps_are_told_few_at_a_time(cli: Invoke, hub: FakeHub) -> None:
    gaps = [GAP, GAP | {"samples": 1, "reason": "damaged"}, GAP | {"reason": HOSTILE}, *[GAP] * 6]
    hub.on("GET /metrics/web-1/history", history(*ROWS, gaps=gaps))
    said = cli("metrics", "history", "web-1", "-o", "csv").err.splitlines()
    span = f"from {THEN} to 2026-01-01T00:26:00.000Z"
    assert said[:2] == [
        f"gap: 312 samples {span} are lost: the agent's spool was full",
        f"gap: 1 sample {span} is lost: the agent's spool was damaged",
    ]
    assert not set("\x1b\x9b\u202e") & set("".join(said))
    assert said[5:] == ["gap: and 4 more"]


def test_an_export_is_csv_by_default(cli: Invoke, hub: FakeHub) -> None:
    hostile = of("web-1", ROWS[0] | {"metric": f"disk:{HOSTILE}"})
    pages = {"": history(*of("web-1", *ROWS), after="more", gaps=[GAP]), "more": history(*hostile)}
    hub.on(
        "GET /metrics/history", lambda asked: Reply(body=pages[asked.query.get("cursor", [""])[0]])
    )
    done = cli("metrics", "export", "web-1", "--since", "7d")
    lines = done.out.splitlines()
    assert lines[:2] == ["ts,server,metric,value", f"{THEN},web-1,cpu,1.25"]
    assert len(lines) == 5
    assert not set("\x1b\x9b\u202e") & set(done.out)
    said = done.err.splitlines()
    assert said[0] == (
        "each row is the mean of 1m: nothing finer is kept of the whole span; --since 24h gives "
        "the samples, unless the hub keeps them for less (raw_retention)"
    )
    assert said[1].startswith("gap: 312 samples")
    assert (hub.asked[0].query["metric"], "step" in hub.asked[0].query) == (["*"], False)


def test_an_export_in_other_forms(cli: Invoke, hub: FakeHub) -> None:
    wanted = [{"ts": row["ts"], "server": "web-1", "metric": row["metric"], "value": row["value"]}
              for row in ROWS]  # fmt: skip
    hub.on("GET /metrics/history", history(*of("web-1", *ROWS), step=None))
    done = cli("metrics", "export", "web-1", "cpu", "-o", "ndjson")
    assert [json.loads(line) for line in done.out.splitlines()] == wanted
    assert done.err == "each row is a sample\n"
    assert cli("metrics", "export", "web-1", "-o", "json").json() == wanted
    assert cli("metrics", "export", "web-1", "-q").out.splitlines() == [r["metric"] for r in ROWS]
    hub.on("GET /metrics/history", history(step=3600.0))
    done = cli("metrics", "export", "web-1", "--step", "10m", "-o", "json")
    assert (done.json(), done.err) == (
        [], "each row stands for 1h, not 10m: nothing finer is kept so far back\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (error(503, "busy", "the hub is stopping"), 1),
        (Reply(raw=b"", close=True, headers={"Content-Length": "10"}), 7),
        (history(step=600.0), 1),
    ],
)
def test_an_export_that_is_cut_short_is_an_error(
    cli: Invoke, hub: FakeHub, then: object, code: int
) -> None:
    first = history(*of("web-1", *ROWS), after="more")

    def answer(asked: Asked) -> Reply:
        reply = then if "cursor" in asked.query else first
        return reply if isinstance(reply, Reply) else Reply(body=reply)

    hub.on("GET /metrics/history", answer)
    done = cli("metrics", "export", "web-1")
    assert (done.code, len(done.out.splitlines())) == (code, 4)
    assert "error: " in done.err


def test_nonsense_is_refused_before_the_hub_is_asked(cli: Invoke, hub: FakeHub) -> None:
    for words in (["bogus"], ["*", "cpu"], ["cpu", "--since", "then"], ["cpu", "--step", "0s"],
                  [f"disk:/{n}" for n in range(21)]):  # fmt: skip
        assert cli("metrics", "history", "web-1", *words).code == 2
        assert cli("metrics", "export", "web-1", *words).code == 2
    for command in ("watch", "history", "export"):
        assert cli("metrics", command, "web 1").code == 2
    assert cli("metrics", "watch", "web-1", "-o", "json").code == 2
    assert hub.asked == []


def test_watching_who_is_not_online_is_said(cli: Invoke, hub: FakeHub) -> None:
    for status, said in (("never", True), ("offline", True), ("online", False)):
        hub.on("GET /servers/web-1", server("web-1", status=status))
        done = cli("metrics", "watch", "web-1")  # which this hub has no socket for
        assert (done.out, "not online now: web-1; samples come" in done.err) == ("", said)


def test_watching_a_target_that_means_nobody(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page())
    assert cli("metrics", "watch", "web-*").code == 4
    assert cli("metrics", "watch", "web-1,web-2").code == 4


def test_whole_samples_come_from_a_bounded_number_of_servers(
    cli: Invoke, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST", 1)
    hub.on("GET /servers", page(server("web-1"), server("web-2")))
    done = cli("metrics", "watch", "web-*")
    assert done.code == 2
    assert "'web-*' means 2 servers; whole samples come from at most 1" in done.err
    assert "chatops top" in done.err


def test_the_hub_is_said_to_be_away_and_back_once_however_many_follow() -> None:
    said: list[str] = []
    news = News(said.append)
    links: list[Link] = ["lost", "lost", "back", "back"]
    for link in links:
        news.change(link)
    assert said == ["the connection to the hub is lost; trying again", "the hub is back"]


def test_a_sample_that_comes_again_is_not_printed_again_and_an_end_is_told() -> None:
    def live() -> Iterator[ServerSample]:
        for second in (1, 2, 2, 1, 3):
            yield msgspec.convert(sample(ts=f"2026-01-01T00:00:0{second}.000Z"), ServerSample)
        raise NotFound("no server 'web-1'")

    got = each_once(live())
    assert [next(got).ts[18] for _ in range(3)] == ["1", "2", "3"]
    with pytest.raises(NotFound, match="web-1 is not there any more, or no longer shared with you"):
        next(got)


def test_the_live_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    busy = sample(server="a-server-with-a-long-name", load=[12.345])
    item = msgspec.convert(busy, ServerSample)
    for columns, name in (("80", "a-server-with"), ("100", "a-server-with-a-long-name ")):
        monkeypatch.setenv("COLUMNS", columns)
        screen = Terminal()
        Output(out=screen, no_color=True).live(item, LIVE)
        head, row = screen.getvalue().splitlines()
        assert max(len(head), len(row)) <= int(columns)
        assert name in row
        assert ("…" in row) == (columns == "80")


SCRAPED = 'chatops_server_disk_ratio{server="web-1",mount="/\x1b[31m"} 0.5\n'


def test_a_scrape_is_passed_on_as_it_is(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics", Reply(raw=SCRAPED.encode()))
    done = cli("metrics", "scrape", "--fleet")
    assert (done.code, done.out, done.err) == (0, SCRAPED, "")
    assert hub.asked[0].query == {"fleet": ["1"]}
    assert cli("metrics", "scrape").code == 0
    assert hub.asked[1].query == {}


def test_a_scrape_has_one_form(cli: Invoke, hub: FakeHub) -> None:
    done = cli("metrics", "scrape", "-o", "json")
    assert (done.code, done.out) == (2, "")
    assert "only Prometheus' own form" in done.err
    assert hub.asked == []


def test_a_scrape_that_is_refused_says_so(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics", error(429, "too_many_requests", "too many requests"))
    done = cli("metrics", "scrape")
    assert done.out == ""
    assert done.err.startswith("error: too many requests")
    assert done.code != 0


TWO = page(server("web-1"), server("web-2", id="018f0000-0000-7000-8000-000000000002"))


def test_a_history_says_what_it_lacks_and_why(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1/history", history(ROWS[0]))
    hub.on("GET /servers/web-1", server() | {"allow": None})
    hub.on("GET /metrics/web-1", sample())
    words = ["metrics", "history", "web-1", "cpu", "disk:/nope", "swap"]
    done = cli(*words)
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert done.err == (
        "web-1 has no mount /nope now; it has /\nweb-1: nothing was measured of swap then\n"
    )
    assert cli(*words, "-o", "json").json() == [ROWS[0]]
    hub.on("GET /metrics/web-1", error(404, "no_sample", "none"))
    assert cli(*words).err == "web-1 has not sent metrics yet\n"
    hub.asked.clear()
    assert cli("metrics", "history", "web-1", "cpu").err == ""
    assert hub.paths() == ["GET /metrics/web-1/history"]


def test_a_history_of_several_says_which_servers_it_lacks(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/history", history(*of("web-1", ROWS[0])))
    hub.on("GET /servers", TWO)
    hub.on("GET /metrics/web-2", error(404, "no_sample", "none"))
    assert cli("metrics", "history", "web-*", "cpu").err == "web-2 has not sent metrics yet\n"
    hub.on("GET /servers", error(503, "busy", "later"))
    done = cli("metrics", "history", "web-*", "cpu")
    assert (done.code, done.err) == (0, "")


def test_quiet_names_each_metric_once(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1/history", history(*ROWS, ROWS[0]))
    done = cli("metrics", "history", "web-1", "*", "-q")
    assert done.out.splitlines() == [row["metric"] for row in ROWS]


def test_a_plot_in_a_pipe(cli: Invoke, hub: FakeHub, tmp_path: Path) -> None:
    now = time.time()
    rows = [
        {"server": name, "ts": format_time(now - 3600 + 30 * n), "metric": "cpu", "value": value,
         "min": value, "max": value}
        for name, value in (("web-1", 20.0), ("web-2", 70.0)) for n in range(120)
    ]  # fmt: skip
    hub.on("GET /metrics/history", history(*rows, step=30.0))
    hub.on("GET /servers", TWO)
    words = ["metrics", "plot", "web-*", "cpu"]
    done = cli(*words, COLUMNS="80")
    assert (done.code, done.err) == (0, "")
    shown = done.out.splitlines()
    assert shown[0] == "cpu, mean of 30s"
    assert [row.split()[:2] for row in shown[-2:]] == [["a", "web-1"], ["b", "web-2"]]
    assert max(map(len, shown)) <= 80
    assert "\x1b" not in done.out
    query = hub.asked[0].query
    assert (query["target"], query["metric"], query["step"]) == (["web-*"], ["cpu"], ["30s"])
    assert cli(*words, "-o", "json").json() == rows
    file = tmp_path / "cpu.svg"
    done = cli(*words, "--svg", str(file))
    assert (done.code, done.out, done.err) == (0, "", f"the picture is in {file}\n")
    assert file.read_text(encoding="utf-8").startswith("<svg ")


def test_what_is_not_there_is_not_found_and_an_empty_span_is_empty(
    cli: Invoke, hub: FakeHub, tmp_path: Path
) -> None:
    picture = ("--svg", str(tmp_path / "x.svg"))
    for path in ("GET /metrics/history", "GET /metrics/web-1/history"):
        hub.on(path, history())
    hub.on("GET /servers/web-1", server() | {"allow": None})
    hub.on("GET /metrics/web-1", sample())
    for words in (("plot",), ("plot", *picture), ("plot", "-o", "json"), ("history",), ("export",)):
        for metric, kind in (("disk:/nope", "mount /nope"), ("custom:nope", "custom value nope")):
            done = cli("metrics", words[0], "web-1", metric, *words[1:])
            assert (done.code, done.out) == (4, ""), words
            assert f"web-1 has no {kind} now; it has " in done.err
            assert "--since" not in done.err
        done = cli("metrics", words[0], "web-1", "cpu", *words[1:])
        assert done.code == 0, words
        assert "web-1: nothing was measured of cpu then\n" in done.err
    assert cli("metrics", "plot", "web-1", "cpu", "-o", "json").json() == []
    hub.on("GET /metrics/web-1", error(404, "no_sample", "none"))
    done = cli("metrics", "plot", "web-1", "cpu", "-o", "json")
    assert (done.code, done.out, json.loads(done.err)["error"]["code"]) == (4, "", "no_sample")
    assert list(tmp_path.glob("*.svg")) == []


def test_a_value_that_is_too_large_for_a_history_is_said_to_be(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1/history", history())
    hub.on("GET /servers/web-1", server() | {"allow": None})
    hub.on("GET /metrics/web-1", sample(custom=[{"name": "big", "value": 1e300}]))
    done = cli("metrics", "history", "web-1", "custom:big")
    assert done.code == 0
    assert "custom:big is too large for a history, which keeps values up to 1e+150" in done.err
    assert "big     1e+300\n" in cli("metrics", "show", "web-1").out


def test_a_picture_goes_to_stdout_and_beside_no_other_form(cli: Invoke, hub: FakeHub) -> None:
    rows = [row | {"ts": format_time(time.time() - 60)} for row in of("web-1", ROWS[0])]
    hub.on("GET /metrics/history", history(*rows))
    done = cli("metrics", "plot", "web-1", ROWS[0]["metric"], "--svg", "-")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("<svg ")
    for other in (("-o", "json"), ("-q",)):
        assert cli("metrics", "plot", "web-1", "cpu", "--svg", "-", *other).code == 2


def test_top_does_not_draw_on_a_dumb_terminal(cli: Invoke, hub: FakeHub) -> None:
    done = cli("top", TERM="dumb")
    assert (done.code, "TERM is dumb" in done.err) == (2, True)
    assert hub.asked == []


def test_a_span_in_the_future_is_refused(cli: Invoke, hub: FakeHub) -> None:
    for word in ("history", "plot", "export"):
        done = cli("metrics", word, "web-1", "cpu", "--since", "2999-01-01T00:00:00Z")
        assert (done.code, "is in the future" in done.err) == (2, True)
    assert hub.asked == []


def test_nonsense_is_not_plotted(cli: Invoke, hub: FakeHub) -> None:
    for words in ([], ["*"], ["bogus"], ["cpu", "--since", "1h", "--until", "2h"],
                  ["cpu", "--since", "-5m"]):  # fmt: skip
        assert cli("metrics", "plot", "web-1", *words).code == 2
    assert hub.asked == []
    done = cli("metrics", "history", "web-1", "--since", "-5m")
    assert "write it without the minus" in done.err

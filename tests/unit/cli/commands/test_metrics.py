"""``chatops metrics``."""

from __future__ import annotations

import io

import msgspec
import pytest

from chatops.cli.commands.metrics import LIVE
from chatops.cli.output import Output
from chatops.cli.watching import News
from chatops.client.sockets import Link
from chatops.protocol.rest import ServerSample
from tests.support.fake_hub import FakeHub, error, page
from tests.support.samples import HOSTILE, THEN, sample
from tests.unit.cli.conftest import Invoke

SHOWN = """\
up         1h
cpu        12.5% of 1 core (user 10.0%, system 2.5%, iowait 0.0%)
load       0.10 0.20 0.30
memory     50.0% (500 B of 0.977 KiB)
swap       none
processes  80

MOUNT   USED     OF  PERCENT  TYPE
/      1 KiB  2 KiB    50.0%  ext4

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


def test_a_sample_for_machines_has_every_field(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /metrics/web-1", sample())
    assert cli("metrics", "show", "web-1", "-o", "json").json() == sample()


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


def test_history(cli: Invoke, hub: FakeHub) -> None:
    rows = [{"ts": THEN, "metric": "cpu", "value": 1.25, "min": 1.0, "max": 2.0},
            {"ts": THEN, "metric": "net.rx:eth0", "value": 2048.0, "min": 0.0, "max": 4096.0},
            {"ts": THEN, "metric": "from.the.future", "value": 1.5, "min": 1.5, "max": 1.5},
            ]  # fmt: skip
    hub.on("GET /metrics/web-1/history", page(*rows))
    words = ["metrics", "history", "web-1", "cpu", "net.rx:eth0", "--since", "2h"]
    lines = [line.split()[2:] for line in cli(*words).out.splitlines()]
    assert lines[1:] == [
        ["cpu", "1.2%", "1.0%", "2.0%"],
        ["net.rx:eth0", "2", "KiB/s", "0", "B/s", "4", "KiB/s"],
        ["from.the.future", "1.5", "1.5", "1.5"],
    ]
    query = hub.asked[0].query
    assert (query["metric"], query["step"]) == (["cpu", "net.rx:eth0"], ["1m"])
    assert cli(*words, "-o", "json").json() == rows
    assert cli(*words, "-o", "csv").out.splitlines()[0] == "ts,metric,value,min,max"


def test_nonsense_is_refused_before_the_hub_is_asked(cli: Invoke, hub: FakeHub) -> None:
    for words in (["bogus"], ["cpu", "--step", "0s"], ["cpu", "--since", "then"]):
        assert cli("metrics", "history", "web-1", *words).code == 2
    assert cli("metrics", "watch", "web-1", "-o", "json").code == 2
    assert cli("metrics", "watch", "web 1").code == 2
    assert hub.asked == []


def test_watching_a_target_that_means_nobody(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page())
    assert cli("metrics", "watch", "web-*").code == 4
    assert cli("metrics", "watch", "web-1,web-2").code == 4


def test_the_hub_is_said_to_be_away_and_back_once_however_many_follow() -> None:
    said: list[str] = []
    news = News(said.append)
    links: list[Link] = ["lost", "lost", "back", "back"]
    for link in links:
        news.change(link)
    assert said == ["the connection to the hub is lost; trying again", "the hub is back"]


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

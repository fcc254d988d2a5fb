"""The audit trail and the settings as an administrator has them: real processes."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.support.processes import Bench
from tests.support.waiting import until


def cut(folder: Path, first: int) -> None:
    """Remove the newest records, as somebody with the file and without the key can."""
    with sqlite3.connect(folder / "chatops.db") as database:
        database.execute("DELETE FROM audit_logs WHERE id >= ?", (first,))
    database.close()


def test_verify_with_and_without_a_hub_over_a_cut_end(place: Bench) -> None:
    folder = place.folder / "hub"
    hub = place.start_hub(folder)
    place.login()
    for name in ("ada", "bob"):
        assert place.run("servers", "add", name).code == 0
    assert place.run("audit", "verify").code == 0
    assert place.run("audit", "verify", "--data-dir", str(folder)).code == 0, "beside the hub"
    assert hub.stop() == 0
    done = place.run("audit", "verify", "--data-dir", str(folder), "-o", "json")
    assert (done.code, done.json()["records"]) == (0, 4)
    cut(folder, 4)
    done = place.run("audit", "verify", "--data-dir", str(folder))
    assert (done.code, "record 4 is missing at the end" in done.err) == (1, True)
    place.start_hub(folder)
    place.login()
    done = place.run("audit", "verify", "-o", "json")
    assert (done.code, done.json()["fault_id"]) == (1, 4)


def test_what_was_committed_before_kill_9_is_anchored_and_copied(place: Bench) -> None:
    folder, copy = place.folder / "hub", place.folder / "audit.jsonl"
    hub = place.start_hub(folder, "--audit-file", str(copy))
    place.login()
    for number in range(5):
        assert place.run("servers", "add", f"web-{number}").code == 0
    hub.process.send_signal(signal.SIGKILL)
    hub.process.wait()
    done = place.run("audit", "verify", "--data-dir", str(folder), "-o", "json")
    assert (done.code, done.json()["records"]) == (0, 7)
    place.start_hub(folder, "--audit-file", str(copy))

    def copied() -> list[int]:
        return [json.loads(line)["id"] for line in copy.read_text().splitlines()]

    place.login()
    until(lambda: copied()[-1] == 8, what="the rest of the records")
    assert sorted(set(copied())) == list(range(1, 9))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert place.run("audit", "export", str(place.folder / "export")).code == 0
    exported = [json.loads(one) for one in (place.folder / "export").read_text().splitlines()]
    assert [one["id"] for one in exported] == list(range(1, 9))


@pytest.mark.parametrize("address", ["log", "udp://host", "tcp://host:514"])
def test_a_bad_address_of_syslog_stops_the_start(place: Bench, address: str) -> None:
    done = place.run("serve", "--audit-syslog", address, "--data-dir", str(place.folder / "hub"))
    assert (done.code, done.err.count("hint:")) == (2, 1)
    assert not (place.folder / "hub").exists()


def test_settings_are_set_listed_refused_and_kept(place: Bench) -> None:
    folder = place.folder / "hub"
    hub = place.start_hub(folder, CHATOPS_SERVE_EVENTS_RETENTION="10d")
    place.login()
    assert place.run("settings", "set", "raw_retention", "48h").code == 0
    assert hub.stop() == 0
    place.start_hub(folder, CHATOPS_SERVE_EVENTS_RETENTION="10d")
    place.login()
    found = {one["key"]: one for one in place.run("settings", "list", "-o", "json").json()}
    raw = found["raw_retention"]
    assert (raw["value"], raw["source"]) == (172_800, "set")
    assert found["events_retention"]["source"] == "config"
    done = place.run("settings", "set", "raw_retention", "1s")
    assert (done.code, "hint: the least is 1h" in done.err) == (2, True)
    assert place.run("settings", "set", "nonsense", "1").code == 4
    assert place.run("settings", "set", "raw_retention", "default").code == 0
    assert place.run("settings", "get", "raw_retention", "-q").out == "1d\n"

"""``chatops audit verify`` and ``export``."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_hub import Asked, FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN, audit
from tests.unit.cli.conftest import Invoke


def verdict(**fields: object) -> dict[str, Any]:
    return {
        "ok": True, "records": 3, "first_id": 1, "first_ts": THEN, "last_id": 3, "last_ts": THEN,
        "last_hash": "ab", "pruned_through": None, "anchor_id": 3, "fault_id": None,
        "missing_through": None, "reason": None, "warnings": [],
    } | fields  # fmt: skip


def record(number: int, **fields: object) -> dict[str, Any]:
    return {
        "id": number, "ts": THEN, "user_id": None, "user": "ada", "action": "servers.add",
        "target": "web-1", "outcome": "ok", "address": "::1", "detail": {"a": [1, None]},
        "prev_hash": f"h{number - 1}", "hash": f"h{number}",
    } | fields  # fmt: skip


def pages(*records: dict[str, Any], size: int = 2) -> Any:
    def answer(asked: Asked) -> Reply:
        start = int(asked.query.get("cursor", ["0"])[0])
        after = str(start + size) if start + size < len(records) else None
        return Reply(body=page(*records[start : start + size], after=after))

    return answer


def test_a_trail_that_holds(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /audit/verify", verdict())
    done = cli("audit", "verify")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:2] == ["trail      holds", "records    3"]
    assert cli("audit", "verify", "-o", "json").json() == verdict()
    assert cli("audit", "verify", "-q").out == "ok\n"


def test_the_first_fault_is_named_with_exit_1(cli: Invoke, hub: FakeHub) -> None:
    broken = verdict(ok=False, fault_id=2, reason="record 2 was changed", warnings=[HOSTILE])
    hub.on("GET /audit/verify", broken)
    done = cli("audit", "verify")
    assert done.code == 1
    assert "error: the audit trail does not hold: record 2 was changed\n" in done.err
    assert done.err.startswith("warning: ")
    assert not set("\x1b\x9b\u202e") & set(done.out + done.err)
    done = cli("audit", "verify", "-o", "json")
    assert (done.code, done.json()) == (1, broken)


@pytest.mark.parametrize(
    ("found", "row", "told"),
    [
        ({"fault_id": 5}, "record 5", "Record 5 is not: somebody wrote to chatops.db"),
        ({"fault_id": 5, "missing_through": 5}, "record 5", "took the missing ones out"),
        ({"fault_id": 5, "missing_through": 7}, "records 5 to 7", "took the missing ones out"),
        ({"fault_id": 5, "missing_through": 9}, "records 5 to 9", "an older copy than audit-head"),
        ({"fault_id": 1, "last_id": None}, "record 1", "hint: no record before it"),
        ({}, "-", "hint: all that is there up to record 3"),
    ],
)
def test_a_broken_trail_says_what_that_means_and_what_to_do(
    cli: Invoke, hub: FakeHub, found: dict[str, Any], row: str, told: str
) -> None:
    hub.on("GET /audit/verify", verdict(ok=False, reason="bad", anchor_id=9, **found))
    done = cli("audit", "verify")
    assert done.out.splitlines()[-1].split(maxsplit=1) == ["fault", row]
    assert told in done.err
    assert done.err.startswith("error: the audit trail does not hold: bad\nhint: ")
    assert "Copy the data folder as it is before anything else" in done.err
    assert len(done.err.splitlines()) == 2


def test_details_are_json_in_csv_whatever_they_hold(cli: Invoke, hub: FakeHub) -> None:
    details = [{"a": 1}, {"a": "b", "c": "d"}, {}, None]
    hub.on("GET /audit", page(*[audit(number, detail=one) for number, one in enumerate(details)]))
    rows = csv.DictReader(io.StringIO(cli("audit", "list", "-o", "csv").out))
    cells = [row["detail"] for row in rows][::-1]
    assert [json.loads(cell) for cell in cells[:3]] == details[:3]
    assert cells[3] == ""


def test_a_folder_that_is_no_hubs(cli: Invoke, hub: FakeHub, tmp_path: Path) -> None:
    done = cli("audit", "verify", "--data-dir", str(tmp_path))
    assert (done.code, hub.asked) == (4, [])
    assert "is no data folder of a hub" in done.err
    assert "hint:" in done.err


def test_an_export_is_a_new_private_file(cli: Invoke, hub: FakeHub, tmp_path: Path) -> None:
    records = [record(number) for number in range(1, 6)]
    hub.on("GET /audit/export", pages(*records))
    path = tmp_path / "export"
    done = cli("audit", "export", str(path))
    assert (done.code, done.out) == (0, "")
    assert done.err == "exported 5 records; the last is 5, hash h5\n"
    assert [json.loads(line) for line in path.read_text().splitlines()] == records
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    done = cli("audit", "export", str(path))
    assert (done.code, path.read_bytes() == before) == (6, True)
    assert "already" in done.err
    assert cli("audit", "export", str(tmp_path / "no" / "folder")).code == 4


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_forms_on_stdout(cli: Invoke, hub: FakeHub, count: int) -> None:
    records = [record(number) for number in range(1, count + 1)]
    hub.on("GET /audit/export", pages(*records))
    assert cli("audit", "export", "-", "-o", "json").json() == records
    lines = cli("audit", "export", "-", "-o", "ndjson").out.splitlines()
    assert [json.loads(line) for line in lines] == records
    rows = list(csv.DictReader(io.StringIO(cli("audit", "export", "-", "-o", "csv").out)))
    assert [(row["id"], row["detail"]) for row in rows] == [
        (str(one["id"]), '{"a":[1,null]}') for one in records
    ]


def test_an_export_that_fails_leaves_no_file(cli: Invoke, hub: FakeHub, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        if "cursor" in asked.query:
            return error(503, "busy", "not now")
        return Reply(body=page(record(1), after="1"))

    hub.on("GET /audit/export", answer)
    done = cli("audit", "export", str(tmp_path / "export"))
    assert (done.code, (tmp_path / "export").exists()) == (1, False)


def test_hostile_text_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /audit/export", pages(record(1, target=HOSTILE, detail={HOSTILE: HOSTILE})))
    for form in ("ndjson", "csv", "json"):
        assert not set("\x1b\x9b\u202e") & set(cli("audit", "export", "-", "-o", form).out)

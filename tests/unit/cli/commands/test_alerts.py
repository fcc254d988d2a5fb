"""``chatops alerts``, ``thresholds`` and ``silences``: what is asked of the hub, what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from chatops.cli.output import Output
from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN, server
from tests.unit.cli.conftest import Invoke

ID = "018f0000-0000-7000-8000-00000000000a"


def alert(**fields: object) -> dict[str, Any]:
    return {
        "id": ID, "server": "web-1", "metric": "disk", "instance": "/var", "threshold_id": "r1",
        "threshold_name": "disk-full", "state": "firing", "stale": False, "severity": "critical",
        "value": 97.25, "threshold": 90.0, "op": "gt", "message": "disk:/var is 97.2 %",
        "started_at": THEN, "fired_at": THEN, "acked_by": None, "resolved_at": None,
        "resolved_reason": None, "comment": None, "silenced": False, "servers": None,
    } | fields  # fmt: skip


def rule(**fields: object) -> dict[str, Any]:
    return {
        "id": "r1", "name": "hot", "metric": "cpu", "op": "gt", "value": 90.0, "clear": 85.5,
        "for_s": 60.0, "severity": "warning", "target": "all", "enabled": True, "owner": "ada",
    } | fields  # fmt: skip


def silence(**fields: object) -> dict[str, Any]:
    return {"id": "s1", "target": "web-*", "metric": None, "until": "2999-01-01T00:00:00.000Z",
            "comment": None, "created_by": "ada"} | fields  # fmt: skip


def test_alerts_that_are_open_are_listed_oldest_first(cli: Invoke, hub: FakeHub) -> None:
    storm = alert(id="x", server=None, servers=["a", "b"], state="acknowledged", stale=True)
    hub.on("GET /alerts", page(alert(message=HOSTILE), storm))
    lines = cli("alerts", "list").out.splitlines()
    assert lines[0].split() == ["ID", "SERVER", "SEVERITY", "STATE", "SINCE", "RULE", "MESSAGE"]
    assert lines[1].split()[:6] == ["x", "2", "servers", "critical", "acknowledged", "(stale)"]
    assert "\x1b[31m" not in lines[2]
    hub.on("GET /alerts", page(storm | {"servers": ["a"]}))  # of which one may be seen
    assert "  1 server  " in cli("alerts", "list").out
    hub.on("GET /alerts", page(alert(message=HOSTILE), storm))
    assert hub.asked[-1].query["state"] == ["firing", "acknowledged"]
    assert cli("alerts", "list", "-q").out.split() == ["x", ID]
    assert cli("alerts", "list", "-o", "json").json()[0] == storm


def test_what_is_listed_can_be_chosen(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /alerts", page())
    cli("alerts", "list", "--state", "all", "--server", "web-1", "--severity", "info")
    query = hub.asked[-1].query
    assert (query.get("state"), query["server"], query["severity"]) == (None, ["web-1"], ["info"])
    for words in (("--state", "open"), ("--severity", "bad"), ("--fail-on", "x"), ("--since", "?")):
        assert cli("alerts", "list", *words).code == 2


@pytest.mark.parametrize(
    ("severity", "least", "code"),
    [("critical", "critical", 1), ("critical", "info", 1), ("warning", "critical", 0)],
)
def test_fail_on_is_for_ci(cli: Invoke, hub: FakeHub, severity: str, least: str, code: int) -> None:
    hub.on("GET /alerts", page(alert(severity=severity)))
    done = cli("alerts", "list", "--fail-on", least, "-q")
    assert (done.code, done.out) == (code, f"{ID}\n")
    assert hub.asked[-1].query["state"] == ["firing"]
    assert ("firing: disk-full on web-1" in done.err) == bool(code)


def test_show_has_the_evidence_as_data(cli: Invoke, hub: FakeHub) -> None:
    usage = [{"path": "/var/l", "bytes": 1024}]
    evidence = {
        "taken_at": THEN, "containers": None, "journal": [HOSTILE],
        "processes": {"by_cpu": [{"pid": 7, "command": HOSTILE, "cpu_percent": 99.0, "rss": 2048}]},
        "mount": {"path": "/var", "complete": False, "largest": usage},
    }  # fmt: skip
    hub.on(f"GET /alerts/{ID}", alert(evidence=evidence))
    out = cli("alerts", "show", ID).out
    assert "largest below /var (as far as there was time):" in out
    assert "1 KiB  /var/l" in out
    assert "99.0%      2 KiB" in out
    assert "\x1b" not in out
    assert "[bold red]" in out
    assert cli("alerts", "show", ID, "-o", "json").json()["evidence"] == evidence
    hub.on(f"GET /alerts/{ID}", alert(evidence=None))
    assert "agent told" not in cli("alerts", "show", ID).out


@pytest.mark.parametrize(("columns", "whole"), [(80, False), (132, True)])
def test_a_narrow_terminal_has_room_for_the_message(
    cli: Invoke, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, columns: int, *, whole: bool
) -> None:
    monkeypatch.setattr(Output, "is_terminal", lambda _: True)
    monkeypatch.setattr("chatops.cli.alert_feed.ASK_AGAIN", 0.0)
    told = alert(threshold_name="a-rather-long-name-of-a-rule")
    answers = iter((page(), page(told), page()))  # before, open, resolved; then nothing is open
    hub.on("GET /alerts", lambda _: Reply(body=next(answers, page())))
    hub.on(f"GET /alerts/{ID}", told | {"state": "resolved", "resolved_at": THEN})
    lines = cli("alerts", "watch", "--until-clear", COLUMNS=str(columns)).out.splitlines()
    assert [line[-19:] for line in lines[1:]] == ["disk:/var is 97.2 %"] * 2
    assert max(map(len, lines)) <= columns
    assert (told["threshold_name"] in lines[1]) == whole


def test_a_command_line_of_the_evidence_is_cut_to_the_terminal(
    cli: Invoke, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "is_terminal", lambda _: True)
    long = {"by_cpu": [{"pid": 7, "command": "python " + 90 * "x"}]}
    hub.on(f"GET /alerts/{ID}", alert(evidence={"taken_at": THEN, "processes": long}))
    line = cli("alerts", "show", ID, COLUMNS="80").out.splitlines()[-1]
    assert (len(line), line[-2:]) == (80, "x…")


def test_taking_care(cli: Invoke, hub: FakeHub) -> None:
    hub.on(f"POST /alerts/{ID}/ack", alert(state="acknowledged"))
    hub.on(f"POST /alerts/{ID}/resolve", error(409, "conflict", "it is over"))
    done = cli("alerts", "ack", ID, "--comment", "on it")
    assert (done.code, done.out) == (0, "")
    assert done.err == "acknowledged disk-full on web-1: disk:/var is 97.2 %\n"
    assert hub.asked[-1].body == {"comment": "on it"}
    assert cli("alerts", "resolve", ID).code == 6


def test_rules_are_listed_and_set(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /alerts/thresholds", page(rule()))
    hub.on("POST /alerts/thresholds", rule(metric="clock.skew", op="lt", value=-30.0, clear=-28.5))
    lines = cli("thresholds", "list").out.splitlines()
    assert lines[1].split()[:6] == ["hot", "cpu", "gt", "90%", "85.5%", "1m"]
    assert cli("thresholds", "list", "-q").out == "hot\n"
    done = cli("thresholds", "set", "clock.skew", "<", "-30", "--for", "0s", "--clear", "-20s")
    assert (done.code, done.out) == (0, "")
    body = hub.asked[-2].body
    assert (body["op"], body["value"], body["clear"], body["for_s"]) == ("lt", -30.0, -20.0, 0.0)
    assert cli("thresholds", "set", "clock.skew", "lt", "-30", "-o", "json").json()["op"] == "lt"
    assert cli("thresholds", "set", "clock.skew", "lt", "-30", "-q").out == "hot\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("cpu", "gt", "nan"), "'nan' is no value of cpu"),
        (("cpu", "gt", "10GB"), "'10GB' is no value of cpu"),
        (("cpu", "over", "90"), "'over' is no comparison"),
        (("cpu", "gt", "90", "--for", "-1s"), "--for: '-1s' is less than nothing"),
        (("cpu", "gt", "90", "--severity", "dire"), "--severity: 'dire' is none of"),
        (("cpu", "gt", "90", "--sevrity", "info"), "unexpected extra argument"),
    ],
)
def test_nonsense_is_refused_before_anybody_is_asked(
    cli: Invoke, hub: FakeHub, words: tuple[str, ...], why: str
) -> None:
    done = cli("thresholds", "set", *words)
    assert done.code == 2
    assert why in done.err
    assert hub.asked == []


def test_rules_are_switched_and_removed(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PATCH /alerts/thresholds/hot", rule(enabled=False))
    hub.on("GET /alerts/thresholds/hot", rule())
    hub.on("DELETE /alerts/thresholds/hot", None)
    assert cli("thresholds", "disable", "hot").err == "hot is off\n"
    assert hub.asked[-1].body == {"enabled": False}
    assert cli("thresholds", "rm", "hot").code == 2
    assert cli("thresholds", "rm", "hot", "--yes").err == "removed the rule hot\n"
    assert cli("thresholds", "rm", "hot", "--yes", "-o", "json").json() == rule()


def test_a_target_that_means_nobody_is_told(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /alerts/thresholds", rule())
    hub.on("POST /silences", silence())
    hub.on("GET /servers", page(server("web-1")))
    said = "no server matches 'wbe-*' now, only what is added later\n"
    for words in (("thresholds", "set", "cpu", "gt", "90", "--target"),
                  ("silences", "add", "--for", "2h")):  # fmt: skip
        done = cli(*words, "wbe-*")
        assert (done.code, done.err.endswith(said)) == (0, True)
        assert "no server" not in cli(*words, "web-*").err
    hub.asked.clear()
    assert "no server" not in cli("thresholds", "set", "cpu", "gt", "90").err
    assert "GET /servers" not in hub.paths(), "all are all, whoever they are"


def test_a_rule_that_can_never_fire_or_always_does_is_told(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /alerts/thresholds", page())
    for fields, said in (
        ({"value": 9000.0}, "this never fires: cpu is at most 100%\n"),
        ({"value": 100.0}, "this never fires: cpu is at most 100%\n"),
        ({"metric": "disk.free:/", "op": "lt", "value": -5.0}, "disk.free is at least 0 B\n"),
        ({"op": "ge", "value": 0.0}, "this always holds: cpu is at least 0%\n"),
        ({"op": "le", "value": 100.0}, "this always holds: cpu is at most 100%\n"),
        ({"op": "gt", "value": -1.0}, "this always holds: cpu is at least 0%\n"),
    ):
        hub.on("POST /alerts/thresholds", rule(**fields))
        done = cli("thresholds", "set", "cpu", "gt", "9000")
        assert (done.code, done.err.endswith(said)) == (0, True), done.err
    hub.on("POST /alerts/thresholds", rule(clear=-5.0))
    said = "what fires never clears by itself: cpu is at least 0%\n"
    assert cli("thresholds", "set", "cpu", "gt", "90").err.endswith(said)
    for fields in ({"op": "ge", "value": 100.0}, {"clear": 0.0},
                   {"op": "le", "value": 0.0, "clear": 100.0},
                   {"metric": "clock.skew", "op": "lt", "value": -30.0},
                   {"metric": "container.cpu", "value": 150.0}):  # fmt: skip
        hub.on("POST /alerts/thresholds", rule(**fields))
        said = cli("thresholds", "set", "cpu", "gt", "9000").err
        assert "never" not in said
        assert "always" not in said


def test_rules_that_say_the_same_are_told(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /alerts/thresholds", rule())
    twin, other = rule(id="r2", name="hot-2"), rule(id="r3", name="hotter", value=95.0)
    hub.on("GET /alerts/thresholds", page(rule(), rule(id="r4", enabled=False), other))
    assert "the same" not in cli("thresholds", "set", "cpu", "gt", "90").err
    hub.on("GET /alerts/thresholds", page(rule(), twin, other))
    assert "the same is watched by hot-2: each" in cli("thresholds", "set", "cpu", "gt", "90").err
    hub.on("GET /alerts/thresholds", error(503, "busy", "later"))
    assert cli("thresholds", "set", "cpu", "gt", "90").code == 0, "the rule is set"


def test_a_rule_that_is_changed_while_it_is_off_is_told(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /alerts/thresholds", rule(enabled=False))
    hub.on("GET /alerts/thresholds", page())
    done = cli("thresholds", "set", "cpu", "gt", "90", "--name", "hot")
    assert "it is off: `chatops thresholds enable hot` switches it on\n" in done.err


def test_silences(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /silences", page(silence()))
    hub.on("POST /silences", silence(metric="disk"))
    hub.on("DELETE /silences/s1", None)
    lines = cli("silences", "list").out.splitlines()
    assert lines[0].split() == ["ID", "TARGET", "METRIC", "ENDS", "BY", "COMMENT"]
    assert lines[1].split()[:3] == ["s1", "web-*", "all"]
    done = cli("silences", "add", "web-*", "--metric", "disk", "--for", "2h")
    assert done.err.startswith("silenced disk of web-* until ")
    assert done.out == ""
    assert cli("silences", "add", "web-*", "--metric", "disk", "--for", "2h", "-q").out == "s1\n"
    body = hub.asked[1].body
    assert (body["target"], body["metric"], body["for_s"]) == ("web-*", "disk", 7200.0)
    assert cli("silences", "add", "web-*", "--for", "0s").code == 2
    assert cli("silences", "rm", "s1").code == 2
    done = cli("silences", "rm", "s1", "--yes", "-o", "json")
    assert (done.code, done.json()) == (0, silence())

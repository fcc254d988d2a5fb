"""States of alerts: each way through them, and what no way may lead to."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chatops.server.services.alerting.machine import (
    GONE,
    LATE,
    MAX_OPEN,
    REST,
    Alert,
    Machine,
    Step,
)
from tests.unit.server.services.alerting import making

HOT = making.rule()
SLOW = making.rule("slow", for_s=60.0)
THEN = 1_000_000.0


def happenings(steps: list[Step]) -> list[str]:
    return [step.happening for step in steps]


def fired(machine: Machine, server: str = "web") -> Alert:
    (step,) = machine.observe(server, HOT, "", 95.0, THEN)
    assert step.happening == "firing"
    return step.alert


def test_it_fires_when_it_has_lasted() -> None:
    machine = making.machine()
    assert happenings(machine.observe("web", SLOW, "", 95.0, THEN)) == ["pending"]
    assert machine.observe("web", SLOW, "", 95.0, THEN + 59.9) == []
    (step,) = machine.observe("web", SLOW, "", 96.0, THEN + 60)
    assert (step.happening, step.alert.state, step.alert.value) == ("firing", "firing", 96.0)
    assert (step.alert.started_at, step.alert.fired_at) == (THEN, THEN + 60)
    assert step.alert.message == "cpu is 96 %, above 90 %"


def test_what_clears_before_it_fired_never_was() -> None:
    machine = making.machine()
    machine.observe("web", SLOW, "", 95.0, THEN)
    assert happenings(machine.observe("web", SLOW, "", 80.0, THEN + 30)) == ["forgotten"]
    assert machine.of("web") == []


def test_it_fires_only_at_a_value_for_which_it_holds() -> None:
    machine = making.machine()
    machine.observe("web", SLOW, "", 95.0, THEN)
    assert machine.observe("web", SLOW, "", 88.0, THEN + 100) == []
    assert happenings(machine.observe("web", SLOW, "", 95.0, THEN + 105)) == ["firing"]


def test_an_hour_of_a_value_that_swings_about_the_threshold_is_one_alert() -> None:
    for one in (HOT, SLOW):
        machine, steps = making.machine(), []
        for number in range(720):
            value = 91.0 if number % 2 == 0 else 89.0
            steps += machine.observe("web", one, "", value, THEN + 5 * number)
        assert happenings(steps).count("firing") == 1
        assert happenings(steps).count("resolved") == 0


def test_it_is_resolved_at_the_clear_value_and_may_come_again() -> None:
    machine = making.machine()
    first = fired(machine)
    assert machine.observe("web", HOT, "", 85.6, THEN + 5) == []
    (step,) = machine.observe("web", HOT, "", 85.5, THEN + 10)
    assert (step.happening, first.state, first.reason) == ("resolved", "resolved", "cleared")
    (again,) = machine.observe("web", HOT, "", 95.0, THEN + 15)
    assert again.alert is not first


def test_acknowledged_it_goes_on_to_its_end() -> None:
    machine = making.machine()
    alert = fired(machine)
    assert happenings(machine.acknowledge(alert, "ada", "on it", THEN + 1)) == ["acknowledged"]
    assert machine.observe("web", HOT, "", 99.0, THEN + 2) == []
    assert happenings(machine.observe("web", HOT, "", 10.0, THEN + 3)) == ["resolved"]
    assert (alert.acked_by, alert.comment) == ("ada", "on it")


def test_resolved_by_hand_it_comes_again_after_a_while_or_when_it_was_clear_before() -> None:
    machine = making.machine()
    machine.resolve(fired(machine), "manual", THEN)
    assert machine.observe("web", HOT, "", 95.0, THEN + REST - 1) == []
    assert happenings(machine.observe("web", HOT, "", 95.0, THEN + REST)) == ["firing"]
    machine.resolve(machine.of("web")[0], "manual", THEN + REST)
    assert machine.has("web")
    machine.observe("web", HOT, "", 10.0, THEN + REST + 5)
    assert not machine.has("web")
    assert happenings(machine.observe("web", HOT, "", 95.0, THEN + REST + 10)) == ["firing"]


def test_while_its_agent_is_away_an_alert_is_stale_and_nothing_is_pending() -> None:
    machine = making.machine()
    alert = fired(machine)
    machine.observe("web", SLOW, "", 95.0, THEN)
    assert sorted(happenings(machine.leave("web"))) == ["forgotten", "noted"]
    assert alert.stale
    assert machine.is_away("web")
    assert happenings(machine.come_back("web")) == ["noted"]
    assert not alert.stale
    assert alert.state == "firing"


def test_an_alert_on_the_absence_itself_is_not_stale() -> None:
    machine, offline = making.machine(), making.rule("offline", "offline", value=60.0)
    (step,) = machine.observe("web", offline, "", 61.0, THEN)
    assert machine.leave("web") == []
    assert not step.alert.stale


def test_an_instance_that_is_gone_for_a_minute_is_over() -> None:
    machine, each = making.machine(), making.rule("full", "disk:*")
    (step,) = machine.observe("web", each, "/mnt", 95.0, THEN)
    assert machine.absent(step.alert, THEN + 5) == []
    machine.observe("web", each, "/mnt", 95.0, THEN + 30)  # it was only away for a moment
    assert machine.absent(step.alert, THEN + 35) == []
    assert machine.absent(step.alert, THEN + 34 + GONE) == []
    assert happenings(machine.absent(step.alert, THEN + 35 + GONE)) == ["resolved"]


def test_late_and_old_samples_are_no_news() -> None:
    machine = making.machine()
    assert not machine.admits("web", THEN - LATE - 1, THEN)
    assert machine.admits("web", THEN, THEN)
    assert not machine.admits("web", THEN, THEN + 1)
    assert not machine.admits("web", THEN - 1, THEN + 1)
    assert machine.admits("web", THEN + 1, THEN + 1)
    assert machine.admits("web", THEN - 100, THEN - 100), "the hub's clock was set back"


def test_a_rule_that_is_another_now_ends_its_alerts_on_all_servers() -> None:
    machine = making.machine()
    for server in ("web", "db"):
        fired(machine, server)
    machine.observe("web", SLOW, "", 95.0, THEN)
    steps = machine.end_rule("hot", "rule changed", THEN + 1)
    assert [(s.happening, s.alert.reason) for s in steps] == [("resolved", "rule changed")] * 2
    assert [alert.rule.id for alert in machine] == ["slow"]


def test_a_removed_server_leaves_nothing() -> None:
    machine = making.machine()
    fired(machine)
    (step,) = machine.end_server("web", THEN)
    assert (step.happening, step.alert.reason) == ("resolved", "server removed")
    assert list(machine) == []


def test_several_together_are_one_alert_that_ends_with_the_last_of_them() -> None:
    machine, offline = making.machine(), making.rule("offline", "offline", value=60.0, for_s=5.0)
    machine.observe("a", offline, "", 61.0, THEN)
    steps = machine.gather(offline, {"a", "b"}, 61.0, THEN + 5)
    assert happenings(steps) == ["forgotten", "firing"]
    (storm,) = machine.of(None)
    assert (storm.server_id, storm.members) == (None, {"a": False, "b": False})
    assert happenings(machine.join(storm, "c")) == ["noted"]
    assert happenings(machine.returned(storm, "a", THEN + 9, gone=False)) == ["noted"]
    assert happenings(machine.end_server("b", THEN + 10)) == ["noted"]
    machine.acknowledge(storm, "ada", None, THEN + 11)
    assert happenings(machine.gather(offline, {"a", "d"}, 61.0, THEN + 99)) == ["firing"]
    assert storm.state == "firing", "others dropped: somebody has to look again"
    for server in ("a", "c"):
        machine.returned(storm, server, THEN + 100, gone=False)
    assert happenings(machine.returned(storm, "d", THEN + 101, gone=False)) == ["resolved"]


def test_the_alerts_of_one_server_are_bounded() -> None:
    machine, each = making.machine(), making.rule("full", "disk:*")
    for number in range(MAX_OPEN + 10):
        machine.observe("web", each, f"/{number}", 95.0, THEN)
    assert len(machine.of("web")) == MAX_OPEN


class Ways(RuleBasedStateMachine):
    """Samples, gaps, restarts, people and changes of rules, in any order."""

    RULES = (HOT, SLOW, making.rule("low", op="lt", value=20.0, clear=40.0))
    servers = st.sampled_from(["web", "db"])
    instances = st.sampled_from(["", "a"])
    rules = st.sampled_from(RULES)

    def __init__(self) -> None:
        super().__init__()
        self.ids = count(1)
        self.machine = self.new()
        self.now = THEN
        self.fired: set[str] = set()
        self.over: set[str] = set()

    def new(self) -> Machine:
        return Machine(lambda _: str(next(self.ids)))

    def see(self, steps: list[Step]) -> None:
        for happening, alert in steps:
            assert alert.id not in self.over, f"{happening} after its end"
            if happening == "firing":
                assert alert.id not in self.fired
                assert alert.value is not None
                assert alert.rule.holds(alert.value)
                self.fired.add(alert.id)
            elif happening in ("acknowledged", "resolved"):
                assert alert.id in self.fired
            elif happening == "forgotten":
                assert alert.id not in self.fired
            if happening in ("resolved", "forgotten"):
                self.over.add(alert.id)

    @rule(server=servers, instance=instances, value=st.floats(0, 100), age=st.floats(0, 90))
    def sample(self, server: str, instance: str, value: float, age: float) -> None:
        before = set(self.fired)
        if self.machine.admits(server, self.now - age, self.now):
            self.see(self.machine.come_back(server))
            for one in self.RULES:
                self.see(self.machine.observe(server, one, instance, value, self.now - age))
        if age > LATE:
            assert self.fired == before

    @rule(seconds=st.floats(-3600, 3600))
    def time_goes(self, seconds: float) -> None:
        self.now += seconds

    @rule(server=servers)
    def leave(self, server: str) -> None:
        self.see(self.machine.leave(server))
        assert all(alert.fired for alert in self.machine.of(server))

    @rule(server=servers)
    def absent(self, server: str) -> None:
        for alert in self.machine.of(server):
            self.see(self.machine.absent(alert, self.now))

    @rule(server=servers)
    def take_care(self, server: str) -> None:
        for alert in self.machine.of(server):
            if alert.state == "firing":
                self.see(self.machine.acknowledge(alert, "ada", None, self.now))

    @rule(server=servers)
    def resolve(self, server: str) -> None:
        for alert in self.machine.of(server):
            self.see(self.machine.resolve(alert, "manual", self.now))

    @rule(one=rules)
    def change(self, one: making.Rule) -> None:
        self.see(self.machine.end_rule(one.id, "rule changed", self.now))

    @rule(server=servers)
    def remove(self, server: str) -> None:
        self.see(self.machine.end_server(server, self.now))

    @rule()
    def restart(self) -> None:
        kept = [replace(alert) for alert in self.machine]
        self.machine = self.new()
        for alert in kept:
            self.machine.load(alert)

    @invariant()
    def one_of_a_kind(self) -> None:
        places = [(one.server_id, *one.place) for one in self.machine]
        assert len(places) == len(set(places))
        assert {one.id for one in self.machine}.isdisjoint(self.over)
        assert all(one.fired == (one.id in self.fired) for one in self.machine)


def test_no_way_leads_to_two_open_alerts_or_a_firing_that_is_none() -> None:
    run_state_machine_as_test(Ways)

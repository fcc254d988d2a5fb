"""Plans find what a rule by rule comparison would find, and follow rules, servers and rights."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from chatops.protocol.metric_names import METRICS, value_of
from chatops.protocol.metrics import Cpu, Disk, Memory, Network, Sample
from chatops.protocol.target import Facts, parse_target
from chatops.server.crud.fleet import FleetRows
from chatops.server.services.alerting.fleet_view import FleetView
from chatops.server.services.alerting.plans import Plans, Scope
from chatops.server.services.alerting.readings import Reading, Values
from chatops.server.services.alerting.rule import Rule, Watched
from tests.unit.server.services.alerting.making import rule

ALL = Scope(parse_target("all"), None)
SERVERS = [
    ("1", "web-1", '{"env":"prod"}', "ada"),
    ("2", "web-2", '{"env":"test"}', "bob"),
    ("3", "db-1", "{}", None),
]
USERS = [("ada", "operator"), ("bob", "operator"), ("root", "admin"), ("eve", "viewer")]


def fleet(*, operators: tuple[tuple[str, str], ...] = ()) -> FleetView:
    view = FleetView()
    view.update(FleetRows(list(SERVERS), list(operators), list(USERS)))
    return view


def sample(cpu: float | None, disks: dict[str, float | None], rx: float = 0.0) -> Sample:
    return Sample(
        cpu=Cpu(percent=cpu),
        memory=Memory(percent=40.0),
        disks=[Disk(mount=mount, percent=percent) for mount, percent in disks.items()],
        network=[Network(interface="lo", rx_bps=9e9), Network(interface="eth0", rx_bps=rx)],
    )


def by_comparing(rules: list[Rule], taken: Sample) -> set[tuple[str, str, float]]:
    found = set()
    for one in rules:
        metric = METRICS[one.watched.name]
        if one.watched.each:
            values = metric.instances(taken)
        else:
            values = {one.watched.instance: value_of(taken, metric, one.watched.instance)}
        found |= {
            (one.id, instance, value)
            for instance, value in values.items()
            if value is not None and one.holds(value)
        }
    return found


numbers = st.floats(-5, 105) | st.sampled_from([0.0, 50.0, 90.0])
some_rules = st.builds(
    rule,
    st.uuids().map(str),
    st.sampled_from(["cpu", "memory", "disk", "disk:/a", "disk:*", "net.rx", "net.rx:*"]),
    op=st.sampled_from(["gt", "ge", "lt", "le"]),
    value=numbers,
)


@given(
    rules=st.lists(some_rules, max_size=30),
    cpu=st.none() | numbers,
    disks=st.dictionaries(st.sampled_from(["/", "/a", "/b"]), st.none() | numbers),
    rx=numbers,
)
def test_it_finds_what_comparing_finds(
    rules: list[Rule], cpu: float | None, disks: dict[str, float | None], rx: float
) -> None:
    plans, taken = Plans(fleet()), sample(cpu, disks, rx)
    for one in rules:
        plans.put(one, ALL)
    found = [(r.rule.id, r.instance, r.value) for r in readings(plans, "1", taken, None)]
    assert len(found) == len(set(found))
    assert set(found) == by_comparing(rules, taken)


def readings(plans: Plans, server_id: str, taken: Sample, skew: float | None) -> list[Reading]:
    return plans.held(server_id, plans.see(server_id, taken, skew), Values(taken, skew))


def held(plans: Plans, server_id: str) -> set[str]:
    return {one.rule.id for one in readings(plans, server_id, sample(95.0, {}), None)}


def test_two_rules_on_one_metric_do_not_collide() -> None:
    plans = Plans(fleet())
    for name, value in (("warm", 80.0), ("hot", 90.0), ("boiling", 99.0)):
        plans.put(rule(name, value=value), ALL)
    assert held(plans, "1") == {"warm", "hot"}
    plans.put(rule("hot", value=97.0), ALL)
    assert held(plans, "1") == {"warm"}
    plans.remove("warm")
    plans.remove("warm")
    assert held(plans, "1") == set()
    assert len(plans) == 2


def test_the_skew_of_the_clock_is_what_the_hub_measured() -> None:
    plans = Plans(fleet())
    plans.put(rule("ahead", "clock.skew", value=30.0), ALL)
    plans.put(rule("behind", "clock.skew", op="lt", value=-30.0), ALL)
    for skew, found in ((31.0, ["ahead"]), (-31.0, ["behind"]), (0.0, []), (None, [])):
        assert [one.rule.id for one in readings(plans, "1", sample(1.0, {}), skew)] == found


def test_targets_are_asked_again_when_the_fleet_changes() -> None:
    view = fleet()
    plans = Plans(view)
    scopes = {"all": "all", "prod": "tag:env=prod", "web": "web-*", "not": "all,!web-1", "one": "3"}
    for name, target in scopes.items():
        plans.put(rule(name), Scope(parse_target(target), None))
    assert held(plans, "1") == {"all", "prod", "web"}
    assert held(plans, "2") == {"all", "web", "not"}
    assert held(plans, "3") == {"all", "not", "one"}
    rows = [("1", "www", '{"env":"test"}', "ada"), *SERVERS[1:], ("4", "web-4", "{}", None)]
    plans.forget(view.update(FleetRows(rows, [], list(USERS))))
    assert held(plans, "1") == {"all", "not"}
    assert held(plans, "4") == {"all", "web", "not"}
    assert held(plans, "5") == set()


def test_a_rule_covers_what_its_owner_may_operate_as_it_is_now() -> None:
    view = fleet(operators=(("3", "ada"),))
    plans = Plans(view)
    for owner in ("ada", "bob", "root", "eve", "gone"):
        plans.put(rule(owner), Scope(parse_target("all"), owner))
    assert held(plans, "1") == {"ada", "root"}
    assert held(plans, "3") == {"ada", "root"}
    changed = view.update(FleetRows(list(SERVERS), [("3", "bob")], list(USERS)))
    assert changed == {"3"}
    plans.forget(changed)
    assert held(plans, "3") == {"bob", "root"}
    users = [("ada", "admin"), ("bob", "viewer")]
    plans.forget(view.update(FleetRows(list(SERVERS), [], users)))
    assert held(plans, "3") == {"ada"}
    assert view.update(FleetRows(list(SERVERS), [], users)) == set()


def test_a_rule_that_watches_what_this_hub_does_not_know_does_nothing() -> None:
    plans = Plans(fleet())
    unknown = rule("future")
    object.__setattr__(unknown, "watched", Watched("quantum.flux"))
    plans.put(unknown, ALL)
    assert held(plans, "1") == set()


def test_a_missing_instance_is_gone_only_if_its_list_is_there() -> None:
    metric = METRICS["disk"]
    taken = sample(1.0, {"/": 5.0})
    assert Values(taken, None).misses(metric, "/mnt")
    assert not Values(taken, None).misses(metric, "/")
    assert not Values(taken, None).misses(metric, "")
    taken.missing["disk:/mnt"] = "did not answer"
    assert not Values(taken, None).misses(metric, "/mnt")


def test_the_view_knows_its_servers() -> None:
    view = fleet()
    assert view.facts("1") == Facts("1", "web-1", {"env": "prod"})
    assert (view.name("9"), "9" in view, "1" in view) == (None, False, True)

"""Keys as their owners meet them: revoked, expiring, and used by two agents, with real agents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.processes import Bench, bench
from tests.support.waiting import until


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub with its admin signed in; each test makes a server of its own."""
    with bench(tmp_path_factory.mktemp("keys")) as made:
        made.start_hub()
        made.login()
        yield made


def _make_key(hub: Bench, server: str, *words: str) -> Any:
    done = hub.run("keys", "create", server, *words, "-o", "json")
    assert done.code == 0, done.err
    return done.json()


def test_a_revoked_key_ends_its_agent_for_good(hub: Bench) -> None:
    hub.add_server("web-1")
    made = _make_key(hub, "web-1", "--name", "spare")
    agent = hub.start_agent("web-1", made["key"])
    assert hub.run("keys", "revoke", made["id"], "--yes").code == 0
    assert agent.process.wait(10) == 3
    assert b"the key was revoked" in agent.said
    (newest, *_) = reversed(hub.run("events", "web-1", "-o", "json").json())
    assert (newest["event"], newest["reason"]) == ("disconnected", "key_revoked")


def test_a_key_that_expires_is_warned_of_and_ends_its_agent(hub: Bench) -> None:
    hub.add_server("web-2")
    made = _make_key(hub, "web-2", "--name", "short", "--expires", "6s")
    agent = hub.start_agent("web-2", made["key"])
    agent.says(rb"the hub warns: the key short \(\w{8}\) expires at ")
    done = hub.run("status")
    assert "warning: the key short of web-2 expires at " in done.err
    (named,) = hub.run("status", "-o", "json").json()["keys_expiring"]
    assert (named["server"], named["name"], named["id"]) == ("web-2", "short", made["id"])
    assert agent.process.wait(20) == 3
    assert b"the key has expired" in agent.said
    assert "expires at" not in hub.run("status").err


def test_two_agents_with_one_key_are_named(hub: Bench) -> None:
    key = hub.add_server("web-3")
    one = hub.start_agent("one", key)
    two = hub.start_agent("two", key)

    def shared() -> list[Any]:
        found: list[Any] = hub.run("status", "-o", "json").json()["keys_shared"]
        return found

    (named,) = until(shared, within=30, what="the two are noticed")
    assert named["server"] == "web-3"
    assert len(named["agents"]) == 2
    assert "warning: two agents use the key of web-3: " in hub.run("status").err
    until(
        lambda: b"the hub warns: two agents" in one.said + two.said,
        within=30, what="an agent's log",
    )  # fmt: skip
    said = hub.programs[0].said
    assert b"two agents with the same machine id are using one identity" in said
    reasons = [one["reason"] or "" for one in hub.run("events", "web-3", "-o", "json").json()]
    assert any("using one identity" in reason for reason in reasons)
    for agent in (one, two):
        agent.stop()

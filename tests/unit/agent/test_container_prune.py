"""Which containers a prune takes; the rest is tried with a real engine (test_docker_upkeep)."""

from __future__ import annotations

import re
from typing import Any

from chatops.agent.container_actions import Asked
from chatops.agent.container_prune import prune
from chatops.agent.docker_policy import DockerPolicy
from chatops.protocol.containers import DockerArgs


class Linked:
    """An engine with containers that others link to, which needs a network that no test has."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def containers(self, **_: object) -> list[Any]:
        return [
            {"Id": "1", "Names": ["/web/db", "/db"], "State": "exited"},
            {"Id": "2", "Names": ["/db/web", "/web"], "State": "exited"},
        ]

    def remove_container(self, key: str) -> None:
        self.removed.append(key)


def test_a_link_gives_no_container_a_name_that_the_policy_shows() -> None:
    engine: Any = Linked()
    policy = DockerPolicy(containers=(re.compile("web.*"),))
    found = prune(Asked(engine, DockerArgs(), policy, {})).items
    assert [one.name for one in found] == ["web"]
    assert engine.removed == ["2"]

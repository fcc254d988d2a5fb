"""Hub and agent are killed again and again while things happen to a container: what the engine says
that happened stands in the hub's log, once and in order."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from chatops.agent.event_words import ACTIONS, read, words
from tests.support.engine import RealEngine
from tests.support.processes import bench
from tests.support.waiting import until

ROUNDS = 6


def happened(engine: RealEngine, container: str) -> list[str]:
    """All that the engine knows of a container, in the words of the log."""
    filters = {"type": "container", "container": container, "event": list(ACTIONS)}
    with engine.client() as client:
        chunks = client.events(since=1, until=int(time.time()) + 1, filters=filters)
        lines = b"".join(chunks).splitlines()
    return [words(event)[1] for event in map(read, lines) if event is not None]


def stored(folder: Path) -> list[str]:
    """What the hub has of the container, as it was stored."""
    path = folder / "hub" / "logs.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "select message from log_entries where source = 'container:app' order by id"
        )
        return [text for (text,) in rows]


def test_whoever_is_killed_each_event_is_stored_once(engine: RealEngine, tmp_path: Path) -> None:
    with bench(tmp_path) as place:
        hub = place.start_hub()
        place.login()
        key = place.add_server("web-1")
        flags, environ = ("--allow", "docker"), {"DOCKER_HOST": engine.host}
        agent = place.start_agent("web-1", key, *flags, **environ)
        container = engine.run("app")
        port = place.url.rpartition(":")[2]
        for number in range(ROUNDS):
            with engine.client() as client:
                client.restart("app", timeout=0)
            if number % 3 == 0:
                hub.stop(signal.SIGKILL)
            elif number % 3 == 1:
                hub = place.start_hub(None, "--port", port)
            else:
                agent.stop(signal.SIGKILL)
                with engine.client() as client:
                    client.restart("app", timeout=0)
                agent = place.start_agent("web-1", key, *flags, **environ)
        expected = happened(engine, container)
        assert len(expected) == 1 + 2 * (ROUNDS + ROUNDS // 3)
        until(lambda: len(stored(tmp_path)) >= len(expected), within=60, what="all events")
        assert stored(tmp_path) == expected

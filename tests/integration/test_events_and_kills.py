"""Hub and agent are killed again and again while things happen to a container and another one
writes: what the engine says that happened, and what was written, stands in the hub's log, once and
in order."""

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
LINES = 3000
WRITER = f"""
i=0; while [ $i -lt {LINES} ]; do
    echo out $i; echo err $i >&2; i=$((i+1)); [ $((i%50)) -gt 0 ] || sleep 0.1
done
"""


def happened(engine: RealEngine, container: str) -> list[str]:
    """All that the engine knows of a container, in the words of the log."""
    filters = {"type": "container", "container": container, "event": list(ACTIONS)}
    with engine.client() as client:
        chunks = client.events(since=1, until=int(time.time()) + 1, filters=filters)
        lines = b"".join(chunks).splitlines()
    return [words(event)[1] for event in map(read, lines) if event is not None]


def stored(folder: Path, name: str = "app") -> list[str]:
    """What the hub has of a container, as it was stored."""
    path = folder / "hub" / "logs.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "select message from log_lines where source = ? order by id", (f"container:{name}",)
        )
        return [text for (text,) in rows]


def test_whoever_is_killed_each_event_and_line_is_stored_once(
    engine: RealEngine, tmp_path: Path
) -> None:
    with bench(tmp_path) as place:
        hub = place.start_hub()
        place.login()
        key = place.add_server("web-1")
        flags = ("--allow", "docker", "--log", "container:shop@start")
        environ = {"DOCKER_HOST": engine.host}
        agent = place.start_agent("web-1", key, *flags, **environ)
        container = engine.run("app")
        engine.run("shop", "/bin/sh", "-c", WRITER)
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
        last = {f"{stream} {LINES - 1}" for stream in ("out", "err")}
        until(lambda: last <= set(stored(tmp_path, "shop")), within=60, what="all lines")
        for stream in ("out", "err"):
            lines = [text for text in stored(tmp_path, "shop") if text.startswith(f"{stream} ")]
            assert lines == [f"{stream} {number}" for number in range(LINES)]

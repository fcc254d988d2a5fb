"""Arguments without what looks like a credential."""

from __future__ import annotations

import pytest

from chatops.agent.collectors.arguments import spoken
from chatops.protocol.limits import MAX_COMMAND_LINE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (b"", ""),
        (b"\0\0", ""),
        (b"ls\0-l\0/tmp\0", "ls -l /tmp"),
        (b"nginx: worker process\0\0\0\0", "nginx: worker process"),
        (b"x\0--password\0hunter2\0y\0", "x --password *** y"),
        (b"x\0--password=hunter2\0", "x --password=***"),
        (b"x\0--db-token\0abc\0", "x --db-token ***"),
        (b"x\0--api-key=abc\0-v\0", "x --api-key=*** -v"),
        (b"x\0--password\0--verbose\0word\0", "x --password --verbose word"),
        (b"x\0PASSWORD=hunter2\0", "x PASSWORD=***"),
        (b"psql\0postgres://ada:hunter2@db/x\0", "psql postgres://ada:***@db/x"),
        (b"x\0--join\0coj_" + b"a" * 40 + b"\0", "x --join coj_***"),
        (b"\xff\n\x1b[2J\0", "\ufffd\n\x1b[2J"),
    ],
)
def test_arguments(words: bytes, told: str) -> None:
    assert spoken(words) == told


def test_they_are_cut() -> None:
    assert len(spoken(b"x" * 4096)) == MAX_COMMAND_LINE

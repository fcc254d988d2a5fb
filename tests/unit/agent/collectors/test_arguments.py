"""Arguments without what looks like a credential."""

from __future__ import annotations

import time

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
        (b"x\0--secret-key\0abc\0", "x --secret-key ***"),
        (b"x\0--api_key\0abc\0", "x --api_key ***"),
        (b"x\0--pass\0my secret\0", "x --pass ***"),
        (b"x\0--author\0ada\0--bypass\0all\0", "x --author ada --bypass all"),
        (b"x\0--token-file\0/etc/t\0PWD=/root\0", "x --token-file /etc/t PWD=/root"),
        (b"env\0PGPASSWORD=hunter2\0psql\0", "env PGPASSWORD=*** psql"),
        (b"AWS_SECRET_ACCESS_KEY=a b\0x\0", "AWS_SECRET_ACCESS_KEY=*** x"),
        (b"env\0GITHUB_TOKEN=abc\0MYSQL_PWD=abc\0", "env GITHUB_TOKEN=*** MYSQL_PWD=***"),
        (b"sh\0-c\0mysql --password hunter2 -h x\0", "sh -c mysql --password *** -h x"),
        (b"sh\0-c\0x --token 'a b'; ls\0", "sh -c x --token '***'; ls"),
        (b"sh\0-c\0export DB_TOKEN=abc; ls\0", "sh -c export DB_TOKEN=***; ls"),
        (b"curl\0-H\0X-Api-Key: abc\0", "curl -H X-Api-Key: ***"),
        (b"\xff\n\x1b[2J\0", "\ufffd\n\x1b[2J"),
    ],
)
def test_arguments(words: bytes, told: str) -> None:
    assert spoken(words) == told


def test_they_are_cut() -> None:
    assert len(spoken(b"x" * 4096)) == MAX_COMMAND_LINE


@pytest.mark.parametrize("text", [b"-" * 4096, b"a-" * 2048, b"token " * 680, b"pass=" * 800])
def test_long_ones_take_no_time(text: bytes) -> None:
    begun = time.thread_time()
    spoken(text)
    assert time.thread_time() - begun < 0.1

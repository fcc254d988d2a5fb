"""Copies of the audit trail: a real file, and real sockets of syslog."""

from __future__ import annotations

import json
import resource
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatops.errors import InvalidInput
from chatops.server.services.audit_sinks import FileSink, Record, SyslogSink, parse_syslog
from tests.unit.server.services.test_audit_chain import chain


def records(*, first: int = 1, count: int = 3) -> list[Record]:
    return [(one.entry, one.hash) for one in chain(first + count - 1)[first - 1 :]]


def ids(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_a_file_is_private_appended_to_and_may_be_rotated(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = FileSink(path)
    sink.write(records())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.rename(tmp_path / "audit.jsonl.1")
    sink.write(records(first=4, count=2))
    FileSink(path).write(records(first=6, count=1))
    assert (ids(tmp_path / "audit.jsonl.1"), ids(path)) == ([1, 2, 3], [4, 5, 6])
    one = json.loads(path.read_text().splitlines()[0])
    assert (one["hash"], one["prev_hash"]) == (chain(4)[3].hash, chain(3)[2].hash)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a full disk: a write that goes beyond is cut short, and the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_what_does_not_fit_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = FileSink(path)
    sink.write(records(count=1))
    with files_of_at_most(path.stat().st_size + 100), pytest.raises(OSError, match="large"):
        sink.write(records(first=2))
    sink.write(records(first=2))
    assert ids(path) == [1, 2, 3, 4]


@contextmanager
def daemon(family: int, address: str | tuple[str, int]) -> Iterator[socket.socket]:
    with socket.socket(family, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(10)
        yield listener


def test_a_local_daemon_gets_a_message_a_record(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    sink = SyslogSink(path)
    with pytest.raises(FileNotFoundError):
        sink.write(records())
    with daemon(socket.AF_UNIX, path) as listener:
        entry, digest = records()[0]
        sink.write([(entry, digest), (entry._replace(outcome="denied"), digest)])
        first, second = listener.recv(65_536), listener.recv(65_536)
    assert first.startswith(b'<85>chatops: {"action":"a.b",')
    assert second.startswith(b"<84>chatops: {")
    assert json.loads(first.removeprefix(b"<85>chatops: "))["hash"] == digest
    Path(path).unlink()
    with pytest.raises(OSError, match="refused"):
        sink.write(records())
    with daemon(socket.AF_UNIX, path) as listener:  # the daemon was started again
        sink.write(records(count=1))
        assert listener.recv(65_536)
    sink.close()


def test_udp_and_long_records() -> None:
    with daemon(socket.AF_INET, ("127.0.0.1", 0)) as listener:
        sink = SyslogSink(f"udp://127.0.0.1:{listener.getsockname()[1]}")
        entry, digest = records()[0]
        sink.write([(entry._replace(detail={"command": "x" * 100_000}), digest)])
        message = json.loads(listener.recv(65_536).removeprefix(b"<85>chatops: "))
        sink.close()
    assert message["detail"]["left_out"] > 100_000
    assert (message["id"], message["hash"]) == (1, digest)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/dev/log", "/dev/log"),
        ("udp://logs.example:514", ("logs.example", 514)),
        ("udp://[::1]:514", ("::1", 514)),
    ],
)
def test_addresses(text: str, address: object) -> None:
    assert parse_syslog(text) == address


@pytest.mark.parametrize(
    "text", ["", "log", "udp://", "udp://host", "udp://host:0", "udp://host:70000", "tcp://host:514",
             "udp://a b:1/", "udp://host:514/x"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="audit_syslog") as caught:
        parse_syslog(text)
    assert caught.value.hint

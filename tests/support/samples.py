"""Answers of a hub as JSON values, for the small one of tests."""

from __future__ import annotations

from typing import Any

SERVER_ID = "018f0000-0000-7000-8000-000000000001"
THEN = "2026-01-01T00:00:00.000Z"
HOSTILE = "[bold red]x[/] \x1b[31m\x9b2J\n\u202eeman"
"""A name as an attacker would choose it: markup, escapes, a line break, reversed text."""


def server(name: str = "web-1", **fields: object) -> dict[str, Any]:
    """A server of the list."""
    return {
        "id": SERVER_ID, "name": name, "status": "online", "tags": {"env": "prod"},
        "owner": "ada", "os": "Debian 12", "agent_version": "0.1.0", "created_at": THEN,
        "last_seen": None, "cpu_percent": 1.25, "memory_percent": 50.0, "disk_percent": None,
        "alerts": 0,
    } | fields  # fmt: skip


def user(name: str = "ada", **fields: object) -> dict[str, Any]:
    """An account."""
    return {"id": "u1", "name": name, "role": "viewer", "disabled": False, "created_at": THEN,
            "last_login": None} | fields  # fmt: skip


def key(**fields: object) -> dict[str, Any]:
    """A key of the list."""
    return {"id": "k1", "server": "web-1", "name": "default", "prefix": "abcdefgh",
            "created_at": THEN, "expires_at": None, "last_used": None, "revoked_at": None
            } | fields  # fmt: skip


def token(**fields: object) -> dict[str, Any]:
    """An API token of the list."""
    return {"id": "t1", "name": "ci", "role": "viewer", "servers": None, "expires_at": None,
            "last_used": None} | fields  # fmt: skip


def event(**fields: object) -> dict[str, Any]:
    """A connection event."""
    return {"server": "web-1", "event": "connected", "ts": THEN, "address": "127.0.0.1",
            "reason": None} | fields  # fmt: skip


def audit(number: int = 1, **fields: object) -> dict[str, Any]:
    """A record of the audit trail."""
    return {"id": number, "ts": THEN, "user": "ada", "action": "servers.add",
            "target": "web-1", "outcome": "ok", "address": "127.0.0.1", "detail": {"a": 1},
            "hash": "00"} | fields  # fmt: skip


def sample(**fields: object) -> dict[str, Any]:
    """A sample as ``metrics show`` has it."""
    return {
        "server": "web-1", "ts": THEN,
        "cpu": {"percent": 12.5, "per_core": [12.5], "count": 1, "user": 10.0, "system": 2.5,
                "iowait": 0.0, "steal": None},
        "load": [0.1, 0.2, 0.3],
        "memory": {"total": 1000, "used": 500, "available": 500, "percent": 50.0},
        "swap": {"total": 0, "used": 0, "percent": 0.0},
        "disks": [{"mount": "/", "device": "/dev/sda", "fstype": "ext4", "total": 2048,
                   "used": 1024, "percent": 50.0, "free": 1024, "inodes_percent": None}],
        "disk_io": [{"device": "sda", "read_bps": None, "write_bps": 2048.0,
                     "read_iops": None, "write_iops": 1.5}],
        "network": [{"interface": "lo", "rx_bps": 1.0, "tx_bps": 1.0, "rx_packets_ps": None,
                     "tx_packets_ps": None, "errors_ps": 0.0}],
        "temperatures": [], "uptime_s": 3600.0, "process_count": 80, "containers": [],
        "missing": {}, "clock_skew": None, "processes": None,
        "units": {"failed": None, "names": []}, "container_count": None, "custom": [],
        "agent": {"cpu_percent": None, "rss": None, "spool_bytes": None, "spool_samples": None,
                  "collectors": {}},
    } | fields  # fmt: skip


def result(**fields: object) -> dict[str, Any]:
    """A command's result."""
    return {"server": "web-1", "command_id": "c1", "run_id": "r1", "status": "succeeded",
            "exit_code": 0, "stdout": None, "stderr": None} | fields  # fmt: skip


def command(**fields: object) -> dict[str, Any]:
    """A command of the list."""
    return {"id": "c1", "run_id": "r1", "server": "web-1", "user": "ada", "command": "uptime",
            "status": "succeeded", "exit_code": 0, "signal": None, "created_at": THEN,
            "started_at": THEN, "finished_at": THEN, "duration_ms": 1500, "truncated": False,
            "error": None, "container": None} | fields  # fmt: skip


def run(name: str = "r1", *commands: dict[str, Any], target: str = "web-*") -> dict[str, Any]:
    """A run of these commands."""
    own = ("id", "server", "status", "exit_code", "signal")
    counts: dict[str, int] = {}
    for one in commands:
        counts[one["status"]] = counts.get(one["status"], 0) + 1
    return {"id": name, "user": "ada", "target": target, "command": "uptime", "created_at": THEN,
            "finished_at": THEN, "counts": counts,
            "commands": [{key: one[key] for key in own} for one in commands]}  # fmt: skip

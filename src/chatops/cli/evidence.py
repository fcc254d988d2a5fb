"""What an agent told when an alert fired, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatops.cli import show
from chatops.text import escape, shorten


def evidence_lines(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Lines, every foreign part escaped."""
    yield ""
    yield f"what the agent told at {_text(show.local(evidence.get('taken_at')))}:"
    yield from _processes(evidence.get("processes"))
    yield from _containers(evidence.get("containers"))
    yield from _usage(evidence.get("mount"))
    yield from _journal(evidence.get("journal"))


def _processes(processes: Any) -> Iterator[str]:
    for name, title in (("by_cpu", "most CPU"), ("by_memory", "most memory")):
        found = processes.get(name) if isinstance(processes, dict) else None
        if not found:
            continue
        yield f"\n{title}:"
        for one in found:
            cpu, size = show.percent(one.get("cpu_percent")), show.size(one.get("rss"))
            command = shorten(escape(str(one.get("command") or one.get("name"))), 100)
            yield f"  {_text(one.get('pid')):>8} {cpu or '-':>7} {size or '-':>10}  {command}"


def _containers(found: Any) -> Iterator[str]:
    if found:
        yield "\ncontainers:"
        for one in found:
            cpu, size = show.percent(one.get("cpu_percent")), show.size(one.get("memory"))
            state = " ".join(_text(one.get(key)) for key in ("state", "health") if one.get(key))
            yield f"  {_text(one.get('name')):20} {state:18} {cpu or '-':>7} {size or '-':>10}"


def _usage(mount: Any) -> Iterator[str]:
    if isinstance(mount, dict):
        whole = "" if mount.get("complete") else " (as far as there was time)"
        yield f"\nlargest below {_text(mount.get('path'))}{whole}:"
        for one in mount.get("largest") or ():
            yield f"  {show.size(one.get('bytes')) or '-':>10}  {_text(one.get('path'))}"


def _journal(lines: Any) -> Iterator[str]:
    if lines:
        yield "\nlast lines of the journal:"
        for line in lines:
            yield f"  {_text(line)}"


def _text(value: Any) -> str:
    return escape(str(value)) if value is not None else "-"

"""Where Podman's API says other things than Docker's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from docker import APIClient

TOP: Final = "hpid,ppid,user,args"
"""What to ask of a container's processes, in the words of its own ``ps``."""
_HEALTH: Final = ("healthy", "unhealthy", "starting")


def is_podman(client: APIClient) -> bool:
    """Whether the engine is Podman."""
    parts = client.version().get("Components") or ()
    return any("podman" in str(one.get("Name")).lower() for one in parts)


def add_health(client: APIClient, rows: Sequence[dict[str, Any]]) -> None:
    """Say in each row of a list what the health check says, as Docker does; Podman tells it only
    when it is asked which containers are so."""
    if not rows or not is_podman(client):
        return
    health = {
        one["Id"]: word
        for word in _HEALTH
        for one in client.containers(all=True, filters={"health": word})
    }
    for row in rows:
        if row["Id"] in health:
            row["Status"] = f"{row.get('Status') or ''} ({health[row['Id']]})"

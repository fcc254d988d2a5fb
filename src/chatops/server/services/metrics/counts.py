"""What became of samples since the hub started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class IngestCounts:
    """Samples so far: committed ``live`` and ``late`` ones (of an outage); left out because they
    were there already (``duplicate``), were older than any history (``too_old``), or found no room
    (``no_room``: their agents send them again); and ``lost``, as agents say."""

    live: int = 0
    late: int = 0
    duplicate: int = 0
    too_old: int = 0
    no_room: int = 0
    lost: int = 0

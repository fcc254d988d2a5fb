"""The newest sample of servers, wherever it is: among the open ones, or closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from chatops.protocol.metrics import Sample
from chatops.server.crud import metric_store as store
from chatops.server.crud import metrics as crud
from chatops.server.db.transactions import Transaction

decode: Final = msgspec.json.Decoder(Sample).decode


class Newest(NamedTuple):
    """When a sample was taken, how far the host's clock was ahead, and the sample as JSON."""

    ts: float
    skew: float | None
    sample: bytes


def read_newest(tx: Transaction, rows: Mapping[str, int]) -> dict[str, Newest]:
    """By server; who has none is left out. ``rows`` are the servers and, as far as that is known,
    the open row of each one's newest sample: if it is not open any more, it was closed."""
    server_of = {row_id: server_id for server_id, row_id in rows.items() if row_id}
    opened = crud.by_ids(tx, list(server_of)) if server_of else []
    found = {server_of[one.id]: Newest(one.ts, one.skew, one.sample) for one in opened}
    for server_id in rows.keys() - found.keys():
        if (closed := store.latest_of(tx, server_id)) is not None:
            found[server_id] = Newest(closed["ts"], closed["skew"], closed["sample"])
    return found

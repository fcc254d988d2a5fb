"""What comes with a sample only now and then, and is shown with the others too. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from chatops.protocol.metrics import Sample
from chatops.server.crud.metrics import OpenSample

FOR: Final = 90.0
"""Seconds that it is shown with later samples."""
_decode: Final = msgspec.json.Decoder(Sample).decode
_encode: Final = msgspec.json.Encoder().encode


def carry(sample: Sample, older: Sample) -> None:
    """Show the processes and the collectors' seconds of an older sample with a newer one."""
    if sample.processes is None:
        sample.processes = older.processes
        sample.agent.collectors = sample.agent.collectors or older.agent.collectors


def newest_in_full(samples: Sequence[OpenSample]) -> OpenSample:
    """The newest of some samples, with what came a little earlier."""
    newest = max(samples, key=lambda sample: sample.ts)
    data = _decode(newest.sample)
    if data.processes is not None:
        return newest
    lately = [one for one in samples if newest.ts - FOR <= one.ts < newest.ts]
    for one in sorted(lately, key=lambda sample: sample.ts, reverse=True):
        older = _decode(one.sample)
        if older.processes is not None:
            carry(data, older)
            return newest._replace(sample=_encode(data))
    return newest

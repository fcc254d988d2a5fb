"""One whole sample of this host, without a hub."""

from __future__ import annotations

import asyncio
from typing import Final

from chatops.agent.sampler import Sampler
from chatops.protocol.metrics import Sample

SPAN: Final = 1.1
"""Seconds between the two looks that rates and percentages need."""


def sample_once() -> Sample:
    """Measure this host; takes a bit more than a second, longer when a mount hangs."""
    return asyncio.run(_two_looks())


async def _two_looks() -> Sample:
    sampler = Sampler(every_time=True)
    try:
        await sampler.sample()
        await asyncio.sleep(SPAN)
        return await sampler.sample()
    finally:
        sampler.close()

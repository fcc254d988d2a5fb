"""Main memory and swap, from one look at /proc/meminfo."""

from __future__ import annotations

import psutil

from chatops.protocol.metrics import Memory, Swap


def memory() -> Memory:
    """Main memory; ``available`` is the kernel's own estimate."""
    seen = psutil.virtual_memory()
    used = max(seen.total - seen.available, 0)
    return Memory(
        total=seen.total, used=used, available=seen.available, percent=_share(used, seen.total)
    )


def swap() -> Swap:
    """Swap space; a host without any has 0 per cent of 0 bytes in use."""
    seen = psutil.swap_memory()
    return Swap(total=seen.total, used=seen.used, percent=_share(seen.used, seen.total))


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0

"""The heap of a process: large blocks go back when they are freed, and those that come and go all
the time stay.

glibc raises the size from which it maps blocks by themselves with the first one that is freed,
and keeps later ones: each thread that ever hashed a password (19 MiB with argon2) would hold on
to that memory, and each pool of threads has heaps of its own. And it gives the end of a heap back
when 128 KiB of it are free: with blocks of a copy it would do that, and ask for fresh pages, at
every second one, which took a quarter of the hub's time.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_LARGE: Final = 1024 * 1024
_SPARE: Final = 4 * 1024 * 1024
_ARENAS: Final = 2
_COLLECT: Final = (10_000, 20, 20)
_SWITCH: Final = 0.0005
"""Seconds after which a thread that computes lets another one go on."""


def give_back() -> None:
    """Give pages that hold nothing any more back to the system: after a burst (thousands of
    agents that come back with the samples of an outage) they are many, between others that live."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return
    trim(0)


def tune_heap() -> None:
    """Ask glibc for it; another C library has no such trouble, or no such knob."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, _LARGE)
    mallopt(_TRIM_THRESHOLD, _SPARE)
    mallopt(_ARENA_MAX, _ARENAS)


def settle_down() -> None:
    """What is there now stays: the garbage collector need not look at it again. And a thread
    that has the database's answer does not wait the usual 5 ms for a busy event loop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_SWITCH)

"""Loading many modules without looking for garbage, which there is hardly any of."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """No look for garbage inside, and none later at what is there by the end: it stays. Each would
    go through all of it, which of a hub takes a tenth of a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

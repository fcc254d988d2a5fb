"""Integers as the wire knows them: JSON has no bounds, 64-bit columns and encoders have."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Int = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""A signed integer of 64 bits. A larger one is refused when it is read, instead of failing
where it is stored or sent on."""

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The same, not negative: sizes, offsets, serial numbers."""

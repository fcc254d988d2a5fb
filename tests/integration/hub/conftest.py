"""A hub for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.hub import TestHub, running_hub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    """A running hub with the administrator signed in."""
    async with running_hub(tmp_path / "hub") as running:
        yield running

"""A small hub to talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fake_hub import FakeHub, fake_hub


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as running:
        yield running

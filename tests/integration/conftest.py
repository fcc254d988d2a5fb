"""What tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.engine import RealEngine, real_engine


@pytest.fixture(scope="session")
def session_engine() -> Iterator[RealEngine]:
    """The container engine of all tests of a process."""
    with real_engine() as engine:
        yield engine


@pytest.fixture
def engine(session_engine: RealEngine) -> Iterator[RealEngine]:
    """The same, without containers at the beginning and at the end."""
    session_engine.clear()
    yield session_engine
    session_engine.clear()

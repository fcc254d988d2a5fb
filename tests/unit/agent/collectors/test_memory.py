"""Memory and swap of this host."""

from __future__ import annotations

from chatops.agent.collectors.memory import memory, swap


def test_used_is_what_is_not_available() -> None:
    found = memory()
    assert found.total is not None
    assert found.available is not None
    assert found.used == found.total - found.available
    assert found.percent == round(100 * found.used / found.total, 2)


def test_a_host_without_swap_uses_none_of_it() -> None:
    found = swap()
    assert found.percent is not None
    assert 0 <= found.percent <= 100
    assert found.total or found.percent == 0

"""Two agents on one identity: told from restarts, machines that moved, and lost connections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.key_use import REMEMBERED, SHARED_FOR, KeyUse, User


def user(instance: str, machine: str = "m") -> User:
    return User(instance, machine, f"host-{machine}", "192.0.2.1", "k")


def test_only_who_comes_back_after_another_shares() -> None:
    use = KeyUse()
    assert use.connected("s", user("a"), 0.0, 0.0) is None
    assert use.connected("s", user("a"), 1.0, 1.0) is None
    assert use.connected("s", user("b"), 2.0, 2.0) is None
    found = use.connected("s", user("a"), 3.0, 3.0)
    assert found is not None
    assert [one.instance for one in found.users] == ["b", "a"]
    assert use.connected("t", user("b"), 4.0, 4.0) is None


def test_it_is_forgotten_when_it_was_not_seen_for_long() -> None:
    use = KeyUse()
    for at, name in enumerate("aba"):
        use.connected("s", user(name), float(at), 0.0)
    assert set(use.shared(3.0)) == {"s"}
    assert use.shared(2.0 + SHARED_FOR) == {}


def test_machines_and_clones_are_told_apart() -> None:
    use = KeyUse()
    use.connected("s", user("a", "m1"), 0.0, 0.0)
    use.connected("s", user("b", "m2"), 0.0, 0.0)
    assert "two machines" in str(use.connected("s", user("a", "m1"), 0.0, 0.0))
    use.connected("t", user("a"), 0.0, 0.0)
    use.connected("t", user("b"), 0.0, 0.0)
    assert "a cloned machine" in str(use.connected("t", user("a"), 0.0, 0.0))


@given(st.lists(st.integers(0, 3), max_size=60))
def test_restarts_never_count(repeats: list[int]) -> None:
    """Each process connects once or more often, and is then never heard of again."""
    use = KeyUse()
    for number, count in enumerate(repeats):
        for _ in range(count + 1):
            assert use.connected("s", user(f"i{number}"), 0.0, 0.0) is None
    assert use.shared(0.0) == {}
    assert all(len(known.users) <= REMEMBERED for known in use._known.values())

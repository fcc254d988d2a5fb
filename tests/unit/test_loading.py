"""No looks for garbage while modules load, and none at them later."""

from __future__ import annotations

import gc

import pytest

from chatops.loading import loading


def test_what_is_there_by_the_end_is_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        loaded: list[object] = []
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
    assert all(loaded is not one for one in gc.get_objects())


def test_a_failure_leaves_it_switched_on() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()

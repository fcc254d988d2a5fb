"""One process a data folder."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from chatops.errors import Conflict
from chatops.locks import FolderLock


def test_the_second_is_told_who_holds_it_and_may_have_it_later(tmp_path: Path) -> None:
    with FolderLock(tmp_path, "hub"):
        with pytest.raises(Conflict, match=f"another hub .process {os.getpid()}. runs on"):
            FolderLock(tmp_path, "hub").__enter__()
        with FolderLock(tmp_path, "agent"):
            pass
    with FolderLock(tmp_path, "hub"):
        pass
    assert stat.S_IMODE((tmp_path / "hub.lock").stat().st_mode) == 0o600


def test_patience_waits_for_the_holder_to_go(tmp_path: Path) -> None:
    first = FolderLock(tmp_path, "agent").__enter__()
    timer = threading.Timer(0.1, first.__exit__)
    timer.start()
    with FolderLock(tmp_path, "agent", patience=15.0) as second:
        assert second.fileno() > 0
    timer.join()


def test_it_lasts_while_any_process_has_the_file_open(tmp_path: Path) -> None:
    with FolderLock(tmp_path, "agent") as lock:
        inherited = os.dup(lock.fileno())
    with pytest.raises(Conflict):
        FolderLock(tmp_path, "agent").__enter__()
    os.close(inherited)
    with FolderLock(tmp_path, "agent"):
        pass
    with pytest.raises(ValueError, match="not held"):
        lock.fileno()

"""What holds for every test: a clean environment, and nothing left behind."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.leaks import held, left_behind, recorded_tasks
from tests.support.ports import free_port

settings.register_profile(
    "suite", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", settings.get_profile("suite"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

_COLLECT = (10_000, 20, 20)
"""As in a hub: with Python's own, 32 of 48 s of CPU of 242 tests went into looks for garbage."""
_serial = itertools.count()
_PERSONAL = ("CHATOPS_", "XDG_")
_TERMINAL = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


def pytest_collectstart() -> None:
    """No look for garbage until all tests are collected: a tenth of what that takes."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Spare each later look for garbage the modules and tests that are there for good: with
    them it takes a quarter of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    gc.enable()


@pytest.fixture(autouse=True, scope="module")
def what_a_module_leaves() -> Iterator[None]:
    """The same for what a module of tests leaves in caches: looks for garbage are made after many
    tests, and took half a second in the end."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def unused_tcp_port() -> int:
    """In place of pytest-asyncio's, whose ports others may be given before they are used."""
    return free_port()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tests' home folders."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a task, a child process, a thread or an open file."""
    before = held()
    with recorded_tasks() as tasks:
        yield
    left = tasks + left_behind(before)
    if left:
        pytest.fail("the test left behind\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def home(nothing_left_behind: None, homes: Path) -> Iterator[Path]:
    """An empty home of the test's own, and no setting or terminal of the user's."""
    folder = homes / str(next(_serial))
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_PERSONAL) or name in _TERMINAL:
                patch.delenv(name)
        patch.setenv("HOME", str(folder))
        patch.setenv("CHATOPS_CONFIG_DIR", str(folder / "config"))
        yield folder

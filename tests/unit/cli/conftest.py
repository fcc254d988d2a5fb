"""A small hub, and the command line in this process, signed in to it by variables."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from chatops.cli.start import run
from tests.support.fake_hub import FakeHub, fake_hub
from tests.support.processes import Finished


class Invoke(Protocol):
    """``chatops WORDS``, without a terminal."""

    def __call__(self, *words: str, stdin: str = "", **environ: str) -> Finished: ...


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for profiles, and no variables of ours."""
    import os

    for name in [name for name in os.environ if name.startswith("CHATOPS_")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "config"
    monkeypatch.setenv("CHATOPS_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture
def nobody(config: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """The command line of somebody who is signed in nowhere."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def invoke(*words: str, stdin: str = "", **environ: str) -> Finished:
        out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            for name, value in environ.items():
                patch.setenv(name, value)
            code = run(list(words))
            out.flush()
            err.flush()
        done = Finished(code, out.buffer.getvalue(), err.buffer.getvalue())  # type: ignore[attr-defined]
        out.detach()
        err.detach()
        return done

    yield invoke
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def cli(nobody: Invoke, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The same, with CHATOPS_HUB and CHATOPS_TOKEN set, as in CI."""
    monkeypatch.setenv("CHATOPS_HUB", hub.url)
    monkeypatch.setenv("CHATOPS_TOKEN", "token-1")
    return nobody

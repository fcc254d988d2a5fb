"""An answer of the engine that goes on, whose reader is not wanted any more."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from chatops.agent.engine import Engine, EngineError
from chatops.agent.engine_stream import EngineStream


def test_who_is_not_wanted_before_it_has_asked_waits_for_nothing(tmp_path: Path) -> None:
    """The hub may give up while the engine is slow: then nobody ends the reading later."""

    def is_over(interrupt: Callable[[], object]) -> None:
        interrupt()

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "sock"))
        silent.listen()
        engine = Engine(f"unix://{tmp_path}/sock")
        with (
            pytest.raises(EngineError) as ended,
            EngineStream.opened(engine, "GET", "/x", {}, seconds=60.0, on_end=is_over),
        ):
            pass
    assert ended.value.code == "conflict"

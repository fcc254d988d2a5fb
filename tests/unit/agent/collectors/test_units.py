"""Failed units, as a systemctl on the PATH lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatops.agent.collectors import units
from chatops.agent.collectors.units import UnitsCollector
from chatops.protocol.metrics import Units


def collector(folder: Path, script: str, *, booted: bool = True) -> UnitsCollector:
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return UnitsCollector(str(folder), folder if booted else folder / "nowhere")


def test_failed_units_are_named(tmp_path: Path) -> None:
    lines = "a.service loaded failed failed A thing\\nmnt-x\\\\x20y.mount loaded failed failed M\\n"
    asked = collector(tmp_path, f"printf '{lines}'; env > {tmp_path}/env")
    assert asked() == Units(failed=2, names=["a.service", "mnt-x\\x20y.mount"])
    assert not re.search("CHATOPS|HOME", (tmp_path / "env").read_text())


def test_none_is_a_number(tmp_path: Path) -> None:
    assert collector(tmp_path, "")() == Units(failed=0)


def test_many_are_counted_and_some_are_named(tmp_path: Path) -> None:
    found = collector(tmp_path, "seq 1 500")()
    assert (found.failed, len(found.names)) == (500, 100)


def test_without_systemd_nothing_is_known(tmp_path: Path) -> None:
    assert collector(tmp_path, "echo x", booted=False)() == Units()
    assert UnitsCollector(str(tmp_path / "empty"), tmp_path)() == Units()


def test_a_failure_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="systemctl: no bus"):
        collector(tmp_path, "echo no bus >&2; exit 1")()


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "LIMIT", 0.2)
    with pytest.raises(TimeoutError, match=r"within 0\.2 s"):
        collector(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")()
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()

"""Temperatures, from the kernel's hardware monitors.

The list of sensors is looked up once a minute; a sample only reads their values. A sensor
that does not answer (a disk asleep) is left out of the sample.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from chatops.agent.collectors.labels import clean
from chatops.protocol.metrics import Temperature

_LIST_EVERY: Final = 60.0


class TemperatureCollector:
    """Every sensor of /sys/class/hwmon, or the thermal zones of hosts without any there."""

    def __init__(self, sys: Path = Path("/sys/class")) -> None:
        self._sys = sys
        self._listed: float | None = None
        self._sensors: dict[str, Path] = {}

    def __call__(self) -> list[Temperature]:
        now = time.monotonic()
        if self._listed is None or now - self._listed >= _LIST_EVERY:
            self._sensors = _hwmon(self._sys) or _zones(self._sys)
            self._listed = now
        read = ((name, _read(path)) for name, path in self._sensors.items())
        return [
            Temperature(clean(name), round(int(text) / 1000, 1))
            for name, text in read
            if text.lstrip("-").isdecimal()
        ]


def _hwmon(sys: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    monitors = sys / "hwmon"
    paths = [*monitors.glob("hwmon*/temp*_input"), *monitors.glob("hwmon*/device/temp*_input")]
    for path in sorted(paths):
        base = path.name.removesuffix("_input")
        chip = _read(path.parent / "name")
        label = _read(path.parent / f"{base}_label") or base
        _add(found, f"{chip}.{label}" if chip else label, path)
    return found


def _zones(sys: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for zone in sorted((sys / "thermal").glob("thermal_zone*")):
        _add(found, _read(zone / "type") or zone.name, zone / "temp")
    return found


def _add(found: dict[str, Path], name: str, path: Path) -> None:
    # A name is typed in `temp:SENSOR`, so it has no blanks and is unlike the others.
    name = "_".join(name.split())
    twin, number = name, 2
    while twin in found:
        twin, number = f"{name}.{number}", number + 1
    found[twin] = path


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as file:
            return file.read(256).strip()
    except OSError:
        return ""

"""Sensors, on a tree like the kernel's."""

from __future__ import annotations

from pathlib import Path

from chatops.agent.collectors.temperatures import TemperatureCollector


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_sensors_are_named_by_chip_and_label(tmp_path: Path) -> None:
    write(tmp_path / "hwmon/hwmon0/name", "coretemp\n")
    write(tmp_path / "hwmon/hwmon0/temp1_input", "45500\n")
    write(tmp_path / "hwmon/hwmon0/temp1_label", "Package id 0\n")
    write(tmp_path / "hwmon/hwmon0/temp2_input", "-3000\n")
    write(tmp_path / "hwmon/hwmon1/name", "nvme\n")
    write(tmp_path / "hwmon/hwmon1/temp1_input", "n/a\n")
    found = {one.sensor: one.celsius for one in TemperatureCollector(tmp_path)()}
    assert found == {"coretemp.Package_id_0": 45.5, "coretemp.temp2": -3.0}


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    for number in (0, 1):
        write(tmp_path / f"hwmon/hwmon{number}/name", "nvme")
        write(tmp_path / f"hwmon/hwmon{number}/temp1_input", "40000")
    names = [one.sensor for one in TemperatureCollector(tmp_path)()]
    assert names == ["nvme.temp1", "nvme.temp1.2"]


def test_thermal_zones_serve_where_no_monitor_is(tmp_path: Path) -> None:
    write(tmp_path / "thermal/thermal_zone0/type", "cpu-thermal\n")
    write(tmp_path / "thermal/thermal_zone0/temp", "51234\n")
    (found,) = TemperatureCollector(tmp_path)()
    assert (found.sensor, found.celsius) == ("cpu-thermal", 51.2)


def test_a_host_without_sensors_has_none(tmp_path: Path) -> None:
    assert TemperatureCollector(tmp_path)() == []

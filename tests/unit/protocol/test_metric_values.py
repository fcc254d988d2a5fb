"""VALUE: numbers in the metric's unit, and only in that."""

from __future__ import annotations

import pytest

from chatops.errors import InvalidInput
from chatops.protocol.metric_values import parse_value


@pytest.mark.parametrize(
    ("metric", "text", "value"),
    [
        ("cpu", "90", 90.0),
        ("cpu", "90%", 90.0),
        ("disk:/var", "99.5%", 99.5),
        ("load1", ".5", 0.5),
        ("memory.available", "10GB", 1e10),
        ("memory.available", "512MiB", 512 * 2**20),
        ("net.rx:eth0", "10MB/s", 1e7),
        ("net.rx", "10MB", 1e7),
        ("uptime", "5m", 300.0),
        ("offline", "90", 90.0),
        ("clock.skew", "-30", -30.0),
        ("clock.skew", "-1.5s", -1.5),
        ("temp", "80°C", 80.0),
        ("temp", "80C", 80.0),
        ("net.errors", "3/s", 3.0),
    ],
)
def test_values_with_their_units(metric: str, text: str, value: float) -> None:
    assert parse_value(metric, text) == value


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("cpu", "nan"), ("cpu", "inf"), ("cpu", ""), ("cpu", "-"), ("cpu", "--5"), ("cpu", "1e3"),
        ("cpu", "5m"), ("cpu", "10GB"), ("load1", "5%"), ("memory.available", "50%"),
        ("uptime", "10GB"), ("cpu", "9" * 40), ("cpu", "٣"),
    ],
)  # fmt: skip
def test_what_is_no_value_of_the_metric(metric: str, text: str) -> None:
    with pytest.raises(InvalidInput, match="is no value of"):
        parse_value(metric, text)

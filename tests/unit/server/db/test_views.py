"""The view of open samples says of each instance what METRIC names say."""

from __future__ import annotations

import sqlite3

import msgspec

from chatops.protocol.metric_names import METRICS, all_values
from chatops.server.db.views import views
from tests.unit.protocol.test_metric_names import SAMPLE


def test_raw_has_the_values_of_a_sample() -> None:
    shell = sqlite3.connect(":memory:")
    shell.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, server_id, ts, skew, sample)")
    shell.execute("CREATE TABLE metric_closed (server_id, row_id)")
    for _ in range(2):
        sample = msgspec.json.encode(SAMPLE)
        shell.execute("INSERT INTO metrics VALUES (NULL, 's', 0, 2.5, ?)", [sample])
    shell.execute("INSERT INTO metric_closed VALUES ('s', 1)")
    shell.execute(views()["raw"])
    rows = shell.execute("SELECT metric, value FROM raw").fetchall()
    shell.close()
    found = dict(rows)
    assert len(rows) == len(found), "the closed one does not count"
    totals = {metric.name for metric in METRICS.values() if metric.listed is not None}
    wanted = {name: value for name, value in all_values(SAMPLE) if name not in totals}
    assert found == wanted | {"clock.skew": 2.5}

"""Views of ``metrics.db`` for people with a plain ``sqlite3``: names, units, times and values.

``minutes``, ``ten_minutes`` and ``hours`` show the levels, ``raw`` the samples that are not closed
yet. The hub never reads them. They follow from the levels and the METRIC names, so they are made
again whenever those have changed, and are no part of the migrations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from chatops.protocol.metric_names import METRICS, RUNNING, UNHEALTHY, Metric
from chatops.server.db.levels import LEVELS, Level

_TIME: Final = "strftime('%Y-%m-%dT%H:%M:%fZ', {}, 'unixepoch')"

# Partitioned by all that people ask for, so that SQLite looks at those rows only.
_LEVEL: Final = """
CREATE VIEW {name} AS
SELECT server_id, metric, unit, {time} AS ts,
       total * 1.0 / n / scale AS mean, least * 1.0 / scale AS min, most * 1.0 / scale AS max, n
FROM (
  SELECT s.server_id, s.name AS metric, s.unit, ifnull(s.scale, 1) AS scale,
         l.start + c.key * l.step AS second, json_extract(c.value, '$[0]') AS n,
         {total} AS total, {least} AS least, {most} AS most
  FROM metric_series s
  JOIN metric_levels l ON l.series_id = s.id AND l.step = {step}
  JOIN json_each(l.cells) c
  WINDOW row AS (PARTITION BY s.server_id, s.name, l.id ORDER BY c.key)
)
WHERE n > 0
"""
_COLUMN: Final = (
    "CASE WHEN s.scale IS NULL THEN json_extract(c.value, '$[{0}]')"
    " ELSE total(json_extract(c.value, '$[{0}]')) OVER row END"
)
# total and not sum: that fails when one server's values are beyond 64 bits, and all rows with it.

_OPEN: Final = """
(SELECT * FROM metrics r WHERE NOT EXISTS (
  SELECT 1 FROM metric_closed d WHERE d.server_id = r.server_id AND d.row_id >= r.id))
""".strip()

_RAW: Final = """
CREATE VIEW raw AS
SELECT m.server_id, v.column1 AS metric, v.column2 AS unit, {time} AS ts,
       json_extract(m.sample, v.column3) AS value
FROM {open} m JOIN (VALUES {single}) v
WHERE json_extract(m.sample, v.column3) IS NOT NULL
UNION ALL
SELECT m.server_id, v.column1 || ':' || json_extract(e.value, v.column4), v.column2, {time},
       json_extract(e.value, v.column5)
FROM {open} m JOIN (VALUES {listed}) v JOIN json_each(m.sample, v.column3) e
WHERE json_extract(e.value, v.column5) IS NOT NULL
UNION ALL
SELECT m.server_id, 'container.state:' || json_extract(e.value, '$.name'), '', {time},
       json_extract(e.value, '$.state') <> '{running}'
       OR ifnull(json_extract(e.value, '$.health'), '') = '{unhealthy}'
FROM {open} m JOIN json_each(m.sample, '$.containers') e
WHERE json_extract(e.value, '$.state') <> ''
UNION ALL
SELECT m.server_id, 'clock.skew', 's', {time}, m.skew FROM {open} m WHERE m.skew IS NOT NULL
"""


def make_views(connection: Connection) -> None:
    """Make the views of ``metrics.db`` that are missing or are of another version."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
    there = {name: sql for name, sql in rows}  # noqa: C416  (rows are no pairs to mypy)
    for name, sql in views().items():
        if there.get(name) != sql:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
            connection.exec_driver_sql(sql)


def views() -> Mapping[str, str]:
    """The statements that make the views, by name."""
    return {level.name: _level(level) for level in LEVELS} | {"raw": _raw()}


def _level(level: Level) -> str:
    columns = {name: _COLUMN.format(i) for i, name in enumerate(("total", "least", "most"), 1)}
    time = _TIME.format("second")
    return _LEVEL.format(name=level.name, step=level.step, time=time, **columns).strip()


def _raw() -> str:
    metrics = [metric for metric in METRICS.values() if metric.path]
    single = [_values(m, f"$.{m.path}") for m in metrics if m.listed is None]
    listed = [
        _values(m, f"$.{m.listed.field}", f"$.{m.listed.instance}", f"$.{m.path}")
        for m in metrics if m.listed is not None
    ]  # fmt: skip
    time = _TIME.format("m.ts")
    return _RAW.format(
        open=_OPEN, time=time, single=", ".join(single), listed=", ".join(listed), running=RUNNING,
        unhealthy=UNHEALTHY,
    ).strip()  # fmt: skip


def _values(metric: Metric, *more: str) -> str:
    return "(" + ", ".join(f"'{text}'" for text in (metric.name, metric.unit, *more)) + ")"

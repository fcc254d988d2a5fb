"""Alerts of several servers, silences, and the first rules.

Revision ID: chatops_0009
Revises: chatops_0008
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

from chatops.ids import new_id

revision = "chatops_0009"
down_revision = "chatops_0008"
branch_labels = None
depends_on = None

_FIRST_RULES = (
    ("offline", "offline", "gt", 60.0, 0.0, "critical"),
    ("disk-full", "disk", "gt", 90.0, 60.0, "warning"),
    ("container-down", "container.state:*", "gt", 0.0, 60.0, "warning"),
    ("unit-failed", "units.failed", "gt", 0.0, 60.0, "warning"),
    ("clock-ahead", "clock.skew", "gt", 30.0, 60.0, "warning"),
    ("clock-behind", "clock.skew", "lt", -30.0, 60.0, "warning"),
)
"""Name, metric, op, value, seconds, severity."""


def upgrade() -> None:
    """Add what alerts keep, make ``alert_servers`` and ``silences``, and the first rules, once:
    of these, what somebody removes stays removed."""
    op.add_column("alerts", sa.Column("comment", sa.String()))
    op.add_column(
        "alerts", sa.Column("silenced", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "alert_servers",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("back", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "server_id", name="pk_alert_servers"),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_alert_servers_alert_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_alert_servers_server_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_alert_servers_server_id", "alert_servers", ["server_id"])
    op.create_table(
        "silences",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("metric", sa.String()),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("comment", sa.String()),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("created_by", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
    )
    op.create_index("ix_silences_until", "silences", ["until"])
    _add_first_rules()


def _add_first_rules() -> None:
    rules = sa.table(
        "alert_thresholds",
        *map(sa.column, ("id", "name", "metric", "op", "value", "for_s", "severity", "target")),
        *map(sa.column, ("enabled", "created_at")),
    )
    taken = set(op.get_bind().scalars(sa.select(rules.c.name)))
    now = time.time()
    rows = [
        {
            "id": new_id(now), "name": name, "metric": metric, "op": op_, "value": value,
            "for_s": for_s, "severity": severity, "target": "all", "enabled": True,
            "created_at": now,
        }
        for name, metric, op_, value, for_s, severity in _FIRST_RULES
        if name not in taken
    ]  # fmt: skip
    if rows:
        op.bulk_insert(rules, rows)

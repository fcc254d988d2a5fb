"""Channels and the outbox.

Revision ID: chatops_0010
Revises: chatops_0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0010"
down_revision = "chatops_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of delivery."""
    op.create_table(
        "channels",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("remind_s", sa.Float()),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("created_by", sa.String()),
        sa.Column("last_result", sa.String()),
        sa.Column("last_result_at", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        sa.UniqueConstraint("name", name="uq_channels_name"),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("opens_at", sa.Float(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Float()),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        _belongs_to("notifications", "channel_id", "channels.id"),
    )
    op.create_index(
        "ix_notifications_channel_id_ended_at", "notifications", ["channel_id", "ended_at"]
    )
    op.create_index("ix_notifications_ended_at", "notifications", ["ended_at"])
    op.create_table(
        "notification_alerts",
        sa.Column("notification_id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("notification_id", "alert_id", name="pk_notification_alerts"),
        _belongs_to("notification_alerts", "notification_id", "notifications.id"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("notification_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("duration_s", sa.Float()),
        sa.Column("ok", sa.Boolean()),
        sa.Column("answer", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        _belongs_to("deliveries", "notification_id", "notifications.id"),
        _belongs_to("deliveries", "channel_id", "channels.id"),
    )
    op.create_index("ix_deliveries_channel_id_id", "deliveries", ["channel_id", "id"])
    op.create_index("ix_deliveries_notification_id", "deliveries", ["notification_id"])
    op.create_table(
        "told_alerts",
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "alert_id", name="pk_told_alerts"),
        _belongs_to("told_alerts", "channel_id", "channels.id"),
    )
    op.create_index("ix_told_alerts_alert_id", "told_alerts", ["alert_id"])


def _belongs_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [other], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )

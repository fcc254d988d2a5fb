"""Recordings of terminals; servers know what their agents' policies say of these.

Revision ID: chatops_0013
Revises: chatops_0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0013"
down_revision = "chatops_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and what the agent told of [policy.shell]."""
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String()),
        sa.Column("user_name", sa.String()),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("duration_s", sa.Float()),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_recordings_server_id_servers",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_recordings_user_id_users", ondelete="SET NULL"
        ),
    )  # fmt: skip
    op.create_index("ix_recordings_started_at_id", "recordings", ["started_at", "id"])
    op.create_index("ix_recordings_server_id_started_at", "recordings", ["server_id", "started_at"])
    op.add_column("servers", sa.Column("shell", sa.JSON()))

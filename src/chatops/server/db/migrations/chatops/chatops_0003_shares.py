"""Shares: what accounts other than the owner may do on a server.

Revision ID: chatops_0003
Revises: chatops_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0003"
down_revision = "chatops_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make ``server_shares``."""
    op.create_table(
        "server_shares",
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "user_id", name="pk_server_shares"),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name="fk_server_shares_server_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_server_shares_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_server_shares_user_id", "server_shares", ["user_id"])

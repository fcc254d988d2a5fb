"""Settings that an administrator changes while the hub runs.

Revision ID: chatops_0006
Revises: chatops_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0006"
down_revision = "chatops_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make ``settings``."""
    op.create_table(
        "settings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.Column("changed_by", sa.String()),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )

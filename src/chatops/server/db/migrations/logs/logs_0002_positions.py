"""Up to which place shipped lines are stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "logs_0002"
down_revision = "logs_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "log_positions",
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "epoch", name="pk_log_positions"),
    )
    op.create_index("ix_log_positions_at", "log_positions", ["at"])
    op.create_index("ix_log_positions_server_id_at", "log_positions", ["server_id", "at"])

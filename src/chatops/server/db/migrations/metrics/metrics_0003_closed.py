"""Up to where each server's samples are closed: they are cleared away later, many at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "metrics_0003"
down_revision = "metrics_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. What is in ``metrics`` by now is open."""
    op.create_table(
        "metric_closed",
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name="pk_metric_closed"),
        sqlite_with_rowid=False,
    )

"""First tables of metrics.db."""

import sqlalchemy as sa
from alembic import op

revision = "metrics_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of samples."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "metrics",
        sa.Column("id", big, nullable=False),
        sa.Column("ts", sa.Float(), nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("seq", big, nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metrics"),
        sa.UniqueConstraint("server_id", "epoch", "seq", name="uq_metrics_server_id_epoch_seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_metrics_ts", "metrics", ["ts"])
    op.create_index("ix_metrics_server_id_ts", "metrics", ["server_id", "ts"])

"""Chunks, levels and what belongs to them; the open samples lose their indexes.

Samples that are there stay: the hub closes them when it starts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "metrics_0002"
down_revision = "metrics_0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _open_samples()
    _series()
    _chunks()
    _levels()
    _by_server()


def _open_samples() -> None:
    op.drop_index("ix_metrics_ts", "metrics")
    op.drop_index("ix_metrics_server_id_ts", "metrics")
    with op.batch_alter_table("metrics", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint("uq_metrics_server_id_epoch_seq", type_="unique")
        table.add_column(sa.Column("skew", sa.Float(), nullable=True), insert_after="received_at")


def _series() -> None:
    op.create_table(
        "metric_series",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("scale", _BIG, nullable=True),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_series"),
        sa.UniqueConstraint("server_id", "name", name="uq_metric_series_server_id_name"),
    )


def _chunks() -> None:
    op.create_table(
        "metric_chunks",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("first_ms", _BIG, nullable=False),
        sa.Column("last_ms", _BIG, nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_chunks"),
    )
    op.create_index(
        "ix_metric_chunks_server_id_first_ms", "metric_chunks", ["server_id", "first_ms"]
    )
    op.create_index("ix_metric_chunks_last_ms", "metric_chunks", ["last_ms"])


def _levels() -> None:
    op.create_table(
        "metric_levels",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("series_id", _BIG, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("start", _BIG, nullable=False),
        sa.Column("cells", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_levels"),
        sa.UniqueConstraint(
            "series_id", "step", "start", name="uq_metric_levels_series_id_step_start"
        ),
    )
    op.create_index("ix_metric_levels_step_start", "metric_levels", ["step", "start"])


def _by_server() -> None:
    op.create_table(
        "metric_epochs",
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("numbers", sa.String(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "epoch", name="pk_metric_epochs"),
    )
    op.create_index("ix_metric_epochs_last_at", "metric_epochs", ["last_at"])
    op.create_table(
        "metric_latest",
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("ts", sa.Float(), nullable=False),
        sa.Column("skew", sa.Float(), nullable=True),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name="pk_metric_latest"),
    )
    op.create_table(
        "metric_gaps",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("first_seq", _BIG, nullable=False),
        sa.Column("last_seq", _BIG, nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("samples", _BIG, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_gaps"),
    )
    op.create_index("ix_metric_gaps_server_id_until", "metric_gaps", ["server_id", "until"])
    op.create_index("ix_metric_gaps_until", "metric_gaps", ["until"])

"""Runs: what was asked for, apart from what became of it on each server.

Revision ID: chatops_0002
Revises: chatops_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0002"
down_revision = "chatops_0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.String()
_COMMANDS = "command_history"


def upgrade() -> None:
    """Make ``runs`` from the commands that are there, and give commands their streams' lengths."""
    op.create_table(
        "runs",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("user_id", _TEXT),
        sa.Column("user_name", _TEXT),
        sa.Column("target", _TEXT, nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", _TEXT),
        sa.Column("digest", _TEXT),
        sa.Column("sealed_env", sa.LargeBinary()),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_runs_user_id_idempotency_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_runs_user_id", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_runs_created_at", "runs", ["created_at"])
    op.execute(
        "INSERT INTO runs (id, user_id, user_name, target, command, options, created_at) "
        "SELECT run_id, user_id, user_name, "
        "(SELECT name FROM servers WHERE servers.id = server_id), command, options, created_at "
        "FROM command_history GROUP BY run_id"
    )
    op.drop_index(f"ix_{_COMMANDS}_user_id_idempotency_key", _COMMANDS)
    op.drop_column(_COMMANDS, "idempotency_key")
    op.drop_column(_COMMANDS, "options")
    for name in ("stdout_bytes", "stderr_bytes"):
        length = sa.Column(name, _BIG, nullable=False, server_default="0")
        op.add_column(_COMMANDS, length)

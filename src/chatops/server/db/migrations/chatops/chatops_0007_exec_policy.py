"""Servers know what their agents' policies say of commands.

Revision ID: chatops_0007
Revises: chatops_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0007"
down_revision = "chatops_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the agent told of [policy.exec]."""
    op.add_column("servers", sa.Column("exec", sa.JSON()))

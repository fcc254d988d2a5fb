"""Servers know what their agents' policies say of files.

Revision ID: chatops_0012
Revises: chatops_0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0012"
down_revision = "chatops_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the agent told of [policy.files]."""
    op.add_column("servers", sa.Column("files", sa.JSON()))

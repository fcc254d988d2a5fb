"""Recordings know the container that their terminal was in.

Revision ID: chatops_0014
Revises: chatops_0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0014"
down_revision = "chatops_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("recordings", sa.Column("container", sa.String()))

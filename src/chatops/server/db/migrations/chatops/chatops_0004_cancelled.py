"""Commands remember that somebody asked for their end.

Revision ID: chatops_0004
Revises: chatops_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0004"
down_revision = "chatops_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the time of the first cancellation."""
    op.add_column("command_history", sa.Column("cancelled_at", sa.Float()))

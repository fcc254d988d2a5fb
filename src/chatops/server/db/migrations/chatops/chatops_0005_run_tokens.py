"""Runs remember the API token that they were asked for with.

Revision ID: chatops_0005
Revises: chatops_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0005"
down_revision = "chatops_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the token's id."""
    op.add_column("runs", sa.Column("token_id", sa.String()))

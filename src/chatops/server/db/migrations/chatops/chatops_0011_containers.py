"""Commands know their container, servers what their agents' policies say of containers.

Revision ID: chatops_0011
Revises: chatops_0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chatops_0011"
down_revision = "chatops_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add where a command runs, and what the agent told of [policy.docker]."""
    op.add_column("command_history", sa.Column("container", sa.String()))
    op.add_column("servers", sa.Column("docker", sa.JSON()))

"""API tokens hold ids in the place of servers' names.

Revision ID: chatops_0008
Revises: chatops_0007
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "chatops_0008"
down_revision = "chatops_0007"
branch_labels = None
depends_on = None

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NOBODY = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    """Resolve the names. One that nobody has any more must not mean the next who gets it: where
    it takes in it becomes an id that nobody has, where it leaves out it stays."""
    connection = op.get_bind()
    named = connection.execute(sa.text("SELECT name, id FROM servers"))
    servers = {str(name): str(server_id) for name, server_id in named}
    known = set(servers.values())

    def resolved(word: str) -> str:
        name = word.removeprefix("!")
        if name == "all" or name in known or not _PLAIN.fullmatch(name):
            return word
        return f"!{servers.get(name, name)}" if word != name else servers.get(name, _NOBODY)

    tokens = connection.execute(sa.text("SELECT id, servers FROM api_tokens")).all()
    change = sa.text("UPDATE api_tokens SET servers = :servers WHERE id = :id")
    for token, target in tokens:
        if target is not None:
            servers_now = ",".join(resolved(word.strip()) for word in target.split(","))
            connection.execute(change, {"servers": servers_now, "id": token})

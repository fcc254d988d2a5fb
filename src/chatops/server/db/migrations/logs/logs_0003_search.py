"""The index of words in log lines (SQLite's FTS5).

It holds no text of its own: that is in log_entries, and triggers keep the two together.
"""

from __future__ import annotations

from alembic import op

revision = "logs_0003"
down_revision = "logs_0002"
branch_labels = None
depends_on = None

_TABLE = """
CREATE VIRTUAL TABLE log_search
USING fts5 (message, content='log_entries', content_rowid='id', tokenize='unicode61')
"""
_INSERT = """
CREATE TRIGGER log_search_insert AFTER INSERT ON log_entries BEGIN
    INSERT INTO log_search (rowid, message) VALUES (new.id, new.message);
END
"""
_DELETE = """
CREATE TRIGGER log_search_delete AFTER DELETE ON log_entries BEGIN
    INSERT INTO log_search (log_search, rowid, message) VALUES ('delete', old.id, old.message);
END
"""
_REBUILD = "INSERT INTO log_search (log_search) VALUES ('rebuild')"


def upgrade() -> None:
    """Make the index, of the lines too that are there."""
    for statement in (_TABLE, _INSERT, _DELETE, _REBUILD):
        op.execute(statement)

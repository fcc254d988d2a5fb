"""First tables of chatops.db."""

import sqlalchemy as sa
from alembic import op

revision = "chatops_0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.String()
_TIME = sa.Float()


def upgrade() -> None:
    """Make all tables: those that others refer to first."""
    _users_and_servers()
    _credentials()
    _alerts()
    _commands()
    _records()


def _users_and_servers() -> None:
    op.create_table(
        "users",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("password_hash", _TEXT, nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_login", _TIME),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "servers",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("owner_id", _TEXT),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_seen", _TIME),
        sa.Column("agent_version", _TEXT),
        sa.Column("os", _TEXT),
        sa.Column("host", sa.JSON()),
        sa.Column("allow", sa.JSON()),
        sa.Column("address", _TEXT),
        sa.Column("clock_skew_s", sa.Float()),
        sa.Column("journal_epoch", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        sa.UniqueConstraint("name", name="uq_servers_name"),
        _belongs("servers", "owner_id", "users.id", "SET NULL"),
    )
    op.create_index("ix_servers_owner_id", "servers", ["owner_id"])


def _credentials() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("server_id", _TEXT, nullable=False),
        sa.Column("created_by", _TEXT),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("prefix", _TEXT, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("last_used", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        _belongs("api_keys", "server_id", "servers.id", "CASCADE"),
        _belongs("api_keys", "created_by", "users.id", "SET NULL"),
    )
    op.create_index("ix_api_keys_server_id", "api_keys", ["server_id"])
    op.create_index("ix_api_keys_created_by", "api_keys", ["created_by"])
    op.create_table(
        "api_tokens",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("user_id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("prefix", _TEXT, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("servers", _TEXT),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("last_used", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("prefix", name="uq_api_tokens_prefix"),
        _belongs("api_tokens", "user_id", "users.id", "CASCADE"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("family", _TEXT, nullable=False),
        sa.Column("user_id", _TEXT, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_tokens"),
        sa.UniqueConstraint("hash", name="uq_refresh_tokens_hash"),
        _belongs("refresh_tokens", "user_id", "users.id", "CASCADE"),
    )
    op.create_index("ix_refresh_tokens_family", "refresh_tokens", ["family"])
    op.create_index("ix_refresh_tokens_user_id", "refresh_tokens", ["user_id"])
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])


def _alerts() -> None:
    op.create_table(
        "alert_thresholds",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("server_id", _TEXT),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("metric", _TEXT, nullable=False),
        sa.Column("op", _TEXT, nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("clear", sa.Float()),
        sa.Column("for_s", sa.Float(), nullable=False),
        sa.Column("severity", _TEXT, nullable=False),
        sa.Column("target", _TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("created_by", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_alert_thresholds"),
        sa.UniqueConstraint("name", name="uq_alert_thresholds_name"),
        _belongs("alert_thresholds", "server_id", "servers.id", "CASCADE"),
    )
    op.create_index("ix_alert_thresholds_server_id", "alert_thresholds", ["server_id"])
    op.create_table(
        "alerts",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("server_id", _TEXT),
        sa.Column("threshold_id", _TEXT),
        sa.Column("threshold_name", _TEXT, nullable=False),
        sa.Column("metric", _TEXT, nullable=False),
        sa.Column("instance", _TEXT, nullable=False),
        sa.Column("op", _TEXT, nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("severity", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("message", _TEXT, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("fired_at", _TIME),
        sa.Column("acked_at", _TIME),
        sa.Column("acked_by", _TEXT),
        sa.Column("resolved_at", _TIME),
        sa.Column("resolved_reason", _TEXT),
        sa.Column("evidence", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        _belongs("alerts", "server_id", "servers.id", "CASCADE"),
        _belongs("alerts", "threshold_id", "alert_thresholds.id", "SET NULL"),
    )
    op.create_index("ix_alerts_threshold_id", "alerts", ["threshold_id"])
    op.create_index("ix_alerts_state", "alerts", ["state"])
    op.create_index("ix_alerts_server_id_state", "alerts", ["server_id", "state"])
    op.create_index("ix_alerts_started_at_id", "alerts", ["started_at", "id"])


def _commands() -> None:
    op.create_table(
        "command_history",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("run_id", _TEXT, nullable=False),
        sa.Column("server_id", _TEXT, nullable=False),
        sa.Column("user_id", _TEXT),
        sa.Column("user_name", _TEXT),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", _TEXT),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("signal", sa.Integer()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("duration_ms", _BIG),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("dropped_bytes", _BIG, nullable=False),
        sa.Column("reason", _TEXT),
        sa.Column("error", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_command_history"),
        _belongs("command_history", "server_id", "servers.id", "CASCADE"),
        _belongs("command_history", "user_id", "users.id", "SET NULL"),
    )
    table = "command_history"
    op.create_index(f"ix_{table}_run_id", table, ["run_id"])
    op.create_index(f"ix_{table}_status", table, ["status"])
    op.create_index(f"ix_{table}_created_at_id", table, ["created_at", "id"])
    op.create_index(f"ix_{table}_server_id_created_at", table, ["server_id", "created_at"])
    op.create_index(f"ix_{table}_user_id_idempotency_key", table, ["user_id", "idempotency_key"])
    op.create_table(
        "command_output",
        sa.Column("command_id", _TEXT, nullable=False),
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("offset", _BIG, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("command_id", "stream", "offset", name="pk_command_output"),
        _belongs("command_output", "command_id", "command_history.id", "CASCADE"),
    )


def _records() -> None:
    op.create_table(
        "connection_events",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("server_id", _TEXT),
        sa.Column("event", _TEXT, nullable=False),
        sa.Column("ts", _TIME, nullable=False),
        sa.Column("address", _TEXT),
        sa.Column("reason", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_connection_events"),
        _belongs("connection_events", "server_id", "servers.id", "CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_connection_events_ts", "connection_events", ["ts"])
    op.create_index("ix_connection_events_server_id_id", "connection_events", ["server_id", "id"])
    op.create_table(
        "audit_logs",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("ts", _TIME, nullable=False),
        sa.Column("user_id", _TEXT),
        sa.Column("user_name", _TEXT),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("target", _TEXT),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("address", _TEXT),
        sa.Column("detail", sa.JSON()),
        sa.Column("prev_hash", _TEXT, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_logs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_logs_ts", "audit_logs", ["ts"])
    op.create_index("ix_audit_logs_user_id", "audit_logs", ["user_id"])
    op.create_index("ix_audit_logs_action", "audit_logs", ["action"])


def _belongs(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}", ondelete=ondelete)

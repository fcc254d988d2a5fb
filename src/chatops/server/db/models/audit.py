"""The audit record: who did what, chained so that a change shows."""

from typing import Any

from sqlmodel import Field

from chatops.server.db.models.base import BigInt, ChatOpsModel, Json


class AuditLog(ChatOpsModel, table=True):
    """One act. No foreign key on ``user_id``: the record outlives the user.

    ``hash`` covers the record and ``prev_hash``, the one before it.
    """

    __tablename__ = "audit_logs"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    ts: float = Field(index=True)
    user_id: str | None = Field(default=None, index=True)
    user_name: str | None = None
    action: str = Field(index=True)
    target: str | None = None
    outcome: str
    address: str | None = None
    detail: dict[str, Any] | None = Field(default=None, sa_type=Json)
    prev_hash: str
    hash: str

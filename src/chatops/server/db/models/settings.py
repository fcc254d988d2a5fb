"""Settings that were set while the hub ran."""

from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from chatops.server.db.models.base import ChatOpsModel


class SettingRow(ChatOpsModel, table=True):
    """One setting that does not have the value that the hub was started with. ``value`` is a
    number of seconds or bytes, a plain number, or a word."""

    __tablename__ = "settings"

    key: str = Field(primary_key=True)
    value: Any = Field(sa_type=JSON, nullable=False)
    changed_at: float
    changed_by: str | None = None

"""Settings that change while the hub runs (admin only)."""

from __future__ import annotations

from chatops.client.session import Session, segment
from chatops.protocol.rest import Page, Setting, SettingChange, SettingValue


class Settings:
    """``client.settings``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> list[Setting]:
        """All of them."""
        return self._session.call("GET", "/settings", Page[Setting]).items

    def get(self, key: str) -> Setting:
        """One."""
        return self._session.call("GET", f"/settings/{segment(key)}", Setting)

    def set(self, key: str, value: SettingValue) -> Setting:
        """Set one: to text like ``30d`` or ``64KiB``, or to seconds, bytes, a number."""
        body = SettingChange(value=value)
        return self._session.call("PUT", f"/settings/{segment(key)}", Setting, body=body)

    def reset(self, key: str) -> Setting:
        """Go back to what the hub was started with."""
        return self._session.call("DELETE", f"/settings/{segment(key)}", Setting)

"""SettingsService: what administrators change while the hub runs.

A value that is set here stands above the ones that the hub was started with, also after a
restart, until it is reset.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Final, NoReturn, cast

from chatops.clock import Clock
from chatops.errors import InvalidInput, NotFound
from chatops.options import Option, options_of, parse, text_of
from chatops.protocol import rest
from chatops.protocol.rest import SettingValue
from chatops.server.crud import settings as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import SettingRow
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.live_settings import LiveSettings
from chatops.server.settings import HubSettings, check_values
from chatops.units import format_time

OPTIONS: Final = {one.name: one for one in options_of(HubSettings)}
LIVE: Final = {name: one for name, one in OPTIONS.items() if one.live}
_log = logging.getLogger(__name__)


class SettingsService:
    """Shows and changes the settings that may be changed at run time."""

    def __init__(
        self, database: Database, live: LiveSettings, audit: AuditService, clock: Clock
    ) -> None:
        self._database = database
        self._live = live
        self._audit = audit
        self._clock = clock
        self._rows: dict[str, SettingRow] = {}

    async def load(self) -> None:
        """Take over what was set before the hub started. What has no sense any more is left
        alone, and said."""
        async with self._database.read() as session:
            rows = await crud.get_all(session)
        self._use({key: row for key, row in rows.items() if self._fits(row)})

    def list(self) -> rest.Page[rest.Setting]:
        """All of them, in the order of the documentation."""
        return rest.Page(items=[self._show(one) for one in LIVE.values()])

    def show(self, key: str) -> rest.Setting:
        """One.

        Raises:
            NotFound: there is none of that name.
        """
        return self._show(_find(key))

    async def set(self, origin: Origin, key: str, value: SettingValue) -> rest.Setting:
        """Set one, from now on and after a restart.

        Raises:
            NotFound: there is none of that name.
            InvalidInput: it cannot have that value.
        """
        one = _find(key)
        parsed = self._parse(one, value)
        old, now = self._text(one), self._clock.now()
        async with self._database.write() as session:
            row = await crud.put(session, key, parsed, now=now, by=origin.user_name)
            detail = {"old": old, "new": text_of(one, parsed)}
            await self._audit.record(session, origin, "settings.set", key, detail=detail)
        self._use({**self._rows, key: row})
        return self._show(one)

    async def reset(self, origin: Origin, key: str) -> rest.Setting:
        """Go back to what the hub was started with; one that is not set is fine.

        Raises:
            NotFound: there is none of that name.
        """
        one = _find(key)
        old = self._text(one)
        new = text_of(one, getattr(self._live.started, key))
        async with self._database.write() as session:
            if await crud.remove(session, key):
                detail = {"old": old, "new": new}
                await self._audit.record(session, origin, "settings.reset", key, detail=detail)
        self._use({name: row for name, row in self._rows.items() if name != key})
        return self._show(one)

    # -- inside -------------------------------------------------------------------------

    def _use(self, rows: dict[str, SettingRow]) -> None:
        self._rows = rows
        self._live.put({key: row.value for key, row in rows.items()})

    def _fits(self, row: SettingRow) -> bool:
        try:
            row.value = self._parse(_find(row.key), row.value)
        except (InvalidInput, NotFound) as error:
            _log.warning("a setting that was set is not used: %s", error.message)
            return False
        return True

    def _parse(self, one: Option, value: SettingValue) -> SettingValue:
        parsed = parse(one, value, one.name)
        changes: dict[str, Any] = {one.name: parsed}
        check_values(replace(self._live.started, **changes))
        return cast("SettingValue", parsed)

    def _text(self, one: Option) -> str:
        return text_of(one, getattr(self._live.now, one.name))

    def _show(self, one: Option) -> rest.Setting:
        value, started = (getattr(at, one.name) for at in (self._live.now, self._live.started))
        row = self._rows.get(one.name)
        source: rest.SettingSource = "default" if started == one.default else "config"
        return rest.Setting(
            key=one.name,
            value=value,
            text=text_of(one, value),
            source="set" if row else source,
            kind=cast("rest.SettingKind", one.kind),
            meaning=one.help,
            configured=started,
            changed_at=format_time(row.changed_at) if row else None,
            changed_by=row.changed_by if row else None,
        )


def _find(key: str) -> Option:
    if key not in LIVE:
        _not_there(key)
    return LIVE[key]


def _not_there(key: str) -> NoReturn:
    if key in OPTIONS:
        raise NotFound(
            f"{key} cannot be changed while the hub runs",
            hint="give it to `chatops serve`: by flag, variable or configuration file",
        )
    raise NotFound(f"there is no setting {key[:80]!r}", hint="see `chatops settings list`")

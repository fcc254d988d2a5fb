"""/settings: what administrators change while the hub runs."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery


async def list_settings(call: Call[NoQuery, None]) -> rest.Page[rest.Setting]:
    """List the settings that may be changed while the hub runs."""
    return call.services.settings_service.list()


async def show_setting(call: Call[NoQuery, None]) -> rest.Setting:
    """Show one setting."""
    return call.services.settings_service.show(call.path["key"])


async def set_setting(call: Call[NoQuery, rest.SettingChange]) -> rest.Setting:
    """Set a setting, from now on and after a restart."""
    return await call.services.settings_service.set(call.origin, call.path["key"], call.body.value)


async def reset_setting(call: Call[NoQuery, None]) -> rest.Setting:
    """Go back to the value that the hub was started with."""
    return await call.services.settings_service.reset(call.origin, call.path["key"])

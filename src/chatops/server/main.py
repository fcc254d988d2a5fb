"""``chatops serve``: from settings to a hub that listens, and back to nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import uvloop
from aiohttp import web

from chatops import logs
from chatops.errors import SetupError
from chatops.locks import FolderLock
from chatops.paths import private_dir
from chatops.server.app import Hub, open_hub
from chatops.server.db.migrate import migrate
from chatops.server.first_run import ensure_admin
from chatops.server.http import HubRunner
from chatops.server.secrets import HubSecrets, load_secrets
from chatops.server.settings import HubSettings, check_values

Say = Callable[[str], None]
SHUTDOWN_WAIT: Final = 5.0
_log = logging.getLogger(__name__)


def serve(settings: HubSettings, say: Say) -> int:
    """Run a hub until SIGTERM or Ctrl-C; the exit code, 1 when it could not go on.

    Raises:
        InvalidInput: a setting has no sense.
        SetupError: the folder, the port or a setting cannot be used.
    """
    logs.setup(settings.log_level, "json" if settings.log_format == "json" else "text")
    _check(settings)
    folder = private_dir(settings.folder)
    with FolderLock(folder, "hub"):
        secrets = load_secrets(folder)
        migrate(folder)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(settings, secrets, say))


async def _run(settings: HubSettings, secrets: HubSecrets, say: Say) -> int:
    stopping = asyncio.Event()
    failures: list[BaseException] = []

    def fail(error: BaseException) -> None:
        failures.append(error)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with open_hub(settings, secrets, on_failure=fail) as hub:
        services = hub.services
        await ensure_admin(hub.databases.chatops, services.auth, services.audit, settings, say)
        async with listening(hub):
            say(f"chatops hub ready at {services.status.url}")
            await stopping.wait()
            _log.info("stopping")
    return 1 if failures else 0  # the service manager starts it again


@asynccontextmanager
async def listening(hub: Hub) -> AsyncIterator[None]:
    """Answer requests until the end of the block; then let nobody in, tell everybody, and flush.

    Raises:
        SetupError: the address cannot be had.
    """
    runner = await _listen(hub)
    try:
        yield
    finally:
        for site in runner.sites:
            await site.stop()
        try:
            await hub.stop()
        finally:
            await runner.cleanup()


async def _listen(hub: Hub) -> web.AppRunner:
    settings = hub.services.settings
    runner = HubRunner(hub.app, handle_signals=False, shutdown_timeout=SHUTDOWN_WAIT)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise SetupError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}",
            hint="stop what uses it, or choose another with --port (0 picks a free one)",
        ) from error
    host, port = runner.addresses[0][:2]
    shown = f"[{host}]" if ":" in host else host
    hub.set_url(settings.public_url or f"http://{shown}:{port}")
    return runner


def _check(settings: HubSettings) -> None:
    check_values(settings)
    if not 0 <= settings.port <= 65_535:
        raise SetupError(f"{settings.port} is no port", hint="take 1 to 65535, or 0 for a free one")
    if settings.insecure or _is_loopback(settings.host):
        return
    raise SetupError(
        f"{settings.host} is not loopback, and this hub would speak plain HTTP",
        hint="put a TLS proxy before it, or accept the risk with --insecure",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

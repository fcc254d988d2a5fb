"""The hub as a program: from a folder that is claimed to one that listens, and back to nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import uvloop

from chatops.errors import ChatOpsError
from chatops.heap import settle_down
from chatops.server.address import is_loopback, is_wildcard, own_address, url_of
from chatops.server.app import Hub, open_hub
from chatops.server.claim import Sockets, no_address
from chatops.server.db.apart import migrate_apart
from chatops.server.first_run import ensure_admin
from chatops.server.gate import Gate, raise_file_limit
from chatops.server.http import HubRunner, HubSite
from chatops.server.proxies import Proxies
from chatops.server.secrets import HubSecrets
from chatops.server.settings import HubSettings
from chatops.server.tls import HubCertificate

Say = Callable[[str], None]
SHUTDOWN_WAIT: Final = 5.0
_log = logging.getLogger(__name__)


def run(
    settings: HubSettings,
    secrets: HubSecrets,
    certificate: HubCertificate | None,
    sockets: Sockets,
    say: Say,
) -> int:
    """Bring the tables up to date and run until SIGTERM or Ctrl-C; the exit code.

    Raises:
        SetupError: the tables cannot be used.
    """
    migrate_apart(settings.folder)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings, secrets, certificate, sockets, say))


async def _run(
    settings: HubSettings,
    secrets: HubSecrets,
    certificate: HubCertificate | None,
    sockets: Sockets,
    say: Say,
) -> int:
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
        settle_down()
        async with listening(hub, sockets, certificate) as address:
            hang_up = _hang_up(hub, certificate, stopping)
            loop.add_signal_handler(signal.SIGHUP, hang_up)
            _say_ready(hub, certificate, address, say)
            await stopping.wait()
            _log.info("stopping")
    return 1 if failures else 0  # the service manager starts it again


@asynccontextmanager
async def listening(
    hub: Hub, sockets: Sockets, certificate: HubCertificate | None = None
) -> AsyncIterator[str]:
    """Answer requests on bound sockets until the end of the block; then let nobody in, tell
    everybody, and flush.

    Gives the URL of the address that it listens on. With a certificate TLS is spoken.

    Raises:
        Conflict: another program has begun to listen there.
    """
    runner = await _listen(hub, sockets, certificate)
    try:
        yield _set_urls(hub, certificate, runner)
    finally:
        for site in runner.sites:
            await site.stop()
        try:
            await hub.stop()
        finally:
            await runner.cleanup()


async def _listen(hub: Hub, sockets: Sockets, certificate: HubCertificate | None) -> HubRunner:
    settings = hub.services.settings
    gate = Gate(settings, hub.services.clock, raise_file_limit())
    runner = HubRunner(
        hub.app, Proxies(settings.trusted_proxy), gate, handle_signals=False,
        shutdown_timeout=SHUTDOWN_WAIT,
    )  # fmt: skip
    await runner.setup()
    context = certificate.context if certificate else None
    site = HubSite(runner, sockets, context)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise no_address(settings, error) from error
    return runner


def _set_urls(hub: Hub, certificate: HubCertificate | None, runner: HubRunner) -> str:
    settings = hub.services.settings
    host, port = runner.address
    scheme = "https" if certificate else "http"
    if not is_loopback(host) and not is_wildcard(settings.host):
        host = settings.host  # a name, maybe: a certificate is for it and not for its address
    elsewhere = own_address(ipv6=":" in host) if is_wildcard(host) else host
    hub.set_url(settings.public_url or url_of(scheme, elsewhere, port))
    hub.services.keys.fingerprint = _pin(settings, certificate)
    if is_wildcard(host) and settings.public_url is None:
        _log.warning(
            "join strings will say %s: name the address that targets use with --public-url",
            hub.services.status.url,
        )
    return url_of(scheme, host, port)


def _pin(settings: HubSettings, certificate: HubCertificate | None) -> str | None:
    """What join strings pin; behind a proxy agents see its certificate, not the hub's."""
    return certificate.fingerprint if certificate and not settings.trusted_proxy else None


def _hang_up(
    hub: Hub, certificate: HubCertificate | None, stopping: asyncio.Event
) -> Callable[[], None]:
    """What SIGHUP does: it reads the certificate again, or tells that the terminal is gone."""
    at_terminal = sys.stderr.isatty()

    def handle() -> None:
        if at_terminal and not sys.stderr.isatty():
            stopping.set()
        elif certificate is not None:
            _reload(hub, certificate)

    return handle


def _reload(hub: Hub, certificate: HubCertificate) -> None:
    try:
        certificate.reload()
    except ChatOpsError as error:
        _log.error("the certificate in use stays: %s", error.message)
        return
    hub.services.keys.fingerprint = _pin(hub.services.settings, certificate)
    _log.info("the certificate was read again")


def _say_ready(hub: Hub, certificate: HubCertificate | None, address: str, say: Say) -> None:
    if certificate is not None and certificate.fingerprint is not None:
        say(f"the certificate's fingerprint (SHA-256) is {certificate.fingerprint}")
    public = hub.services.status.url
    say(f"chatops hub ready at {address}" + (f" (public: {public})" if public != address else ""))

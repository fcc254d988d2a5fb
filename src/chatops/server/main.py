"""``chatops serve``: from settings to a hub that listens, and back to nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import uvloop

from chatops import logs
from chatops.errors import ChatOpsError, InvalidInput
from chatops.server.address import is_loopback, is_wildcard, own_address, url_of
from chatops.server.app import Hub, open_hub
from chatops.server.claim import Sockets, claim, no_address
from chatops.server.db.apart import migrate_apart
from chatops.server.first_run import ensure_admin
from chatops.server.gate import Gate, raise_file_limit
from chatops.server.heap import keep_heap_small, settle_down
from chatops.server.http import HubRunner, HubSite
from chatops.server.proxies import Proxies, parse_networks
from chatops.server.secrets import HubSecrets, load_secrets
from chatops.server.services.audit_sinks import make_sinks
from chatops.server.settings import HubSettings, check_values
from chatops.server.tls import HubCertificate, open_certificate

Say = Callable[[str], None]
SHUTDOWN_WAIT: Final = 5.0
_log = logging.getLogger(__name__)


def serve(settings: HubSettings, say: Say) -> int:
    """Run a hub until SIGTERM or Ctrl-C; the exit code, 1 when it could not go on.

    Raises:
        InvalidInput: a setting has no sense, or names a file that cannot be read.
        Conflict: another hub runs on the folder.
        SetupError: the folder, a file in it or the port cannot be used.
    """
    logs.setup(settings.log_level, "json" if settings.log_format == "json" else "text")
    _check(settings)
    os.umask(0o077)
    keep_heap_small()
    given = None if settings.tls_self_signed else open_certificate(settings)
    with claim(settings) as (folder, sockets):
        secrets = load_secrets(folder)
        certificate = given or open_certificate(settings)  # one of its own lies in the folder
        migrate_apart(folder)
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


def _check(settings: HubSettings) -> None:
    check_values(settings)
    parse_networks(settings.trusted_proxy)
    make_sinks(settings)
    if not 0 <= settings.port <= 65_535:
        raise InvalidInput(
            f"{settings.port} is no port", hint="take 1 to 65535, or 0 for a free one"
        )
    if settings.tls or settings.insecure or is_loopback(settings.host):
        return
    raise InvalidInput(
        f"{settings.host} is not loopback, and this hub would speak plain HTTP",
        hint="add --tls-self-signed, or --tls-cert and --tls-key, or let a TLS proxy on this "
        "machine pass requests on; --insecure accepts the risk",
    )

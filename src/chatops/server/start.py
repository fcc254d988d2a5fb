"""``chatops serve``: what can be wrong is found before the hub is loaded, which takes a second."""

from __future__ import annotations

import os
from collections.abc import Callable

from chatops import logs
from chatops.errors import InvalidInput
from chatops.heap import tune_heap
from chatops.loading import loading
from chatops.server.address import is_loopback
from chatops.server.claim import claim
from chatops.server.proxies import parse_networks
from chatops.server.secrets import load_secrets
from chatops.server.services.audit_sinks import make_sinks
from chatops.server.settings import HubSettings, check_values
from chatops.server.tls import open_certificate


def serve(settings: HubSettings, say: Callable[[str], None]) -> int:
    """Run a hub until SIGTERM or Ctrl-C; the exit code, 1 when it could not go on.

    Raises:
        InvalidInput: a setting has no sense, or names a file that cannot be read.
        Conflict: another hub runs on the folder.
        SetupError: the folder, a file in it or the port cannot be used.
    """
    logs.setup(settings.log_level, "json" if settings.log_format == "json" else "text")
    _check(settings)
    os.umask(0o077)
    tune_heap()
    given = None if settings.tls_self_signed else open_certificate(settings)
    with claim(settings) as (folder, sockets):
        secrets = load_secrets(folder)
        certificate = given or open_certificate(settings)  # one of its own lies in the folder
        with loading():
            from chatops.server.main import run
        return run(settings, secrets, certificate, sockets, say)


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

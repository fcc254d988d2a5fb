"""The client itself: its areas are imported when they are first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from chatops.client.session import Renew, Session
from chatops.errors import NotSignedIn

if TYPE_CHECKING:
    from pathlib import Path

    from chatops.client.alerts import Alerts, Silences, Thresholds
    from chatops.client.audit import Audit
    from chatops.client.auth import Auth
    from chatops.client.channels import Channels
    from chatops.client.commands import Commands
    from chatops.client.copies import Copies
    from chatops.client.docker import Docker
    from chatops.client.events import Events
    from chatops.client.keys import Keys
    from chatops.client.logs import Logs
    from chatops.client.metrics import Metrics
    from chatops.client.processes import Processes
    from chatops.client.runs import Runs
    from chatops.client.servers import Servers
    from chatops.client.settings import Settings
    from chatops.client.status import StatusArea
    from chatops.client.terminals import Recordings, Terminals
    from chatops.client.tokens import Tokens
    from chatops.client.users import Users
    from chatops.protocol.rest import FullPair


class Client:
    """A hub, as one caller sees it.

        with Client("https://hub.example.org", token) as client:
            for server in client.servers.list(status="online"):
                print(server.name, client.metrics.latest(server.name).cpu.percent)

    ``hub`` is its URL, ``token`` a JWT or an API token; without one only ``auth.login``,
    ``auth.register`` and ``hub.health`` can be used. With a ``refresh_token`` an expired
    access token is renewed once a request, and ``on_refresh`` is told the new pair, so that
    it can be kept. ``renew`` replaces that rule where several programs share one session: it
    gets the refused access token and returns the one to use now, or None.

    TLS: an authority in ``ca_file``, or the ``fingerprint`` (SHA-256 in hex) of the hub's
    certificate. Plain HTTP to another machine needs ``insecure``. ``timeout`` is the longest
    silence in seconds. Connections are kept; an object is not for several threads at once.

    Every method raises errors of chatops.errors, HubUnreachable when there is no usable answer.

    Raises:
        InvalidInput: ``hub`` is no URL, or plain HTTP elsewhere without ``insecure``.
    """

    def __init__(
        self,
        hub: str,
        token: str | None = None,
        *,
        ca_file: Path | str | None = None,
        fingerprint: str | None = None,
        insecure: bool = False,
        timeout: float = 30.0,
        refresh_token: str | None = None,
        on_refresh: Callable[[FullPair], None] | None = None,
        renew: Renew | None = None,
    ) -> None:
        self._session = Session(
            hub, token, ca_file=ca_file or None, fingerprint=fingerprint,
            insecure=insecure, timeout=timeout,
        )  # fmt: skip
        self._refresh_token = refresh_token
        self._on_refresh = on_refresh
        self._session.renew = renew or (self._renew if refresh_token else None)

    @property
    def url(self) -> str:
        """The hub's URL in its normal form."""
        return self._session.address.url

    @property
    def token(self) -> str | None:
        """The token in use: it changes when it is renewed."""
        return self._session.token

    @cached_property
    def auth(self) -> Auth:
        """Signing in and out, the own account."""
        from chatops.client.auth import Auth

        return Auth(self._session)

    @cached_property
    def users(self) -> Users:
        """Accounts."""
        from chatops.client.users import Users

        return Users(self._session)

    @cached_property
    def servers(self) -> Servers:
        """The fleet."""
        from chatops.client.servers import Servers

        return Servers(self._session)

    @cached_property
    def keys(self) -> Keys:
        """API keys of agents."""
        from chatops.client.keys import Keys

        return Keys(self._session)

    @cached_property
    def tokens(self) -> Tokens:
        """API tokens of people."""
        from chatops.client.tokens import Tokens

        return Tokens(self._session)

    @cached_property
    def metrics(self) -> Metrics:
        """Samples: latest, history, live."""
        from chatops.client.metrics import Metrics

        return Metrics(self._session)

    @cached_property
    def processes(self) -> Processes:
        """What runs on a server now."""
        from chatops.client.processes import Processes

        return Processes(self._session)

    @cached_property
    def docker(self) -> Docker:
        """Containers of a server."""
        from chatops.client.docker import Docker

        return Docker(self._session)

    @cached_property
    def commands(self) -> Commands:
        """Running commands."""
        from chatops.client.commands import Commands

        return Commands(self._session)

    @cached_property
    def runs(self) -> Runs:
        """Runs: one command on several servers."""
        from chatops.client.runs import Runs

        return Runs(self._session)

    @cached_property
    def copies(self) -> Copies:
        """Files to servers and from them."""
        from chatops.client.copies import Copies

        return Copies(self._session)

    @cached_property
    def terminals(self) -> Terminals:
        """Terminals on servers."""
        from chatops.client.terminals import Terminals

        return Terminals(self._session)

    @cached_property
    def recordings(self) -> Recordings:
        """What was printed at terminals."""
        from chatops.client.terminals import Recordings

        return Recordings(self._session)

    @cached_property
    def events(self) -> Events:
        """Connection events."""
        from chatops.client.events import Events

        return Events(self._session)

    @cached_property
    def logs(self) -> Logs:
        """Stored log entries."""
        from chatops.client.logs import Logs

        return Logs(self._session)

    @cached_property
    def audit(self) -> Audit:
        """The audit record."""
        from chatops.client.audit import Audit

        return Audit(self._session)

    @cached_property
    def alerts(self) -> Alerts:
        """What is wrong, and what was."""
        from chatops.client.alerts import Alerts

        return Alerts(self._session)

    @cached_property
    def thresholds(self) -> Thresholds:
        """The rules that alerts are made by."""
        from chatops.client.alerts import Thresholds

        return Thresholds(self._session)

    @cached_property
    def silences(self) -> Silences:
        """For a while nobody is told."""
        from chatops.client.alerts import Silences

        return Silences(self._session)

    @cached_property
    def channels(self) -> Channels:
        """Where alerts are told."""
        from chatops.client.channels import Channels

        return Channels(self._session)

    @cached_property
    def settings(self) -> Settings:
        """What an administrator changes while the hub runs."""
        from chatops.client.settings import Settings

        return Settings(self._session)

    @cached_property
    def hub(self) -> StatusArea:
        """The hub's own status and health."""
        from chatops.client.status import StatusArea

        return StatusArea(self._session)

    def close(self) -> None:
        """Close the connection; the client can be used again afterwards."""
        self._session.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _renew(self, refused: str) -> str | None:
        if self._refresh_token is None:
            return None
        try:
            pair = self.auth.refresh(self._refresh_token)
        except NotSignedIn:
            self._refresh_token = None
            return None
        self._refresh_token = pair.refresh_token
        if self._on_refresh is not None:
            self._on_refresh(pair)
        return pair.access_token

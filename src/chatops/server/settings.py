"""The hub's settings, each declared once (see chatops.options)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from chatops.errors import InvalidInput
from chatops.options import option, options_of, text_of
from chatops.paths import default_data_dir
from chatops.protocol.limits import (
    ACCOUNT_FAILURES,
    ADDRESS_FAILURES,
    DEFAULT_INTERVAL,
    LOST_AFTER,
    MAX_ADDRESS_CONNECTIONS,
    MAX_ADDRESS_REQUESTS,
    MAX_ADDRESS_STRANGERS,
    MAX_BODY,
    MAX_CONNECTIONS,
    MAX_INTERVAL,
    MAX_STRANGERS,
    MAX_SUBSCRIBER_BACKLOG,
    MAX_USER_SUBSCRIBERS,
    MIN_INTERVAL,
    REQUEST_RATE,
    KiB,
    MiB,
)
from chatops.redaction import strike

_DAY: Final = 86_400.0
_MB: Final = 10**6


@dataclass(frozen=True)
class HubSettings:
    """Everything that ``chatops serve`` can be told."""

    ENV_PREFIX: ClassVar[str] = "CHATOPS_SERVE_"

    host: str = option("127.0.0.1", "address to listen on", metavar="ADDRESS")
    port: int = option(8765, "port to listen on; 0 picks a free one", kind="int", metavar="PORT")
    data_dir: Path | None = option(
        None,
        "folder of the databases and secrets",
        kind="path",
        metavar="DIR",
        default_text="/var/lib/chatops/hub for root, else in the user's data folder",
    )
    public_url: str | None = option(
        None, "URL under which agents and people reach the hub", metavar="URL",
        default_text="https or http://HOST:PORT",
    )  # fmt: skip
    trusted_proxy: tuple[str, ...] = option(
        (), "addresses or networks of proxies whose X-Forwarded-For is believed", kind="list",
        metavar="CIDR",
    )  # fmt: skip
    tls_cert: Path | None = option(
        None, "certificate chain to speak TLS with, PEM; read again on SIGHUP", kind="path",
        metavar="FILE", yields_to=("tls_self_signed",),
    )  # fmt: skip
    tls_key: Path | None = option(
        None, "its private key, PEM, mode 0600", kind="path", metavar="FILE",
        yields_to=("tls_self_signed",),
    )  # fmt: skip
    tls_self_signed: bool = option(
        default=False, kind="flag",
        help="speak TLS with a certificate of the hub's own, which agents and people pin",
        yields_to=("tls_cert", "tls_key"),
    )  # fmt: skip
    insecure: bool = option(
        default=False, help="allow plain HTTP on an address that is not loopback", kind="flag"
    )
    registration: Literal["closed", "open"] = option(
        "closed", "whether strangers may make themselves a viewer account",
        choices=("closed", "open"), live=True,
    )  # fmt: skip
    interval: float = option(
        DEFAULT_INTERVAL, "pace of samples, for agents without their own", kind="duration",
        metavar="DURATION",
    )  # fmt: skip
    durability: Literal["normal", "full"] = option(
        "normal", "full: every commit survives a power cut, at the cost of speed",
        choices=("normal", "full"),
    )  # fmt: skip
    log_level: str = option(
        "info", "least severe log line", choices=("debug", "info", "warning", "error")
    )
    log_format: Literal["text", "json"] = option(
        "text", "form of the log lines", choices=("text", "json")
    )
    admin_password: str | None = option(
        None, "password of the first admin", flag=None, env="CHATOPS_ADMIN_PASSWORD", secret=True,
        default_text="random, shown once",
    )  # fmt: skip
    connection_limit: int = option(
        MAX_CONNECTIONS, "connections, as far as the limit on open files allows", kind="int",
        flag=None,
    )  # fmt: skip
    address_connection_limit: int = option(
        MAX_ADDRESS_CONNECTIONS, "connections from one address, agents among them", kind="int",
        flag=None,
    )  # fmt: skip
    stranger_limit: int = option(
        MAX_STRANGERS, "connections that have not signed in", kind="int", flag=None
    )
    address_stranger_limit: int = option(
        MAX_ADDRESS_STRANGERS, "of these from one address", kind="int", flag=None
    )
    sign_in_account_limit: int = option(
        ACCOUNT_FAILURES, "failed sign-ins a minute by address and account", kind="int", flag=None,
        live=True,
    )  # fmt: skip
    sign_in_address_limit: int = option(
        ADDRESS_FAILURES, "failed sign-ins a minute by address", kind="int", flag=None, live=True
    )
    request_limit: int = option(
        REQUEST_RATE, "requests a second by address, at least 100", kind="int", flag=None, live=True
    )
    open_request_limit: int = option(
        MAX_ADDRESS_REQUESTS, "requests of one address that are being answered", kind="int",
        flag=None,
    )  # fmt: skip
    subscription_limit: int = option(
        MAX_USER_SUBSCRIBERS, "sockets on which one account watches metrics or logs", kind="int",
        flag=None,
    )  # fmt: skip
    max_body: int = option(MAX_BODY, "largest request body", kind="size", flag=None)
    lost_after: float = option(
        LOST_AFTER, "silence of an agent after which its commands are lost", kind="duration",
        flag=None, live=True,
    )  # fmt: skip
    raw_retention: float = option(
        _DAY, "how long raw samples are kept", kind="duration", flag=None, live=True
    )
    minutes_retention: float = option(
        7 * _DAY, "how long a mean, least and most of each minute are kept", kind="duration",
        flag=None, live=True,
    )  # fmt: skip
    ten_minutes_retention: float = option(
        90 * _DAY, "how long those of each ten minutes are kept", kind="duration",
        flag=None, live=True,
    )  # fmt: skip
    hours_retention: float = option(
        730 * _DAY, "how long those of each hour are kept", kind="duration", flag=None, live=True
    )
    logs_retention: float = option(
        30 * _DAY, "how long log entries are kept", kind="duration", flag=None, live=True
    )
    logs_size: int = option(
        10_000 * _MB, "how much of the disk log entries take, about; the oldest make room",
        kind="size", flag=None, live=True,
    )  # fmt: skip
    events_retention: float = option(
        90 * _DAY, "how long connection events, commands and resolved alerts are kept",
        kind="duration", flag=None, live=True,
    )  # fmt: skip
    recordings_retention: float = option(
        90 * _DAY, "how long recordings of terminals are kept", kind="duration", flag=None,
        live=True,
    )  # fmt: skip
    recording_limit: int = option(
        256 * MiB, "size of one recording, at which its terminal is ended", kind="size", flag=None,
        live=True,
    )  # fmt: skip
    audit_retention: float = option(
        0.0, "how long audit records are kept, at least 30d; 0: for ever", kind="duration",
        flag=None, live=True, default_text="for ever",
    )  # fmt: skip
    audit_file: Path | None = option(
        None, "file that audit records are appended to as they happen, as JSON lines",
        kind="path", metavar="FILE",
    )  # fmt: skip
    audit_syslog: str | None = option(
        None, "syslog that audit records are sent to: /dev/log or udp://HOST:PORT",
        metavar="ADDRESS",
    )  # fmt: skip
    storm_servers: int = option(
        5, "servers that drop within a minute, from which on they are one alert", kind="int",
        flag=None, live=True,
    )  # fmt: skip
    storm_percent: int = option(
        30, "per cent of the fleet that must drop besides, more than that", kind="int",
        flag=None, live=True,
    )  # fmt: skip
    subscriber_buffer: int = option(
        MAX_SUBSCRIBER_BACKLOG,
        "bytes waiting for one slow subscriber",
        kind="size",
        flag=None,
        live=True,
    )

    private_receivers: Literal["allowed", "forbidden"] = option(
        "allowed", "whether channels may lead to loopback and private addresses", flag=None,
        choices=("allowed", "forbidden"), live=True,
    )  # fmt: skip
    heartbeat_url: str | None = option(
        None, "URL that the hub calls (GET) for as long as it is well", flag=None, secret=True,
        default_text="none",
    )  # fmt: skip
    heartbeat_every: float = option(
        60.0, "how often it calls it", kind="duration", flag=None, live=True
    )

    @property
    def tls(self) -> bool:
        """Whether the hub itself speaks TLS."""
        return self.tls_self_signed or self.tls_cert is not None

    @property
    def folder(self) -> Path:
        """The data folder, given or by default."""
        return self.data_dir or default_data_dir("hub")


_LEAST: Final[Mapping[str, float]] = {
    "interval": MIN_INTERVAL,
    "sign_in_account_limit": 1,
    "sign_in_address_limit": 1,
    "request_limit": 100,
    "connection_limit": 16,
    "address_connection_limit": 8,
    "stranger_limit": 8,
    "address_stranger_limit": 4,
    "open_request_limit": 4,
    "subscription_limit": 1,
    "max_body": 64 * KiB,
    "lost_after": 1.0,
    "raw_retention": 3600.0,
    "minutes_retention": 3600.0,
    "ten_minutes_retention": 3600.0,
    "hours_retention": 3600.0,
    "logs_retention": 3600.0,
    "logs_size": 10 * _MB,
    "events_retention": 3600.0,
    "recordings_retention": 3600.0,
    "recording_limit": 64 * KiB,
    "storm_servers": 2,
    "storm_percent": 0,
    "subscriber_buffer": 4 * KiB,
    "heartbeat_every": 1.0,
}
_LEAST_AUDIT: Final = 30 * _DAY
"""Seconds: whoever took an administrator's account over cannot have its traces removed at once."""
_CALLED: Final = re.compile(r"https?://[^\s/?#@]+([/?][^\s#]*)?")
_URL: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


def check_values(settings: HubSettings) -> None:
    """That every value has a sense.

    Raises:
        InvalidInput: one has not; names it.
    """
    for name, least in _LEAST.items():
        value = getattr(settings, name)
        if value < least:
            raise _not(name, value, f"the least is {_text(name, least)}")
    if settings.interval > MAX_INTERVAL:
        most = _text("interval", MAX_INTERVAL)
        raise _not("interval", settings.interval, f"the most is {most}")
    if 0 < settings.audit_retention < _LEAST_AUDIT:
        hint = f"the least is {_text('audit_retention', _LEAST_AUDIT)}; 0 keeps them for ever"
        raise _not("audit_retention", settings.audit_retention, hint)
    _check_tls(settings)
    if settings.public_url is not None and _URL.fullmatch(settings.public_url) is None:
        raise InvalidInput(
            f"{strike(settings.public_url)!r} is no URL of a hub",
            hint="write it like https://hub.example",
        )
    if settings.heartbeat_url and _CALLED.fullmatch(settings.heartbeat_url) is None:
        raise InvalidInput(
            "heartbeat_url is no URL that can be called",
            hint="write it like https://monitor.example/ping/KEY",
        )


def _not(name: str, value: float, hint: str) -> InvalidInput:
    return InvalidInput(f"{name} cannot be {_text(name, value)}", hint=hint)


def _text(name: str, value: float) -> str:
    (one,) = (one for one in options_of(HubSettings) if one.name == name)
    return text_of(one, value)


def _check_tls(settings: HubSettings) -> None:
    if settings.tls_self_signed and (settings.tls_cert or settings.tls_key):
        raise InvalidInput(
            "tls_self_signed and a certificate of your own exclude each other",
            hint="give --tls-cert and --tls-key, or --tls-self-signed",
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise InvalidInput("tls_cert and tls_key go together", hint="give both, or neither")
    if settings.tls and (settings.public_url or "").startswith("http:"):
        raise InvalidInput(
            f"the hub speaks TLS, and {settings.public_url} is plain HTTP",
            hint="write the public URL with https://",
        )

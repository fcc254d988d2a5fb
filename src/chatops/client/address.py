"""The hub's address: one normal form, so that two ways of writing it compare equal."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatops.errors import InvalidInput

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^\s/:?#@\[\]]+)(?::(?P<port>\d{1,5}))?"
    r"(?P<prefix>(?:/[^\s?#]*)?)",
    re.IGNORECASE,
)
_LOOPBACK: Final = re.compile(r"127(\.\d{1,3}){3}|localhost|.+\.localhost|::1", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443}


class Address(NamedTuple):
    """Where a hub is. ``host`` has no brackets; ``prefix`` is a path without a last slash."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme == "https"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine itself, so that nobody can listen in between."""
        return _LOOPBACK.fullmatch(self.host) is not None

    @property
    def authority(self) -> str:
        """``HOST:PORT`` as the Host header has it; a scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address in its normal form."""
        return f"{self.scheme}://{self.authority}{self.prefix}"


def parse_address(text: str) -> Address:
    """The parts of a hub's URL.

    Raises:
        InvalidInput: it is no http or https URL, or holds credentials, a query or a fragment.
    """
    match = _URL.fullmatch(text.strip())
    port = int(match["port"] or _PORTS[match["scheme"].lower()]) if match else 0
    if match is None or not 0 < port < 65_536 or not _is_host(match["host"]):
        from chatops.redaction import strike  # it may hold a password

        raise InvalidInput(
            f"{strike(text)[:200]!r} is not the address of a hub",
            hint="write it like https://hub.example.org or http://127.0.0.1:8765",
        )
    host = match["host"].strip("[]").lower()
    return Address(match["scheme"].lower(), host, port, match["prefix"].rstrip("/"))


def _is_host(name: str) -> bool:
    """Whether a resolver can be asked for it: not each name with other letters can be written."""
    try:
        return name.isascii() or bool(name.encode("idna"))
    except UnicodeError:
        return False

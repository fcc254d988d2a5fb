"""The one place that decides whom a request comes from.

Anybody can write ``X-Forwarded-For``. It is believed only from a proxy that was named, and only
back to the first address that is none of ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from chatops.errors import InvalidInput

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IP = ipaddress.IPv4Address | ipaddress.IPv6Address
FOR: Final = "X-Forwarded-For"
PROTO: Final = "X-Forwarded-Proto"
_SCHEMES: Final = frozenset(("http", "https"))


def parse_networks(words: Sequence[str]) -> tuple[Network, ...]:
    """The networks of ``--trusted-proxy``; a single address is a network too.

    Raises:
        InvalidInput: a word is none, or means everybody.
    """
    return tuple(_network(word) for word in words)


class Proxies:
    """The proxies that were named, and what they say about the requests that they pass on."""

    def __init__(self, words: Sequence[str]) -> None:
        """Raises InvalidInput: see ``parse_networks``."""
        self._networks = parse_networks(words)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Whether a peer is one of the proxies."""
        found = _address(address)
        return found is not None and self._trusts(found)

    def seen_through(self, request: web.BaseRequest) -> web.BaseRequest:
        """The request as its first proxy got it, if trusted ones passed it on."""
        peer = _address(request.remote or "")
        if peer is None or not self._trusts(peer):
            return request
        client = self.client(peer, request.headers.getall(FOR, []))
        scheme = ",".join(request.headers.getall(PROTO, [])).rpartition(",")[2].strip().lower()
        if scheme not in _SCHEMES:
            scheme = request.scheme
        return request.clone(remote=str(client), scheme=scheme)

    def client(self, peer: IP, forwarded: Sequence[str]) -> IP:
        """Who asks: from the right, the first address that is no proxy of ours.

        ``forwarded`` are the header's values. What stands left of something that is no address
        is worth nothing: then it is the last proxy before that.
        """
        last = peer
        for word in reversed(",".join(forwarded).split(",")):
            address = _address(word)
            if address is None:
                return last
            last = address
            if not self._trusts(address):
                return last
        return last

    def _trusts(self, address: IP) -> bool:
        return any(address in network for network in self._networks)


def _network(word: str) -> Network:
    try:
        network = ipaddress.ip_network(word)
    except ValueError:
        raise InvalidInput(
            f"{word[:80]!r} is no network of proxies",
            hint="write it like 127.0.0.1 or 10.0.0.0/8",
        ) from None
    if network.prefixlen == 0:
        raise InvalidInput(
            f"{word} is everybody, who could then claim any address", hint="name your proxies"
        )
    return network


def _address(word: str) -> IP | None:
    """An address, with or without a port; one of IPv4 written as IPv6 is one of IPv4."""
    text = word.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address

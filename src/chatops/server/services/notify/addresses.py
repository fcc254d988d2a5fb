"""Which addresses belong to the internet at large, and which to somebody's own network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is reached."""
_UNICAST: Final = IPv6Network("2000::/3")
"""All that is given out for the internet at large (RFC 4291); what lies outside, as NAT64 of a
network's own (64:ff9b:1::/48) or fec0::/10, is somebody's own."""
_EXAMPLES: Final = IPv6Network("3fff::/20")


class PrivateAddress(OSError):
    """A connection that the hub's settings forbid."""


def is_public(text: str) -> bool:
    """Whether it is an address of the internet at large: not loopback, link-local, of a private
    network or reserved, also where an IPv4 address stands inside an IPv6 one. What is no address
    is not public either."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(one) for one in _meant(address))


def is_loopback(text: str) -> bool:
    """Whether it is an address of this machine alone."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_address(text: str) -> bool:
    """Whether it is an IP address at all."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv4Address) or address in _TRANSLATED:
        return True
    return address in _UNICAST and address not in _EXAMPLES


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, and the one inside it that is reached through it; the latter alone where the
    form of the outer one says nothing."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inner = address.sixtofour or (address.teredo[1] if address.teredo else None)
    if address in _TRANSLATED:
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    return [address, inner] if inner is not None else [address]

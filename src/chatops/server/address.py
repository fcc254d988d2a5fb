"""Where the hub listens, and what others call that."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_ELSEWHERE: Final = {
    socket.AF_INET: ("192.0.2.1", 9),  # addresses for documentation: nobody has them
    socket.AF_INET6: ("2001:db8::1", 9),
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Whether ``host`` stands for every address of this machine."""
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def own_address(*, ipv6: bool = False) -> str:
    """The address that this machine has for others, else its name.

    An IPv6 address is taken only if asked for and there is no other.
    """
    kinds = (socket.AF_INET, socket.AF_INET6) if ipv6 else (socket.AF_INET,)
    for kind in kinds:
        if (address := _address_outwards(kind)) is not None:
            return address
    return socket.gethostname()


def own_names(host: str, public_url: str | None) -> list[str]:
    """Every name and address under which this hub may be called."""
    names = [*_LOCAL, socket.gethostname()]
    names += [own_address()] if is_wildcard(host) else [host]
    public = urlsplit(public_url).hostname if public_url else None
    return [*names, public] if public else names


def url_of(scheme: str, host: str, port: int) -> str:
    """The URL of a hub on ``host``, which may be an IPv6 address."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}"


def _address_outwards(family: socket.AddressFamily) -> str | None:
    """The address that a packet to elsewhere would bear. None is sent: a datagram's socket only
    looks up the route."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE[family])
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    known = ipaddress.ip_address(address)
    return None if known.is_loopback or known.is_link_local else address

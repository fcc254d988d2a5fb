"""What others call the machine that the hub listens on."""

from __future__ import annotations

import socket

import pytest

from chatops.server import address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host: str) -> None:
    assert address.is_loopback(host)
    assert not address.is_wildcard(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_every_address(host: str) -> None:
    assert address.is_wildcard(host)
    assert not address.is_loopback(host)


@pytest.mark.parametrize("host", ["10.1.2.3", "hub.example.org", "2001:db8::1"])
def test_one_address_for_others(host: str) -> None:
    assert not address.is_wildcard(host)
    assert not address.is_loopback(host)


def outwards(monkeypatch: pytest.MonkeyPatch, v4: str | None, v6: str | None = None) -> None:
    """The addresses that packets to elsewhere bear."""
    known = {socket.AF_INET: v4, socket.AF_INET6: v6}
    monkeypatch.setattr(address, "_address_outwards", known.get)


def test_the_address_for_others_is_no_loopback() -> None:
    assert not address.is_loopback(address.own_address())
    assert not address.is_wildcard(address.own_address(ipv6=True))


def test_ipv6_only_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    outwards(monkeypatch, None, "2001:db8::7")
    assert address.own_address(ipv6=True) == "2001:db8::7"
    assert address.own_address() == socket.gethostname()
    outwards(monkeypatch, "10.1.2.3", "2001:db8::7")
    assert address.own_address(ipv6=True) == "10.1.2.3"


def test_the_names_for_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    outwards(monkeypatch, "10.1.2.3")
    local = ["localhost", "127.0.0.1", "::1", socket.gethostname()]
    assert address.own_names("127.0.0.1", None) == [*local, "127.0.0.1"]
    assert address.own_names("0.0.0.0", "https://hub.example.org:8443/x") == [
        *local, "10.1.2.3", "hub.example.org",
    ]  # fmt: skip


def test_urls() -> None:
    assert address.url_of("https", "10.1.2.3", 8765) == "https://10.1.2.3:8765"
    assert address.url_of("http", "::1", 80) == "http://[::1]:80"

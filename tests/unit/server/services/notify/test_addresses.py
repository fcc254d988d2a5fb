"""Whose address it is."""

from __future__ import annotations

import pytest

from chatops.server.services.notify.addresses import is_loopback, is_public


@pytest.mark.parametrize("text", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_of_the_internet_are_public(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::7f00:1", "::127.0.0.1", "::ffff:0:10.0.0.1", "fec0::1", "3fff::1", "5f00::1",
        "2002:7f00:1::", "2002:a00:1::1", "localhost", "", "127.1", "/run/socket",
    ],
)  # fmt: skip
def test_all_others_are_not(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("localhost", False)],
)  # fmt: skip
def test_loopback_is_this_machine(text: str, is_it: bool) -> None:
    assert is_loopback(text) is is_it

"""The hub's address in one normal form."""

from __future__ import annotations

import pytest

from chatops.client.address import parse_address
from chatops.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "url", "secure", "loopback"),
    [
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765", False, True),
        (" HTTP://LocalHost:8765/ ", "http://localhost:8765", False, True),
        ("https://hub.example.org", "https://hub.example.org", True, False),
        ("https://hub.example.org:443/", "https://hub.example.org", True, False),
        ("http://hub.example.org:80/ops/", "http://hub.example.org/ops", False, False),
        ("http://[::1]:9", "http://[::1]:9", False, True),
        ("http://127.0.0.1.example.org", "http://127.0.0.1.example.org", False, False),
        ("http://notlocalhost", "http://notlocalhost", False, False),
    ],
)
def test_urls_are_read(text: str, url: str, secure: bool, loopback: bool) -> None:
    address = parse_address(text)
    assert (address.url, address.secure, address.loopback) == (url, secure, loopback)


@pytest.mark.parametrize(
    "text",
    ["", "hub", "hub:8765", "ftp://hub", "http://", "http://user:pw@hub", "http://hub?x=1",
     "http://hub#x", "http://hub:0", "http://hub:65536", "http://hub:x", "http://a b",
     "http://[::1", "http://hub/a b", "http://hub\r\nX: y"],
)  # fmt: skip
def test_what_is_no_url_of_a_hub_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_address(text)

"""X-Forwarded-For: believed from named proxies, and only back to the first stranger."""

from __future__ import annotations

import ipaddress
from unittest import mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.server.proxies import Proxies, parse_networks

PROXIES = Proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
PEER = ipaddress.ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("values", "client"),
    [
        ([], "127.0.0.1"),
        ([""], "127.0.0.1"),
        (["198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7, 10.1.1.1"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7, 10.1.1.1,10.2.2.2"], "198.51.100.7"),
        (["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        (["198.51.100.7:4711"], "198.51.100.7"),
        (["[2001:db9::7]:4711"], "2001:db9::7"),
        (["2001:db9::7, 2001:db8::1"], "2001:db9::7"),
        (["::ffff:198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7, unknown"], "127.0.0.1"),
        (["198.51.100.7, <script>, 10.1.1.1"], "10.1.1.1"),
    ],
)
def test_the_right_most_that_is_no_proxy(values: list[str], client: str) -> None:
    assert str(PROXIES.client(PEER, values)) == client


@given(forged=st.lists(st.text(max_size=40), max_size=5))
def test_nothing_that_a_client_writes_changes_who_it_is(forged: list[str]) -> None:
    values = [*forged, "198.51.100.7"]  # what the proxy adds
    assert str(PROXIES.client(PEER, values)) == "198.51.100.7"


@given(values=st.lists(st.text(max_size=60), max_size=5))
def test_whatever_stands_there_it_is_an_address(values: list[str]) -> None:
    found = str(PROXIES.client(PEER, values))
    assert str(ipaddress.ip_address(found)) == found


def test_none_is_false() -> None:
    assert not Proxies(())
    assert PROXIES


@pytest.mark.parametrize("word", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy", "10.0.0.0/33", ""])
def test_what_names_no_proxies_is_refused(word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_networks([word])
    assert caught.value.hint


def request(**headers: str) -> web.Request:
    """A request from 127.0.0.1."""
    transport = mock.Mock()
    transport.get_extra_info = {"peername": ("127.0.0.1", 4711)}.get
    return make_mocked_request("GET", "/", headers=headers, transport=transport)


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("http, HTTPS", "https"), ("https, http", "http"), ("x", "http")],
)
def test_the_scheme_is_what_the_last_proxy_says(said: str, scheme: str) -> None:
    given = request(**{"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": said})
    seen = PROXIES.seen_through(given)
    assert (seen.remote, seen.scheme) == ("198.51.100.7", scheme)
    assert Proxies(["192.0.2.1"]).seen_through(given) is given
    assert (given.remote, given.scheme) == ("127.0.0.1", "http")

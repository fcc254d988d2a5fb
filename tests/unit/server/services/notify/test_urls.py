"""A channel's URL: what is refused, what is shown of it, and what is struck out."""

from __future__ import annotations

import pytest

from chatops.errors import InvalidInput
from chatops.server.services.notify.urls import (
    Receiver,
    check_webhook,
    scheme_of,
    show_apprise,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.org", "https://hooks.example.org"),
        ("https://hooks.example.org/", "https://hooks.example.org"),
        ("https://hooks.example.org:8443/T0/s3cret?key=s3cret", "https://hooks.example.org:8443/***"),
        ("https://user:s3cret@hooks.example.org/x", "https://hooks.example.org/***"),
        ("HTTPS://[2001:db8::1]:8443/?s3cret", "https://[2001:db8::1]:8443/***"),
        ("http://127.0.0.1:8000/s3cret", "http://127.0.0.1:8000/***"),
        ("http://localhost/#s3cret", "http://localhost/***"),
    ],
)  # fmt: skip
def test_of_a_webhook_only_the_machine_is_shown(url: str, shown: str) -> None:
    assert check_webhook(Receiver(url)) == shown


@pytest.mark.parametrize(
    "url", ["http://example.org/", "http://10.0.0.1/", "http://127.0.0.1.example.org/"]
)
def test_plain_http_to_another_machine_needs_a_word(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not this machine"):
        check_webhook(Receiver(url))
    check_webhook(Receiver(url, plain=True))


@pytest.mark.parametrize("url", ["https://", "https:///x", "https://host:99999/", "https://[::1/"])
def test_a_webhook_without_sense_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="webhook"):
        check_webhook(Receiver(url))


@pytest.mark.parametrize(
    "url", ["", "x", "ops", "://x", "https//x", "https://a b", "h://\x00", "1://x"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="no URL"):
        scheme_of(url)


def test_of_other_services_a_host_is_shown_and_no_token() -> None:
    assert show_apprise("mailto://u:s3cret@mail.example.org", "mail.example.org") == (
        "mailto://mail.example.org/***"
    )
    assert show_apprise("slack://T0KEN/s3cret", None) == "slack://***"


@pytest.mark.parametrize(
    "url",
    [
        "https://user:s3cret%21word@hooks.example.org/T0KEN/?key=s3cret%21word",
        "tgram://s3cret%21word/T0KEN",
        "mailto://user:s3cret%21word@example.org?pass=T0KEN",
    ],
)
def test_whatever_is_said_of_it_holds_no_secret(url: str) -> None:
    receiver = Receiver(url, secret="for-signing")
    said = receiver.masked(f"{url} failed: s3cret!word s3cret%21word T0KEN for-signing")
    for word in ("s3cret", "T0KEN", "for-signing"):
        assert word not in said


def test_the_host_of_a_webhook_may_be_said() -> None:
    assert "hooks.example.org" in Receiver("https://hooks.example.org/T0KEN").masked(
        "hooks.example.org does not answer"
    )


def test_an_address_is_no_secret() -> None:
    receiver = Receiver("json://192.0.2.17/T0KEN")
    assert receiver.masked("192.0.2.17 is private") == "192.0.2.17 is private"

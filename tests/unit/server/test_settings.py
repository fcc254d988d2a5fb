"""The hub's settings: values without a sense are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatops.errors import InvalidInput
from chatops.server.settings import HubSettings, check_values


def test_the_defaults_have_a_sense() -> None:
    settings = HubSettings()
    check_values(settings)
    assert not settings.tls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("interval", 0.0),
        ("interval", 3600.0),
        ("request_limit", 99),
        ("request_limit", 0),
        ("sign_in_account_limit", 0),
        ("sign_in_address_limit", -1),
        ("max_body", 0),
        ("lost_after", 0.0),
        ("raw_retention", 0.0),
        ("events_retention", 0.0),
        ("subscriber_buffer", 0),
        ("public_url", "hub.example.org"),
        ("public_url", "ftp://hub.example.org"),
    ],
)
def test_a_value_without_sense_is_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_values(HubSettings(**{name: value}))
    assert name in caught.value.message or repr(value) in caught.value.message
    assert caught.value.hint


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(InvalidInput, match=r"user:\*\*\*@hub.example.org' is no URL"):
        check_values(HubSettings(public_url="https://user:secret@hub.example.org"))


@pytest.mark.parametrize("url", ["https://hub.example.org", "http://127.0.0.1:8765/below/"])
def test_a_url_of_a_hub_is_taken(url: str) -> None:
    settings = HubSettings(public_url=url)
    check_values(settings)
    assert settings.public_url == url


@pytest.mark.parametrize(
    "settings",
    [
        {"tls_cert": Path("c.pem")},
        {"tls_key": Path("k.pem")},
        {"tls_self_signed": True, "tls_cert": Path("c.pem"), "tls_key": Path("k.pem")},
        {"tls_self_signed": True, "public_url": "http://hub.example.org"},
    ],
)
def test_tls_settings_that_contradict_one_another(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_values(HubSettings(**settings))
    assert caught.value.hint

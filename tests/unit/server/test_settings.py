"""The hub's settings: values without a sense are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatops.errors import InvalidInput
from chatops.options import load
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


OWN = {"tls_cert": "c.pem", "tls_key": "k.pem"}


@pytest.mark.parametrize(
    ("flags", "environ", "file", "self_signed"),
    [
        ({"tls_self_signed": True}, {}, OWN, True),
        ({}, {"CHATOPS_SERVE_TLS_SELF_SIGNED": "true"}, OWN, True),
        (OWN, {}, {"tls_self_signed": True}, False),
        (OWN, {"CHATOPS_SERVE_TLS_SELF_SIGNED": "true"}, {}, False),
        ({}, {"CHATOPS_SERVE_TLS_SELF_SIGNED": "false"}, OWN, False),
        ({}, {}, {**OWN, "tls_self_signed": False}, False),
    ],
)
def test_the_certificate_given_at_a_higher_level_is_used(
    flags: dict[str, Any], environ: dict[str, str], file: dict[str, Any], self_signed: bool
) -> None:
    settings = load(HubSettings, flags=flags, environ=environ, file=file)
    check_values(settings)
    assert (settings.tls_self_signed, settings.tls_cert is None) == (self_signed, self_signed)
    assert settings.tls


@pytest.mark.parametrize(
    ("flags", "file"),
    [
        ({**OWN, "tls_self_signed": True}, {}),
        ({}, {**OWN, "tls_self_signed": True}),
        ({"tls_cert": "c.pem"}, {"tls_self_signed": True}),
    ],
)
def test_what_is_no_certificate_or_two_is_refused(
    flags: dict[str, Any], file: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        check_values(load(HubSettings, flags=flags, environ={}, file=file))

"""Trust: by an authority, by the certificate itself, or not at all, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.client import Client
from chatops.client.tls import normal_fingerprint
from chatops.errors import HubUnreachable, InvalidInput
from tests.support.certificates import Certificate, self_signed
from tests.support.fake_hub import FakeHub, fake_hub

HEALTH = {"status": "ok", "version": "1", "registration": "closed"}


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path)


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[FakeHub]:
    with fake_hub(certificate.file) as running:
        running.on("GET /health", HEALTH)
        running.on("GET /auth/me", {})
        yield running


def version(hub: FakeHub, **trust: str | Path) -> str:
    with Client(hub.url, "secret-token", timeout=10, **trust) as client:  # type: ignore[arg-type]
        return client.hub.health().version


def test_an_authority_vouches(secure: FakeHub, certificate: Certificate) -> None:
    assert version(secure, ca_file=certificate.file) == "1"
    assert version(secure, ca_file=str(certificate.file)) == "1"


def test_a_pinned_certificate_needs_no_authority(secure: FakeHub, certificate: Certificate) -> None:
    colons = ":".join(certificate.fingerprint.upper()[at : at + 2] for at in range(0, 64, 2))
    assert version(secure, fingerprint=certificate.fingerprint) == "1"
    assert version(secure, fingerprint=f"SHA256:{colons}") == "1"


def test_plain_http_to_tls_is_told_as_what_it_is(secure: FakeHub) -> None:
    plain = secure.url.replace("https:", "http:")
    with (
        Client(plain, "secret-token", timeout=10) as client,
        pytest.raises(HubUnreachable, match="speaks TLS") as caught,
    ):
        client.hub.health()
    assert caught.value.hint == f"its address is {secure.url}"
    assert caught.value.details == {"sent": False}


def test_another_certificate_than_the_pinned_gets_nothing(
    secure: FakeHub, certificate: Certificate
) -> None:
    with pytest.raises(HubUnreachable, match="another certificate") as caught:
        version(secure, fingerprint="ab" * 32)
    assert caught.value.details == {"fingerprint": certificate.fingerprint, "pinned": "ab" * 32}
    assert secure.asked == []


def test_an_unknown_certificate_is_shown_and_gets_nothing(
    secure: FakeHub, certificate: Certificate
) -> None:
    with pytest.raises(HubUnreachable, match="is not trusted") as caught:
        version(secure)
    assert caught.value.details == {"fingerprint": certificate.fingerprint}
    assert certificate.fingerprint in (caught.value.hint or "")
    assert secure.asked == []


def test_insecure_does_not_switch_the_check_off(secure: FakeHub) -> None:
    with (
        pytest.raises(HubUnreachable, match="is not trusted"),
        Client(secure.url, "t", insecure=True) as client,
    ):
        client.hub.health()
    assert secure.asked == []


def test_a_file_that_holds_no_certificates_is_named(secure: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    reasons = {
        "x.pem": "it holds no certificates", "gone.pem": "No such file or directory",
        ".": "Is a directory", "a\0b": "embedded null byte",
    }  # fmt: skip
    for name, reason in reasons.items():
        with pytest.raises(InvalidInput, match=f"cannot be used: {reason}$") as caught:
            version(secure, ca_file=tmp_path / name)
        assert str(tmp_path / name) in caught.value.message


def test_https_where_only_http_is_spoken(hub: FakeHub) -> None:
    hub.url = hub.url.replace("http:", "https:")
    with pytest.raises(HubUnreachable, match="does not speak TLS"):
        version(hub)


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "a" * 63, "md5:" + "a" * 64])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(InvalidInput):
        normal_fingerprint(text)

"""The hub's certificate: made once, read with care, and read again."""

from __future__ import annotations

import logging
import socket
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chatops.errors import InvalidInput
from chatops.server.settings import HubSettings
from chatops.server.tls import SELF_SIGNED, HubCertificate, open_certificate
from tests.support.certificates import fingerprint_shown, issued, self_signed


def made(folder: Path, **settings: object) -> HubCertificate:
    given = HubSettings(data_dir=folder, tls_self_signed=True, **settings)  # type: ignore[arg-type]
    certificate = open_certificate(given)
    assert certificate is not None
    return certificate


def test_plain_http_needs_none(tmp_path: Path) -> None:
    assert open_certificate(HubSettings(data_dir=tmp_path)) is None
    assert not list(tmp_path.iterdir())


def test_a_self_signed_one_is_made_once_and_private(tmp_path: Path) -> None:
    one = made(tmp_path)
    file = tmp_path / SELF_SIGNED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [SELF_SIGNED]
    assert made(tmp_path).fingerprint == one.fingerprint
    assert fingerprint_shown(one.context) == one.fingerprint


def test_a_self_signed_one_holds_every_name(tmp_path: Path) -> None:
    made(tmp_path, host="10.1.2.3", public_url="https://hub.example.org:8443")
    (certificate,) = x509.load_pem_x509_certificates((tmp_path / SELF_SIGNED).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    shown = {str(one.value) for one in names}
    expected = {"localhost", "127.0.0.1", "::1", socket.gethostname(), "10.1.2.3"}
    assert shown == expected | {"hub.example.org"}
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days > 3600


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    old = ssl.create_default_context()
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol|version"):
        fingerprint_shown(certificate.context, old)


def test_one_with_an_authority_is_not_pinned(tmp_path: Path) -> None:
    chain, key = issued(tmp_path)
    assert HubCertificate(chain, key).fingerprint is None


def test_a_given_one_that_is_self_signed_is_pinned(tmp_path: Path) -> None:
    given = self_signed(tmp_path)
    given.file.chmod(0o600)
    assert HubCertificate(given.file, given.file).fingerprint == given.fingerprint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    chain, key = issued(tmp_path)
    key.chmod(mode)
    with pytest.raises(InvalidInput, match="may be read by others") as caught:
        HubCertificate(chain, key)
    assert f"chmod 600 {key}" in (caught.value.hint or "")


def test_a_self_signed_one_that_others_may_read_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / SELF_SIGNED).chmod(0o644)
    with pytest.raises(InvalidInput, match="may be read by others"):
        made(tmp_path)


def test_an_encrypted_key_is_refused_without_a_question(tmp_path: Path) -> None:
    chain, key = issued(tmp_path)
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(InvalidInput, match="is encrypted"):
        HubCertificate(chain, key)


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    chain, key = issued(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = issued(tmp_path / "other")
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    empty.chmod(0o600)
    for pair, named in [
        ((chain, other), str(other)),
        ((empty, key), str(empty)),
        ((chain, empty), str(empty)),
        ((key, key), str(key)),
    ]:
        with pytest.raises(InvalidInput) as caught:
            HubCertificate(*pair)
        assert named in caught.value.message
        assert caught.value.hint


def test_what_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    chain, key = issued(tmp_path)
    missing = tmp_path / "missing.pem"
    for pair, named in [
        ((missing, key), f"{missing}: No such file"),
        ((chain, missing), f"{missing}: No such file"),
        ((tmp_path, key), f"{tmp_path}: Is a directory"),
    ]:
        with pytest.raises(InvalidInput, match=named) as caught:
            HubCertificate(*pair)
        assert caught.value.hint


def test_it_is_read_again(tmp_path: Path) -> None:
    used = self_signed(tmp_path)
    used.file.chmod(0o600)
    certificate = HubCertificate(used.file, used.file)
    context = certificate.context
    other = self_signed(tmp_path)
    used.file.write_bytes(other.file.read_bytes())
    certificate.reload()
    assert certificate.context is context
    assert certificate.fingerprint == fingerprint_shown(context) == other.fingerprint


@pytest.mark.parametrize("broken", ["nothing", "key of another", "cut", "loose"])
def test_a_broken_one_leaves_the_old_one_in_use(tmp_path: Path, broken: str) -> None:
    chain, key = issued(tmp_path)
    certificate = HubCertificate(chain, key)
    before = fingerprint_shown(certificate.context)
    (tmp_path / "other").mkdir()
    new_chain, _ = issued(tmp_path / "other")
    content = {"nothing": b"", "key of another": new_chain.read_bytes(), "cut": b"-----BEGIN"}
    if broken == "loose":
        key.chmod(0o644)
    else:
        chain.write_bytes(content[broken])
    with pytest.raises(InvalidInput):
        certificate.reload()
    assert fingerprint_shown(certificate.context) == before


@pytest.mark.parametrize(
    ("days", "said"), [((-3, -1), "expired at"), ((-1, 3), "expires at"), ((1, 90), "not valid")]
)
def test_dates_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: tuple[int, int], said: str
) -> None:
    caplog.set_level(logging.WARNING, "chatops")
    HubCertificate(*issued(tmp_path, days=days))
    assert said in caplog.text

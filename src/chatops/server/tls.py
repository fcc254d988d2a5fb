"""The hub's certificate: a given one, or a self-signed one that is kept in the data folder.

It can be read again while the hub runs: connections stay, new ones see the new certificate.
"""

from __future__ import annotations

import datetime
import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from chatops.errors import InvalidInput, SetupError
from chatops.paths import write_private
from chatops.server.address import own_names
from chatops.server.settings import HubSettings

if TYPE_CHECKING:  # a hub behind a proxy needs none of it
    from cryptography.x509 import Certificate

SELF_SIGNED: Final = "tls-self-signed.pem"
"""The file of the certificate and its key, below the data folder."""
_SOON: Final = datetime.timedelta(days=14)
_log = logging.getLogger(__name__)


class HubCertificate:
    """What the hub shows at a handshake. ``context`` stays the same object for ever."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Raises InvalidInput, SetupError: see ``reload``."""
        self._chain = chain
        self._key = key
        self.fingerprint: str | None = None
        """SHA-256 in hex if nobody but itself vouches for the certificate, for pinning."""
        self.context = _context()
        self.reload()

    def reload(self) -> None:
        """Read the files again. Connections that are open do not notice.

        Raises:
            InvalidInput: there is no such file, or it cannot be read. What was there stays.
            SetupError: they cannot be used, or others may read the key. What was there stays.
        """
        chain, key = _read(self._chain), _read_key(self._key)
        self._load(_context(), chain, key)
        shown = _first_of(self._chain, chain)
        self._load(
            self.context, chain, key
        )  # the same bytes: what was tried, not what is there now
        self.fingerprint = _fingerprint(shown) if shown.issuer == shown.subject else None
        _warn_of_dates(shown)

    def _load(self, context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
        def encrypted() -> NoReturn:
            raise InvalidInput(
                f"the key in {self._key} is encrypted",
                hint="give one without a passphrase (openssl pkey makes it), mode 0600",
            )

        try:
            with _as_file(chain) as chain_file, _as_file(key) as key_file:
                context.load_cert_chain(chain_file, key_file, password=encrypted)
        except ssl.SSLError as error:
            raise InvalidInput(
                f"the certificate in {self._chain} and the key in {self._key} cannot be used: "
                f"{(error.reason or 'no PEM').lower().replace('_', ' ')}",
                hint="both are PEM files: the hub's certificate first, then those above it",
            ) from error


def open_certificate(settings: HubSettings) -> HubCertificate | None:
    """The certificate that the settings ask for; None is plain HTTP.

    Raises:
        InvalidInput, SetupError: it cannot be read, or not be used.
    """
    if settings.tls_self_signed:
        path = settings.folder / SELF_SIGNED
        if not path.exists():
            from chatops.server.self_signed import make_self_signed

            _keep(path, make_self_signed(own_names(settings.host, settings.public_url)))
        return HubCertificate(path, path)
    if settings.tls_cert is not None and settings.tls_key is not None:
        return HubCertificate(settings.tls_cert, settings.tls_key)
    return None


def _keep(path: Path, pem: bytes) -> None:
    try:
        write_private(path, pem)
    except OSError as error:
        raise SetupError(f"cannot write {path}: {error.strerror}") from error


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _read_key(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            info = os.fstat(file.fileno())
            if info.st_mode & 0o077 or info.st_uid not in (os.geteuid(), 0):
                raise InvalidInput(
                    f"the key in {path} may be read by others",
                    hint=f"find out by whom, then: chmod 600 {path}",
                )
            return file.read()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"cannot read {path}: {error.strerror}", hint="check its owner and permissions"
    )


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A name for bytes in memory, as OpenSSL reads nothing but files."""
    handle = os.memfd_create("pem", os.MFD_CLOEXEC)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{handle}"


def _first_of(path: Path, chain: bytes) -> Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(chain)[0]
    except ValueError as error:
        raise InvalidInput(
            f"{path} holds no certificate that can be read",
            hint="it is to be a PEM file: the hub's own certificate first, then its issuers'",
        ) from error


def _fingerprint(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex()


def _warn_of_dates(certificate: Certificate) -> None:
    now = datetime.datetime.now(datetime.UTC)
    end = certificate.not_valid_after_utc
    if certificate.not_valid_before_utc > now:
        _log.warning("the certificate is not valid before %s", certificate.not_valid_before_utc)
    elif end < now:
        _log.warning("the certificate expired at %s", end)
    elif end < now + _SOON:
        _log.warning("the certificate expires at %s", end)

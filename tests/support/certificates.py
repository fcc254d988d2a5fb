"""Certificates made for a test."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificate(NamedTuple):
    """A self-signed certificate with its key in one PEM file."""

    file: Path
    fingerprint: str

    @property
    def context(self) -> ssl.SSLContext:
        """What a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


def self_signed(folder: Path, name: str = "127.0.0.1") -> Certificate:
    """One for an address of this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, name, key, (-1, 1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    file = folder / f"{certificate.serial_number}.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + _pem(key))
    der = certificate.public_bytes(serialization.Encoding.DER)
    return Certificate(file, hashlib.sha256(der).hexdigest())


def issued(
    folder: Path, name: str = "127.0.0.1", days: tuple[int, int] = (-1, 90)
) -> tuple[Path, Path]:
    """The files of a certificate from an authority and of its key (0600); beside them
    ``ca.pem``, the authority. ``days`` from now are the begin and end of its validity."""
    above, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    basic = x509.BasicConstraints(ca=True, path_length=None)
    authority = _builder("authority", "authority", above, (-9, 99)).add_extension(basic, True)
    certificate = _builder("authority", name, key, days).sign(above, hashes.SHA256())
    files = folder / "chain.pem", folder / "key.pem"
    signed = authority.sign(above, hashes.SHA256())
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(_pem(key))
    files[1].chmod(0o600)
    return files


def fingerprint_shown(server: ssl.SSLContext, client: ssl.SSLContext | None = None) -> str:
    """The SHA-256 of what a server with that context shows, by a handshake in memory."""
    client = client or ssl.create_default_context()
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking, answering = client.wrap_bio(down, up), server.wrap_bio(up, down, server_side=True)
    for end in (asking, answering, asking, answering):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return hashlib.sha256(asking.getpeercert(binary_form=True) or b"").hexdigest()


def _builder(
    issuer: str, name: str, key: ec.EllipticCurvePrivateKey, days: tuple[int, int]
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .issuer_name(_named(issuer))
        .subject_name(_named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
    )
    if name == "authority":
        return builder
    address = x509.IPAddress(ipaddress.ip_address(name))
    return builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

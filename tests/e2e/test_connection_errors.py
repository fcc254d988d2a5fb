"""Why there is no connection to the hub: said by every program in the same plain way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Bench, Finished, bench

KEY = "cok_abcdefgh_" + "x" * 43
RAW = ("[Errno", "[SSL", "_ssl.c", "Error(", "Traceback", "Errno")
"""What only a programmer reads."""


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Bench]]:
    """A hub without TLS, and one with."""
    with (
        bench(tmp_path_factory.mktemp("plain")) as plain,
        bench(tmp_path_factory.mktemp("secure")) as secure,
    ):
        plain.start_hub()
        secure.start_hub(None, "--tls-self-signed")
        yield plain, secure


def programs(place: Bench, hub: str, *words: str) -> Iterator[Finished]:
    """Each program that needs the hub, told the same."""
    yield place.run("status", "--hub", hub, "--token", "t", *words)
    yield place.run("login", hub, "-u", "admin", "--password-stdin", *words, stdin="x")
    yield place.run("agent", "check", "--hub", hub, *words, CHATOPS_KEY=KEY)


def is_plain(done: Finished, code: int, why: str) -> None:
    assert done.code == code, done
    assert why in done.err
    assert done.err.startswith("error: ")
    assert "\nhint: " in done.err
    assert not [word for word in RAW if word in done.err + done.out]


def test_the_wrong_scheme(hubs: tuple[Bench, Bench]) -> None:
    plain, secure = hubs
    for done in programs(secure, secure.url.replace("https:", "http:")):
        is_plain(done, 7, "speaks TLS")
        assert secure.url in done.err
    for done in programs(plain, plain.url.replace("http:", "https:")):
        is_plain(done, 7, "does not speak TLS")


def test_nobody_there_and_no_such_name(place: Bench, closed_port: int) -> None:
    for done in programs(place, f"http://127.0.0.1:{closed_port}"):
        is_plain(done, 7, "connection refused")
        assert str(closed_port) in done.err
    for done in programs(place, "https://no-such-host.invalid"):
        is_plain(done, 7, "no-such-host.invalid")


def test_a_certificate_that_nobody_vouches_for(hubs: tuple[Bench, Bench]) -> None:
    for done in programs(hubs[1], hubs[1].url):
        is_plain(done, 7, "is not trusted")
        assert "--ca-file" in done.err


def test_a_file_of_certificates_that_cannot_be_used(
    hubs: tuple[Bench, Bench], tmp_path: Path
) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    reasons = {"x.pem": "it holds no certificates", "none": "No such file or directory"}
    for name, reason in reasons.items():
        path = str(tmp_path / name)
        for done in programs(hubs[1], hubs[1].url, "--ca-file", path):
            is_plain(done, 2, f"the certificate file {path} cannot be used: {reason}\n")
        done = hubs[1].run("agent", "--hub", hubs[1].url, "--ca-file", path, CHATOPS_KEY=KEY)
        is_plain(done, 2, f"the certificate file {path} cannot be used: {reason}\n")


def test_a_fingerprint_that_is_none_or_another(hubs: tuple[Bench, Bench]) -> None:
    secure = hubs[1]
    for text, code, why in (("zz", 2, "is not a SHA-256"), ("0" * 64, 7, "another certificate")):
        words = ["--hub", secure.url, "--token", "t", "--fingerprint", text]
        is_plain(secure.run("status", *words), code, why)


def test_what_is_no_address(place: Bench) -> None:
    for hub in ("ftp://x", "x", "http://"):
        for done in programs(place, hub):
            is_plain(done, 2, "is not the address of a hub")
    for done in programs(place, "http://hub.invalid"):
        is_plain(done, 2, "hub.invalid")

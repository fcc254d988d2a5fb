"""A hub behind the real nginx, with the configuration that the docs give."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.certificates import issued
from tests.support.nginx import nginx
from tests.support.ports import free_port
from tests.support.processes import PASSWORD, Bench, bench


@contextmanager
def behind(place: Bench, port: int, **changed: str) -> Iterator[Bench]:
    """A hub that is reached through nginx on ``port``, its admin signed in, with ``web-1``."""
    chain, key = issued(place.folder)
    authority = str(place.folder / "ca.pem")
    public = f"https://127.0.0.1:{port}"
    hub = place.start_hub(None, "--public-url", public, "--trusted-proxy", "127.0.0.1")
    inner = place.url.removeprefix("http://")
    assert f"ready at http://{inner} (public: {public})".encode() in hub.said
    with nginx(place.folder / "nginx", port, inner, chain, key, **changed):
        place.url = public
        words = ("-u", "admin", "--password-stdin", "--ca-file", authority)
        done = place.run("login", public, *words, stdin=PASSWORD)
        assert done.code == 0, done.err
        flags = ("--allow", "exec", "--ca-file", authority)
        place.start_agent("web-1", place.add_server("web-1"), *flags)
        yield place
        place.close()  # before nginx, so that nobody has to wait for it


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("nginx")) as place, behind(place, free_port()) as made:
        yield made


def test_agents_commands_and_streams_pass(proxied: Bench, tmp_path: Path) -> None:
    done = proxied.run("exec", "web-1", "echo out; echo err >&2; exit 3")
    assert (done.code, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    data = bytes(range(256)) * 16384
    done = proxied.run("exec", "-i", "web-1", "cat", stdin=data)
    assert (done.code, done.stdout == data) == (0, True)
    watching = proxied.start("watch", "metrics", "watch", "web-1", "-o", "ndjson")
    watching.says(rb'"cpu')
    watching.stop(signal.SIGINT)


def test_output_is_seen_when_it_is_printed(proxied: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    line = f"echo begun; while ! test -e {go}; do sleep 0.05; done; echo over"
    running = proxied.start("running", "exec", "web-1", line)
    running.says(rb"^begun$")
    several = proxied.start("several", "exec", "web-*", line)
    several.says(rb"^web-1 \| begun$")
    go.touch()
    running.says(rb"^over$")
    assert running.process.wait(15) == 0
    assert several.process.wait(15) == 0


def test_a_silent_command_outlives_the_patience_of_a_proxy(place: Bench, closed_port: int) -> None:
    with behind(place, closed_port, proxy_read_timeout="2s") as proxied:
        began = time.monotonic()
        done = proxied.run("exec", "web-1", "echo begun; sleep 6; echo over; exit 4")
        assert time.monotonic() - began > 5
        assert (done.code, done.out) == (4, "begun\nover\n"), done.err


def ask(
    place: Bench, method: str, path: str, body: object = None, source: str = "", **headers: str
) -> http.client.HTTPResponse:
    """The answer to one request through nginx, its body left out."""
    context = ssl.create_default_context(cafile=str(place.folder / "ca.pem"))
    host, _, port = place.url.removeprefix("https://").partition(":")
    connection = http.client.HTTPSConnection(
        host, int(port), context=context, source_address=(source, 0) if source else None, timeout=20
    )
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, json.dumps(body) if body else None, sent)
        return connection.getresponse()
    finally:
        connection.close()


def sign_in(place: Bench, source: str, forwarded: str) -> int:
    """The status of a wrong sign-in that comes from an address and claims another."""
    body = {"username": "admin", "password": "wrong"}
    headers = {"X_Forwarded_For": forwarded, "Content_Type": "application/json"}
    return ask(place, "POST", "/api/v1/auth/login", body, source, **headers).status


def test_whom_a_request_comes_from_is_what_nginx_saw(proxied: Bench) -> None:
    statuses = [sign_in(proxied, "127.0.0.5", f"203.0.113.{at}") for at in range(11)]
    assert statuses == [401] * 10 + [429], "each claims to be somebody else"
    assert sign_in(proxied, "127.0.0.6", "127.0.0.5") == 401
    rows = proxied.run("audit", "list", "-o", "json").json()
    failed = {row["address"] for row in rows if row["outcome"] == "denied"}
    assert failed == {"127.0.0.5", "127.0.0.6"}, rows


def test_the_console_passes_and_its_cookie_is_secure(proxied: Bench) -> None:
    page = ask(proxied, "GET", "/", Accept="text/html")
    assert (page.status, page.headers.get_content_type()) == (200, "text/html")
    assert page.headers["X-Frame-Options"] == "DENY"
    body = {"username": "admin", "password": PASSWORD, "cookie": True}
    answer = ask(proxied, "POST", "/api/v1/auth/login", body, X_Chatops_Console="1")
    assert answer.status == 200
    assert answer.headers["Set-Cookie"].split("; ")[1:] == [
        "Max-Age=604800", "Path=/api/v1/auth", "HttpOnly", "SameSite=Strict", "Secure"
    ]  # fmt: skip

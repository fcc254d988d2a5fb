"""The console's files as a browser gets them, and what stands there without them."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from chatops.server import console_files
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = b"console.log('" + b"x" * 200_000 + b"')\n"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build, which hubs will find."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>console</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    script = folder / "assets" / "app-1a2b3c.js"
    script.write_bytes(SCRIPT)
    script.with_name("app-1a2b3c.js.gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name("app-1a2b3c.js.br").write_bytes(b"as brotli")
    (folder / "assets" / "app.unknown").write_text("?")
    (tmp_path / "secret.txt").write_text("a secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "folder").symlink_to(tmp_path)
    monkeypatch.setattr(console_files, "find_console", lambda: folder)
    return folder


@pytest.fixture
async def hub(tmp_path: Path, build: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub") as running:
        yield running


async def get(hub: TestHub, path: str, method: str = "GET", **headers: str) -> Got:
    """One request, its path exactly as given, its answer as it came."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    url = URL(f"{hub.url}{path}", encoded=True)
    async with hub.http.request(
        method, url, headers={"Accept-Encoding": "identity"} | sent, auto_decompress=False
    ) as answer:
        return Got(answer.status, answer.headers, await answer.read())


async def test_each_path_of_a_page_is_the_index(hub: TestHub) -> None:
    for path in ("/", "/servers/web-1", "/apis", "/nothing/here?x=1"):
        got = await get(hub, path, **PAGE)
        assert (got.status, got.body) == (200, b"<!doctype html><title>console</title>"), path
        assert got.headers["Content-Type"] == "text/html; charset=utf-8"
        assert got.headers["Cache-Control"] == "no-cache"
    again = await get(hub, "/", If_None_Match=got.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == got.headers["ETag"]


async def test_all_that_a_browser_gets_is_bound_by_the_policy(hub: TestHub) -> None:
    for path in ("/", "/servers", "/favicon.svg", "/assets/app-1a2b3c.js"):
        headers = (await get(hub, path, **PAGE)).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


async def test_what_has_its_hash_in_its_name_is_kept_for_a_year(hub: TestHub) -> None:
    got = await get(hub, "/assets/app-1a2b3c.js")
    assert (got.status, got.body) == (200, SCRIPT)
    assert got.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    other = await get(hub, "/favicon.svg")
    assert (other.body, other.headers["Cache-Control"]) == (b"<svg/>", "no-cache")
    assert other.headers["Content-Type"] == "image/svg+xml"


async def test_a_browser_gets_the_best_coding_that_it_takes(hub: TestHub) -> None:
    tags = set()
    for accepted, coding, size in (
        ("gzip, deflate, br, zstd", "br", 9),
        ("GZIP;q=0.5, br;q=0", "gzip", len(gzip.compress(SCRIPT))),
        ("deflate, brotli", None, len(SCRIPT)),
    ):
        got = await get(hub, "/assets/app-1a2b3c.js", Accept_Encoding=accepted)
        assert (got.headers.get("Content-Encoding"), len(got.body)) == (coding, size)
        assert got.headers["Content-Length"] == str(size)
        assert got.headers["Vary"] == "Accept-Encoding"
        tags.add(got.headers["ETag"])
    assert len(tags) == 3
    assert "Vary" not in (await get(hub, "/favicon.svg")).headers


async def test_a_file_that_goes_while_it_is_sent_is_not_taken_for_whole(
    hub: TestHub, build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = console_files._read

    def read_and_remove(path: Path, start: int) -> bytes:
        part = read(path, start)
        path.unlink(missing_ok=True)
        return part

    monkeypatch.setattr(console_files, "_read", read_and_remove)
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(hub, "/assets/app-1a2b3c.js")
    assert (await get(hub, "/assets/app-1a2b3c.js")).status == 404


async def test_who_leaves_while_a_file_comes_is_no_fault_of_the_hubs(
    hub: TestHub, build: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chatops")
    (build / "assets" / "app-1a2b3c.js").write_bytes(SCRIPT * 100)  # more than sockets hold
    address = urlsplit(hub.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /assets/app-1a2b3c.js HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readexactly(1000)
    writer.transport.abort()
    await until_async(lambda: "app-1a2b3c.js 200" in caplog.text, what="the request's log line")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_head_tells_what_get_would(hub: TestHub) -> None:
    for path in ("/", "/assets/app-1a2b3c.js"):
        head, got = await get(hub, path, "HEAD"), await get(hub, path)
        assert (head.status, head.body) == (200, b"")
        same = ("Content-Length", "Content-Type", "ETag", "Cache-Control")
        assert [head.headers[name] for name in same] == [got.headers[name] for name in same]


async def test_nothing_else_is_there(hub: TestHub) -> None:
    for path in (
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2fetc%2fpasswd",
        "/link.txt", "/folder/secret.txt", "//secret.txt", "/index.html%00.js", "/etc/passwd",
        "/assets/../../secret.txt", "/assets/..%5c..%5csecret.txt", "/assets", "/assets/",
        "/assets/app.unknown", "/assets/app-1a2b3c.js.gz", "/assets/gone.js",
    ):  # fmt: skip
        got = await get(hub, path)
        assert (got.status, got.headers["Content-Type"]) == (404, "application/json"), path
        page = await get(hub, path, **PAGE)
        assert page.status == (404 if path.startswith("/assets") else 200), path
        assert b"a secret" not in page.body


async def test_what_is_not_the_consoles_stays_what_it_was(hub: TestHub, build: Path) -> None:
    for path, status in (
        ("/api/v1/nothing", 401), ("/api/other", 404), ("/docs/more", 404), ("/metrics", 401),
        ("/docs", 200), ("/api/v1/health", 200),
    ):  # fmt: skip
        got = await get(hub, path, **PAGE)
        assert (got.status, got.body[:15] == b"<!doctype html>") == (status, path == "/docs"), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await get(hub, "/servers", method, **PAGE)).status == 404
    (build / "new.txt").write_text("made after the start")
    assert (await get(hub, "/new.txt")).status == 404
    (build / "favicon.svg").unlink()
    assert (await get(hub, "/favicon.svg")).status == 404


async def test_without_a_build_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_files, "find_console", lambda: None)
    async with running_hub(tmp_path / "hub") as hub:
        page = await get(hub, "/", **PAGE)
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "script" not in page.headers["Content-Security-Policy"]
        for word in (b"The hub works", b'href="/docs"', b"chatops login", b"make web"):
            assert word in page.body
        plain = await get(hub, "/")
        assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert b"make web" in plain.body
        assert plain.body.count(b"\n") == 1
        assert (await get(hub, "/servers", **PAGE)).status == 404


def test_the_build_is_that_of_the_package_else_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "src" / "chatops" / "server"
    monkeypatch.setattr(console_files, "__file__", str(server / "console_files.py"))
    packaged, built = server / "console", tmp_path / "web" / "dist"
    assert console_files.find_console() is None
    for folder in (built, packaged):
        folder.mkdir(parents=True)
        (folder / "index.html").touch()
        assert console_files.find_console() == folder
    elsewhere = tmp_path / "lib" / "chatops" / "server" / "console_files.py"
    monkeypatch.setattr(console_files, "__file__", str(elsewhere))
    assert console_files.find_console() is None, "only a checkout has its code in src"

"""A hub that speaks TLS, below HTTP."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from chatops.protocol.join import decode_join
from chatops.server.tls import SELF_SIGNED
from tests.support.hub import running_hub


async def test_a_connection_without_a_handshake_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatops.server.listener.HANDSHAKE_TIMEOUT", 0.2)
    async with running_hub(tmp_path / "hub", tls_self_signed=True) as hub:
        host, _, port = hub.url.removeprefix("https://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
        await hub.ok("GET", "/health", token=None)


async def test_the_certificate_is_good_for_its_names(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", tls_self_signed=True) as hub:
        context = ssl.create_default_context(cafile=tmp_path / "hub" / SELF_SIGNED)
        async with hub.http.get(f"{hub.url}/api/v1/health", ssl=context) as response:
            assert response.status == 200


@pytest.mark.parametrize(("proxies", "pinned"), [((), True), (("127.0.0.1",), False)])
async def test_behind_a_proxy_nothing_is_pinned(
    tmp_path: Path, proxies: tuple[str, ...], pinned: bool
) -> None:
    settings = {"tls_self_signed": True, "public_url": "https://hub.example.org"}
    async with running_hub(tmp_path / "hub", trusted_proxy=proxies, **settings) as hub:
        join = decode_join((await hub.server("web-1"))["key"]["join"])
        assert join.hub == "https://hub.example.org"
        assert (join.fingerprint is not None) == pinned

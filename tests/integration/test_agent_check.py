"""``agent check`` against hubs that are well, odd, or not there."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from chatops.agent.check import CheckResult, check
from chatops.agent.logs.wanted import parse_wanted
from chatops.agent.settings import AgentSettings
from chatops.protocol import closing
from chatops.protocol.join import Join, encode_join
from chatops.units import format_time
from tests.support.certificates import self_signed
from tests.support.engine import RealEngine
from tests.support.journal import real_journal
from tests.support.stand_in_hub import KEY, StandInHub, stand_in_hub


def pages(skew: float = 0.0) -> dict[str, tuple[int, str]]:
    mine = {
        "id": "k1", "server": "web-1", "server_id": "s1", "expires_at": None,
        "time": format_time(time.time() - skew),
    }  # fmt: skip
    health = {"status": "ok", "version": "9.9", "registration": "closed"}
    return {
        "/api/v1/health": (200, msgspec.json.encode(health).decode()),
        "/api/v1/api-keys/me": (200, msgspec.json.encode(mine).decode()),
    }


async def looked(settings: AgentSettings) -> dict[str, CheckResult]:
    results = await asyncio.to_thread(check, settings)
    return {result.name: result for result in results}


def for_hub(hub: StandInHub) -> AgentSettings:
    return AgentSettings(hub=hub.url, key=KEY, allow=("exec",))


async def test_all_is_well() -> None:
    async with stand_in_hub(StandInHub(pages=pages())) as hub:
        found = await looked(for_hub(hub))
        assert list(found) == ["settings", "dns", "tcp", "hub", "key", "clock", "policy"]
        assert all(result.ok for result in found.values())
        assert found["hub"].detail == "ChatOps 9.9"
        assert found["key"].detail == "it is the key of web-1"
        assert found["policy"].detail == "allowed here: exec"
        assert hub.asked == [
            ("/api/v1/health", None),
            ("/api/v1/api-keys/me", f"Bearer {KEY}"),
        ]


async def test_over_tls_with_a_file_or_a_pin_or_neither(tmp_path: Path) -> None:
    made = self_signed(tmp_path)
    async with stand_in_hub(StandInHub(pages=pages()), context=made.context) as hub:
        trusted = await looked(AgentSettings(hub=hub.url, key=KEY, ca_file=made.file))
        assert trusted["tls"].ok
        assert trusted["key"].ok
        join = encode_join(Join(hub=hub.url, key=KEY, fingerprint=made.fingerprint))
        pinned = await looked(AgentSettings(join=join))
        assert "pinned" in pinned["tls"].detail
        assert pinned["key"].ok
        other = encode_join(Join(hub=hub.url, key=KEY, fingerprint="00" * 32))
        strangers = [AgentSettings(hub=hub.url, key=KEY), AgentSettings(join=other)]
        for settings in strangers:
            found = await looked(settings)
            assert not found["tls"].ok
            assert found["tls"].hint
            assert "key" not in found


async def test_a_refused_key_says_what_the_hub_said() -> None:
    refusal = '{"error": {"code": "not_signed_in", "message": "the key was revoked"}}'
    laid = {**pages(), "/api/v1/api-keys/me": (401, refusal)}
    async with stand_in_hub(StandInHub(pages=laid)) as hub:
        key = (await looked(for_hub(hub)))["key"]
        assert (key.ok, key.detail) == (False, "the key was revoked")
        assert "keys create" in (key.hint or "")


async def test_the_key_of_a_removed_server_is_not_to_be_made_again() -> None:
    error = {"code": "not_signed_in", "message": closing.SERVER_REMOVED.text}
    refusal = msgspec.json.encode({"error": error}).decode()
    laid = {**pages(), "/api/v1/api-keys/me": (401, refusal)}
    async with stand_in_hub(StandInHub(pages=laid)) as hub:
        found = await looked(for_hub(hub))
        assert "servers add" in (found["key"].hint or "")
        assert found["clock"].ok


async def test_without_a_key_all_else_is_checked() -> None:
    async with stand_in_hub(StandInHub(pages=pages())) as hub:
        found = await looked(AgentSettings(hub=hub.url))
        assert list(found) == ["settings", "dns", "tcp", "hub", "key", "clock", "policy"]
        assert [name for name, result in found.items() if not result.ok] == ["key"]
        assert found["key"].detail == "no key is given"
        assert "--key-file" in (found["key"].hint or "")
        assert hub.asked == [("/api/v1/health", None)]


async def test_a_missing_key_is_told_though_no_hub_is_there(unused_tcp_port: int) -> None:
    found = await looked(AgentSettings(hub=f"http://127.0.0.1:{unused_tcp_port}"))
    assert [name for name, result in found.items() if not result.ok] == ["tcp", "key"]


@pytest.mark.parametrize(("skew", "words"), [(120.0, "2m ahead of"), (-3600.0, "1h behind")])
async def test_a_clock_that_is_off_is_told(skew: float, words: str) -> None:
    async with stand_in_hub(StandInHub(pages=pages(skew))) as hub:
        clock = (await looked(for_hub(hub)))["clock"]
        assert not clock.ok
        assert words in clock.detail


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ((404, "nothing"), "HTTP 404"),
        ((200, "<html>"), "no ChatOps hub"),
        ((200, "[]"), "no ChatOps"),
    ],
)
async def test_an_address_that_is_no_hub(page: tuple[int, str], words: str) -> None:
    async with stand_in_hub(StandInHub(pages={"/api/v1/health": page})) as hub:
        found = await looked(for_hub(hub))
        assert found["tcp"].ok
        assert not found["hub"].ok
        assert words in found["hub"].detail
        assert "key" not in found


async def test_something_that_speaks_no_http() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await looked(AgentSettings(hub=f"http://127.0.0.1:{port}", key=KEY))
        assert found["hub"].detail == "what answers there does not speak HTTP"
        found = await looked(AgentSettings(hub=f"https://127.0.0.1:{port}", key=KEY))
        assert "it does not speak TLS" in found["tls"].detail


async def test_a_hub_with_tls_asked_without(tmp_path: Path) -> None:
    async with stand_in_hub(context=self_signed(tmp_path).context) as hub:
        plain = hub.url.replace("https:", "http:")
        found = await looked(AgentSettings(hub=plain, key=KEY))
        assert found["hub"].detail.endswith(" speaks TLS, and the address is http://")
        assert found["hub"].hint == f"its address is {hub.url}"


async def test_a_file_of_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    reasons = {"x.pem": "it holds no certificates", "gone.pem": "No such file or directory"}
    for name, reason in reasons.items():
        path = tmp_path / name
        found = await looked(AgentSettings(hub="https://127.0.0.1:1", key=KEY, ca_file=path))
        assert found["settings"].detail == f"the certificate file {path} cannot be used: {reason}"
        assert "dns" not in found


async def test_no_hub_there_and_no_such_name(unused_tcp_port: int) -> None:
    found = await looked(AgentSettings(hub=f"http://127.0.0.1:{unused_tcp_port}", key=KEY))
    assert not found["tcp"].ok
    assert found["tcp"].detail == f"127.0.0.1 port {unused_tcp_port}: connection refused"
    found = await looked(AgentSettings(hub="https://no-such-host.invalid", key=KEY))
    assert found["dns"].detail == "no-such-host.invalid: this name is not known"
    assert "tcp" not in found


async def test_bad_settings_and_a_bad_policy_are_told_both() -> None:
    found = await looked(AgentSettings(policy={"nonsense": 1}))
    assert [found["settings"].ok, found["policy"].ok] == [False, False]
    assert found["settings"].hint


async def test_a_proxy_of_the_environment_is_named_and_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        found = await looked(AgentSettings(hub="https://hub.invalid", key=KEY))
        assert found["proxy"].detail.endswith(f"127.0.0.1:{port}")
        assert not found["tcp"].ok
        assert asked[0].startswith(b"CONNECT hub.invalid:443")


async def test_the_journal_is_looked_at_where_it_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand_in_hub(StandInHub(pages=pages())) as hub:
        settings = replace(for_hub(hub), logs=parse_wanted(["unit:nginx"]))
        with real_journal() as journal:
            monkeypatch.setenv("PATH", journal.path)
            assert (await looked(settings))["journal"].ok
        monkeypatch.setenv("PATH", str(tmp_path))
        journal_ = (await looked(settings))["journal"]
        assert (journal_.ok, journal_.detail) == (False, "there is no journalctl on this host")
        assert "leave out what is read of units" in (journal_.hint or "")


async def test_containers_are_looked_at_where_their_logs_are_shipped(
    engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    async with stand_in_hub(StandInHub(pages=pages())) as hub:
        settings = replace(for_hub(hub), logs=parse_wanted(["container:web"]))
        found = (await looked(settings))["containers"]
        assert (found.ok, found.hint) == (False, "allow docker here")
        settings = replace(settings, allow=("docker",))
        assert (await looked(settings))["containers"].ok
        monkeypatch.setenv("DOCKER_HOST", "unix:///nobody/is/here")
        assert "no container engine listens" in (await looked(settings))["containers"].detail

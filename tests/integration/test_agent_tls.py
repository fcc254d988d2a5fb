"""An agent and a hub that speaks TLS: whom it trusts, and whom not."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from chatops.protocol.join import Join, encode_join
from tests.support.agents import local_agent
from tests.support.certificates import self_signed
from tests.support.stand_in_hub import KEY, stand_in_hub
from tests.support.waiting import until_async


async def test_a_file_of_certificates_is_trusted(tmp_path: Path) -> None:
    made = self_signed(tmp_path)
    async with (
        stand_in_hub(context=made.context) as hub,
        local_agent(hub.url, ca_file=made.file) as local,
    ):
        await hub.connected()
        await until_async(lambda: local.said, what="the line that says so")
        assert local.said == [f"connected to {hub.url} as web-1"]


async def test_an_unknown_certificate_is_not_trusted_and_the_key_stays_here(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "chatops")
    made = self_signed(tmp_path)
    async with stand_in_hub(context=made.context) as hub, local_agent(hub.url):
        await until_async(lambda: "its certificate is not trusted" in caplog.text)
        assert hub.auths == []


async def test_a_pinned_certificate_is_trusted(tmp_path: Path) -> None:
    made = self_signed(tmp_path)
    async with stand_in_hub(context=made.context) as hub:
        join = encode_join(Join(hub=hub.url, key=KEY, fingerprint=made.fingerprint))
        async with local_agent(hub.url, join=join):
            await hub.connected()
            assert [auth.api_key for auth in hub.auths] == [KEY]


async def test_another_certificate_than_the_pinned_one_gets_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "chatops")
    made = self_signed(tmp_path)
    async with stand_in_hub(context=made.context) as hub:
        join = encode_join(Join(hub=hub.url, key=KEY, fingerprint="00" * 32))
        async with local_agent(hub.url, join=join):
            await until_async(lambda: "not the one that the join string names" in caplog.text)
            assert hub.auths == []

"""A copy of the data folder without its secrets opens nothing: every value in it is tried."""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from chatops.server.db.files import FILES
from chatops.server.first_run import PASSWORD_FILE
from chatops.server.secrets import FILE as SECRETS
from chatops.server.secrets import load_secrets
from chatops.server.tls import SELF_SIGNED
from tests.support.fleet import fleet
from tests.support.hub import PASSWORD, TestHub, running_hub

SECRET = {SECRETS, PASSWORD_FILE, SELF_SIGNED}
"""The files that are secrets themselves, which docs/topics/hub.md says to keep apart."""
RICH = {"sign_in_account_limit": 100_000, "sign_in_address_limit": 100_000, "request_limit": 50_000}
FRESH = "fresh and never stored"
HEADER = {"alg": "HS256", "typ": "JWT"}
KINDS = ("cok", "cot", "cor")


async def test_no_stored_value_works_as_a_credential(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder, **RICH) as hub:
        given = await _use(hub)
    found = set(_values(folder))
    assert len(found) > 100
    for credential in given:
        assert not any(credential in one or credential[13:] in one for one in found)
    async with running_hub(folder, **RICH) as hub:
        user = (await hub.ok("GET", "/auth/me"))["id"]
        for value in sorted(found):
            for form in _forms(value, user):
                await _refused(hub, form)
        for value in sorted(one for one in found if 8 <= len(one) <= 200):
            body = {"username": "admin", "password": value}
            assert (await hub.call("POST", "/auth/login", body, token=None)).status == 401, value
        claims = {"sub": user, "gen": 0, "exp": time.time() + 600, "iat": time.time() - 1}
        tokens = bytes.fromhex(load_secrets(folder).tokens)
        forged = _signed(claims, tokens)  # with the secrets it would be easy: the forms are right
        assert (await hub.call("GET", "/servers", token=forged)).status == 200
        assert await _works(hub, "key", given[0])
        assert await _works(hub, "refresh", given[1])
        assert (await hub.call("GET", "/servers", token=given[2])).status == 200


async def _use(hub: TestHub) -> tuple[str, str, str, str]:
    """A bit of everything that is stored. The key, refresh, API and access token in use."""
    await hub.user("ann", "operator")
    key = (await hub.server("web-1", tags={"env": "prod"}))["key"]["key"]
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "operator"})
    sign_in = {"username": "ann", "password": PASSWORD}
    pair = await hub.ok("POST", "/auth/login", sign_in, token=None)
    body = {"refresh_token": pair["refresh_token"]}
    pair = await hub.ok("POST", "/auth/refresh", body, token=None)
    wrong = {"username": "ann", "password": FRESH}
    assert (await hub.call("POST", "/auth/login", wrong, token=None)).status == 401
    async with fleet(hub, "db-1") as (one,):
        run = {
            "target": "db-1", "command": "deploy", "env": {"TOKEN": "of somebody else"},
            "mode": "detach", "idempotency_key": "once",
        }  # fmt: skip
        await hub.ok("POST", "/commands", run)
        await one.started()
        await one.finished()
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
    token = (await hub.ok("POST", "/tokens", {"name": "ci"}))["token"]
    await hub.ok("GET", "/servers", token=token)
    return key, str(pair["refresh_token"]), str(token), str(pair["access_token"])


def _values(folder: Path) -> Iterator[str]:
    """Each value of each column of each table, what stands inside JSON, and each other file."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in SECRET and not path.name.startswith(FILES):
            yield from _texts(path.read_bytes())
    for name in FILES:
        with closing(sqlite3.connect(folder / name)) as database:
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
            )  # what a virtual table has lies in others
            for (table,) in tables.fetchall():
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    for value in row:
                        yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    """A value as text, and what can be found in it."""
    if isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, bytes):
        yield from _texts(value.hex())
        yield from _texts(value.decode("utf-8", "replace"))
    elif value is not None:
        yield from _in_text(str(value))


def _in_text(text: str) -> Iterator[str]:
    text = text.strip()
    if text:
        yield text
        yield from (part for part in text.split() if part != text)
        if text[0] in "{[":
            try:
                yield from _texts(json.loads(text))
            except ValueError:
                return


def _forms(value: str, user: str) -> Iterator[str]:
    """A value as it is, in the shape of our credentials, and as the key of a signature."""
    if not value.isascii() or not value.isprintable() or len(value) > 4000:
        return
    yield value
    yield from (f"{kind}_{value}" for kind in KINDS)
    claims = {"sub": user, "gen": 0, "exp": time.time() + 600, "iat": time.time() - 1}
    yield _signed(claims, value.encode())
    try:
        yield _signed(claims, bytes.fromhex(value))
    except ValueError:
        return


def _signed(claims: dict[str, Any], key: bytes) -> str:
    """A token as the hub makes them, which a library would refuse to make with a poor key."""
    head = b".".join(_base64(json.dumps(part).encode()) for part in (HEADER, claims))
    return (head + b"." + _base64(hmac.digest(key, head, "sha256"))).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


async def _refused(hub: TestHub, credential: str) -> None:
    token = f" {credential.strip()}"  # "admin" alone is the test hub's word for a good one
    assert (await hub.call("GET", "/servers", token=token)).status == 401, credential
    assert not await _works(hub, "key", token), credential
    assert not await _works(hub, "refresh", token), credential


async def _works(hub: TestHub, kind: str, credential: str) -> bool:
    if kind == "key":
        return (await hub.call("GET", "/api-keys/me", token=credential)).status == 200
    body = {"refresh_token": credential}
    return (await hub.call("POST", "/auth/refresh", body, token=None)).status == 200

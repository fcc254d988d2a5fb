"""The client as people use it: areas, sessions that renew themselves, refused credentials."""

from __future__ import annotations

import pytest

from chatops.client import Client
from chatops.errors import InvalidInput, NotSignedIn
from chatops.protocol.rest import FullPair
from tests.support.fake_hub import Asked, FakeHub, Reply, error

USER = {"id": "u1", "name": "ada", "role": "viewer", "disabled": False,
        "created_at": "2026-01-01T00:00:00.000Z"}  # fmt: skip


def pair(number: int) -> dict[str, object]:
    return {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}",
            "token_type": "bearer", "expires_in": 1800}  # fmt: skip


def only(token: str) -> object:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("authorization") == f"Bearer {token}":
            return Reply(body=USER)
        return error(401, "not_signed_in", "the token has expired")

    return answer


def test_signing_in_gives_the_token_to_all_areas(hub: FakeHub) -> None:
    hub.on("POST /auth/login", pair(1))
    hub.on("GET /auth/me", only("access-1"))
    with Client(hub.url) as client:
        client.auth.login("ada", "secret")
        assert client.auth.me().name == "ada"
        assert client.token == "access-1"
    assert hub.asked[0].body == {"username": "ada", "password": "secret"}


def test_an_expired_session_is_refreshed_and_told(hub: FakeHub) -> None:
    told: list[FullPair] = []
    hub.on("POST /auth/refresh", pair(2))
    hub.on("GET /auth/me", only("access-2"))
    with Client(hub.url, "old", refresh_token="refresh-1", on_refresh=told.append) as client:
        assert client.auth.me().name == "ada"
        assert client.token == "access-2"
    assert [one.refresh_token for one in told] == ["refresh-2"]
    assert hub.asked[1].body == {"refresh_token": "refresh-1"}


def test_a_refused_refresh_token_is_not_tried_again(hub: FakeHub) -> None:
    hub.on("POST /auth/refresh", error(401, "not_signed_in", "used before"))
    hub.on("GET /auth/me", only("never"))
    with Client(hub.url, "old", refresh_token="refresh-1") as client:
        for _ in range(2):
            with pytest.raises(NotSignedIn, match="the token has expired"):
                client.auth.me()
    assert hub.paths().count("POST /auth/refresh") == 1


def test_signing_out_forgets_the_token(hub: FakeHub) -> None:
    hub.on("POST /auth/logout", Reply(204))
    with Client(hub.url, "access", refresh_token="refresh") as client:
        client.auth.logout("refresh")
        assert client.token is None


def test_an_api_key_stands_in_for_the_token(hub: FakeHub) -> None:
    mine = {"id": "k", "server": "web-1", "server_id": "s", "expires_at": None,
            "time": "2026-01-01T00:00:00.000Z"}  # fmt: skip
    hub.on("GET /api-keys/me", mine)
    with Client(hub.url, "access") as client:
        assert client.keys.whose("cok_x").server == "web-1"
    assert hub.asked[0].headers["authorization"] == "Bearer cok_x"


def test_the_address_is_checked_at_once() -> None:
    with pytest.raises(InvalidInput):
        Client("nonsense")

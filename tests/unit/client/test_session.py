"""Requests, typed answers, errors by their code, pages, and what is no hub at all."""

from __future__ import annotations

import pytest

from chatops.client.session import Session, segment
from chatops.errors import (
    ChatOpsError,
    Conflict,
    HubUnreachable,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
)
from chatops.protocol.rest import Health, Page, Refresh, User
from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.ports import free_port

USER = {"id": "u1", "name": "ada", "role": "viewer", "disabled": False,
        "created_at": "2026-01-01T00:00:00.000Z"}  # fmt: skip
HEALTH = {"status": "ok", "version": "9.9", "registration": "closed", "from the future": 1}


@pytest.fixture
def session(hub: FakeHub) -> Session:
    return Session(hub.url, "token-1", timeout=5.0)


def close(session: Session) -> None:
    session.transport.close()


def test_a_request_carries_the_token_and_an_open_one_does_not(
    hub: FakeHub, session: Session
) -> None:
    hub.on("GET /auth/me", USER)
    hub.on("GET /health", HEALTH)
    assert session.call("GET", "/auth/me", User).name == "ada"
    assert session.call("GET", "/health", Health, is_open=True).version == "9.9"
    assert hub.asked[0].headers["authorization"] == "Bearer token-1"
    assert "authorization" not in hub.asked[1].headers
    assert hub.connections == 1
    close(session)


def test_query_and_body_are_sent_as_they_are(hub: FakeHub, session: Session) -> None:
    hub.on("GET /users", page())
    hub.on("POST /auth/refresh", Reply(204))
    query = {"tag": ["a=b", "c=&d"], "status": None, "limit": 5, "none": []}
    session.call("GET", "/users", Page[User], query=query)
    session.call("POST", "/auth/refresh", type(None), body=Refresh(refresh_token="ä"))
    assert hub.asked[0].query == {"tag": ["a=b", "c=&d"], "limit": ["5"]}
    assert hub.asked[1].body == {"refresh_token": "ä"}
    close(session)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(404, "not_found", "no such server", "look"), NotFound),
        (error(409, "conflict", "there already"), Conflict),
        (error(500, "from_the_future", "new"), ChatOpsError),
    ],
)
def test_errors_come_back_by_their_code(
    hub: FakeHub, session: Session, reply: Reply, kind: type[ChatOpsError]
) -> None:
    hub.on("GET /health", reply)
    with pytest.raises(ChatOpsError) as caught:
        session.call("GET", "/health", Health)
    assert type(caught.value) is kind
    close(session)


def test_too_many_requests_say_how_long_to_wait(hub: FakeHub, session: Session) -> None:
    details = {"code": "too_many_requests", "message": "slow", "details": {"retry_after": 7}}
    hub.on("GET /health", Reply(429, {"error": details}))
    with pytest.raises(TooManyRequests) as caught:
        session.call("GET", "/health", Health)
    assert caught.value.retry_after == 7
    close(session)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, raw=b"<html>welcome</html>"),
        Reply(200, {"status": "ok"}),
        Reply(200, raw=b"\xff\xfe"),
        Reply(500, {"error": "just text"}),
        Reply(302, headers={"Location": "https://login.example.org/"}),
    ],
)
def test_what_is_no_hub_is_said_to_be_none(hub: FakeHub, session: Session, reply: Reply) -> None:
    hub.on("GET /health", reply)
    with pytest.raises(HubUnreachable, match="does not look like a ChatOps hub"):
        session.call("GET", "/health", Health)
    close(session)


def test_a_proxy_without_its_hub_is_no_other_program(hub: FakeHub, session: Session) -> None:
    hub.on("GET /health", Reply(502, raw=b"<html>bad gateway</html>"))
    with pytest.raises(HubUnreachable, match="a proxy there answers with status 502") as caught:
        session.call("GET", "/health", Health)
    assert caught.value.details == {"sent": True}
    close(session)


def test_redirects_are_not_followed(hub: FakeHub, session: Session) -> None:
    hub.on("GET /health", Reply(301, headers={"Location": f"{hub.url}/elsewhere"}))
    with pytest.raises(HubUnreachable, match=r"redirects to .*/elsewhere"):
        session.call("GET", "/health", Health)
    assert hub.paths() == ["GET /health"]
    close(session)


def test_a_hub_that_is_not_there_is_named_with_what_to_do() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(HubUnreachable, match=f"{url}: connection refused") as caught:
        Session(url, None).call("GET", "/health", Health)
    assert caught.value.details == {"sent": False}
    assert "chatops serve" in (caught.value.hint or "")


def test_plain_http_to_another_machine_needs_to_be_allowed() -> None:
    with pytest.raises(InvalidInput, match="not encrypted"):
        Session("http://hub.example.org", None)
    assert not Session("http://hub.example.org", None, insecure=True).address.secure


def test_pages_are_followed_to_the_end_or_the_limit(hub: FakeHub, session: Session) -> None:
    everything = [USER | {"name": f"u{number}"} for number in range(5)]

    def answer(asked: object) -> Reply:
        query = hub.asked[-1].query
        start = int(query.get("cursor", ["0"])[0])
        end = start + min(int(query["limit"][0]), 2)
        return Reply(body=page(*everything[start:end], after=str(end) if end < 5 else None))

    hub.on("GET /users", answer)
    got = [user.name for user in session.pages("/users", Page[User])]
    assert got == ["u0", "u1", "u2", "u3", "u4"]
    before = len(hub.asked)
    assert len(list(session.pages("/users", Page[User], limit=3))) == 3
    assert [asked.query["limit"] for asked in hub.asked[before:]] == [["3"], ["1"]]
    close(session)


def test_an_expired_token_is_renewed_once_and_the_request_repeated(
    hub: FakeHub, session: Session
) -> None:
    refused: list[str] = []

    def renew(token: str) -> str:
        refused.append(token)
        return "token-2"

    session.renew = renew
    expired = error(401, "not_signed_in", "expired")
    good = "Bearer token-2"
    hub.on(
        "GET /auth/me",
        lambda asked: Reply(body=USER) if asked.headers["authorization"] == good else expired,
    )
    assert session.call("GET", "/auth/me", User).name == "ada"
    assert session.call("GET", "/auth/me", User).name == "ada"
    assert refused == ["token-1"]
    assert len(hub.asked) == 3
    close(session)


@pytest.mark.parametrize("fresh", [None, "token-2"])
def test_a_token_that_stays_refused_is_an_error_and_no_loop(
    hub: FakeHub, session: Session, fresh: str | None
) -> None:
    session.renew = lambda _: fresh
    hub.on("GET /auth/me", error(401, "not_signed_in", "no"))
    with pytest.raises(NotSignedIn):
        session.call("GET", "/auth/me", User)
    assert len(hub.asked) == (2 if fresh else 1)
    close(session)


@pytest.mark.parametrize("token", ["two words", "line\r\nX-Evil: 1", "tökén"])
def test_a_token_cannot_smuggle_headers(hub: FakeHub, token: str) -> None:
    with pytest.raises(NotSignedIn):
        Session(hub.url, token).call("GET", "/auth/me", User)
    assert hub.asked == []


def test_names_stay_one_segment_of_a_path() -> None:
    assert segment("a/b?c#d%e ä") == "a%2Fb%3Fc%23d%25e%20%C3%A4"
    for name in ("", ".", ".."):
        with pytest.raises(InvalidInput):
            segment(name)

"""Rights: the table of roles, and the lower of two."""

from __future__ import annotations

import pytest

from chatops.errors import NotFound, NotPermitted
from chatops.protocol.names import ROLES, Role, lower_role
from chatops.protocol.target import Facts, parse_target
from chatops.server.services.access import (
    Access,
    Principal,
    UsedToken,
    require,
    require_on_server,
    role_on_server,
)

LEVELS = (Access.VIEWER, Access.OPERATOR, Access.ADMIN)


WEB = Facts("s1", "web-1", {"env": "prod"})


def someone(role: Role, user_id: str = "u1") -> Principal:
    return Principal(user_id, "someone", role)


def by_token(role: Role, account: Role, servers: str | None = None) -> Principal:
    """Somebody with that account, by a token of that role."""
    target = parse_target(servers) if servers else None
    token = UsedToken("t1", "ci", target)
    return Principal("u1", "someone", lower_role(role, account), token, account)


@pytest.mark.parametrize("role", ROLES)
def test_an_account_may_what_its_role_and_the_lower_ones_may(role: Role) -> None:
    for level in LEVELS:
        if ROLES.index(role) >= LEVELS.index(level):
            require(someone(role), level)
        else:
            with pytest.raises(NotPermitted, match=level.value):
                require(someone(role), level)


def test_the_role_on_a_server_is_the_lower_one() -> None:
    assert role_on_server(someone("admin"), WEB, "other", None) == "admin"
    assert role_on_server(someone("admin"), WEB, None, "viewer") == "admin"
    assert role_on_server(someone("operator"), WEB, "u1", None) == "operator"
    assert role_on_server(someone("viewer"), WEB, "u1", None) == "viewer"
    assert role_on_server(someone("operator"), WEB, "other", None) is None
    assert role_on_server(someone("operator"), WEB, None, None) is None
    assert role_on_server(someone("operator"), WEB, "other", "viewer") == "viewer"
    assert role_on_server(someone("operator"), WEB, "other", "operator") == "operator"
    assert role_on_server(someone("viewer"), WEB, "other", "operator") == "viewer"


def test_a_stranger_learns_nothing_and_an_owner_what_is_missing() -> None:
    with pytest.raises(NotFound, match="there is no server 'web-1'"):
        require_on_server(someone("operator"), "web-1", WEB, "other", None, Access.VIEWER)
    with pytest.raises(NotPermitted, match="operator on web-1"):
        require_on_server(someone("viewer"), "web-1", WEB, "u1", None, Access.OPERATOR)
    require_on_server(someone("operator"), "web-1", WEB, "u1", None, Access.OPERATOR)


def test_some_things_are_for_the_owner() -> None:
    require_on_server(someone("operator"), "web-1", WEB, "u1", None, Access.OWNER)
    require_on_server(someone("admin"), "web-1", WEB, "other", None, Access.OWNER)
    with pytest.raises(NotPermitted, match="the owner of web-1"):
        require_on_server(someone("operator"), "web-1", WEB, "other", "operator", Access.OWNER)
    with pytest.raises(NotPermitted, match="operator on web-1"):
        require_on_server(someone("viewer"), "web-1", WEB, "u1", None, Access.OWNER)
    with pytest.raises(NotFound):
        require_on_server(someone("operator"), "web-1", WEB, "other", None, Access.OWNER)


def test_a_token_is_no_session() -> None:
    require(someone("viewer"), Access.SESSION)
    with pytest.raises(NotPermitted, match="not for API tokens; someone's token ci"):
        require(by_token("operator", "admin"), Access.SESSION)


@pytest.mark.parametrize(
    ("role", "account", "owner", "share", "counts"),
    [
        ("operator", "admin", "other", None, "operator"),
        ("viewer", "admin", "other", None, "viewer"),
        ("operator", "operator", "u1", None, "operator"),
        ("viewer", "operator", "u1", None, "viewer"),
        ("operator", "viewer", "u1", None, "viewer"),
        ("operator", "operator", "other", "viewer", "viewer"),
        ("operator", "operator", "other", None, None),
    ],
)
def test_a_token_gives_the_lower_of_its_role_and_its_makers(
    role: Role, account: Role, owner: str, share: Role | None, counts: Role | None
) -> None:
    assert role_on_server(by_token(role, account), WEB, owner, share) == counts


def test_an_administrators_token_does_not_own_what_others_own() -> None:
    token = by_token("operator", "admin")
    require_on_server(token, "web-1", WEB, "other", None, Access.OPERATOR)
    with pytest.raises(NotPermitted, match="the owner of web-1"):
        require_on_server(token, "web-1", WEB, "other", None, Access.OWNER)
    with pytest.raises(NotPermitted, match="role admin"):
        require(token, Access.ADMIN)


@pytest.mark.parametrize(
    ("servers", "covered"),
    [(None, True), ("web-1", True), ("s1", True), ("web-*", True), ("tag:env=prod", True),
     ("all,!web-1", False), ("db-1", False), ("tag:env=dev", False)],
)  # fmt: skip
def test_what_a_token_is_not_for_is_not_there(servers: str | None, covered: bool) -> None:
    token = by_token("operator", "admin", servers)
    assert token.covers(WEB) == covered
    assert role_on_server(token, WEB, "u1", "operator") == ("operator" if covered else None)
    if not covered:
        with pytest.raises(NotFound, match="there is no server 's1'"):
            require_on_server(token, "s1", WEB, "u1", None, Access.VIEWER)

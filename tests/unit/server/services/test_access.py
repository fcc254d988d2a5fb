"""Rights: the table of roles, and the lower of two."""

from __future__ import annotations

import pytest

from chatops.errors import NotFound, NotPermitted
from chatops.protocol.names import ROLES, Role
from chatops.server.services.access import (
    Access,
    Principal,
    require,
    require_on_server,
    role_on_server,
)

LEVELS = (Access.VIEWER, Access.OPERATOR, Access.ADMIN)


def someone(role: Role, user_id: str = "u1") -> Principal:
    return Principal(user_id, "someone", role)


@pytest.mark.parametrize("role", ROLES)
def test_an_account_may_what_its_role_and_the_lower_ones_may(role: Role) -> None:
    for level in LEVELS:
        if ROLES.index(role) >= LEVELS.index(level):
            require(someone(role), level)
        else:
            with pytest.raises(NotPermitted, match=level.value):
                require(someone(role), level)


def test_the_role_on_a_server_is_the_lower_one() -> None:
    assert role_on_server(someone("admin"), "other", None) == "admin"
    assert role_on_server(someone("admin"), None, "viewer") == "admin"
    assert role_on_server(someone("operator"), "u1", None) == "operator"
    assert role_on_server(someone("viewer"), "u1", None) == "viewer"
    assert role_on_server(someone("operator"), "other", None) is None
    assert role_on_server(someone("operator"), None, None) is None
    assert role_on_server(someone("operator"), "other", "viewer") == "viewer"
    assert role_on_server(someone("operator"), "other", "operator") == "operator"
    assert role_on_server(someone("viewer"), "other", "operator") == "viewer"


def test_a_stranger_learns_nothing_and_an_owner_what_is_missing() -> None:
    with pytest.raises(NotFound, match="there is no server 'web-1'"):
        require_on_server(someone("operator"), "web-1", "other", None, Access.VIEWER)
    with pytest.raises(NotPermitted, match="operator on web-1"):
        require_on_server(someone("viewer"), "web-1", "u1", None, Access.OPERATOR)
    require_on_server(someone("operator"), "web-1", "u1", None, Access.OPERATOR)


def test_some_things_are_for_the_owner() -> None:
    require_on_server(someone("operator"), "web-1", "u1", None, Access.OWNER)
    require_on_server(someone("admin"), "web-1", "other", None, Access.OWNER)
    with pytest.raises(NotPermitted, match="the owner of web-1"):
        require_on_server(someone("operator"), "web-1", "other", "operator", Access.OWNER)
    with pytest.raises(NotPermitted, match="operator on web-1"):
        require_on_server(someone("viewer"), "web-1", "u1", None, Access.OWNER)
    with pytest.raises(NotFound):
        require_on_server(someone("operator"), "web-1", "other", None, Access.OWNER)

"""The rules that names follow, and the credentials' forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from chatops.errors import InvalidInput
from chatops.ids import is_id
from chatops.protocol.limits import MAX_TAGS

Role = Literal["viewer", "operator", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the least to the most powerful."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_TAKEN = ("all", "history")
"""A TARGET, and a path of the API (``/metrics/history``)."""
_TAG_VALUE = re.compile(r"[A-Za-z0-9._/:@+-]{0,128}")
_FORM = "1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit"


def check_name(name: str, what: str = "name") -> str:
    """``name`` if it may be given to a server, user or key.

    Raises:
        InvalidInput: wrong characters or length, the form of an id, or a word that stands for
            something else where names do.
    """
    if _NAME.fullmatch(name) is None:
        raise InvalidInput(f"{name[:80]!r} cannot be a {what}", hint=f"use {_FORM}")
    if is_id(name) or name in _TAKEN:
        raise InvalidInput(
            f"{name!r} cannot be a {what}", hint="it would be taken for something else"
        )
    return name


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """``tags`` if every key and value is fit to stand in a TARGET.

    Raises:
        InvalidInput: a bad key or value, or too many of them.
    """
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"a server takes at most {MAX_TAGS} tags, not {len(tags)}")
    for key, value in tags.items():
        if _NAME.fullmatch(key) is None:
            raise InvalidInput(f"{key[:80]!r} cannot be a tag", hint=f"use {_FORM}")
        if _TAG_VALUE.fullmatch(value) is None:
            raise InvalidInput(
                f"{value[:80]!r} cannot be the value of the tag {key}",
                hint="use at most 128 of A-Z a-z 0-9 . _ / : @ + -",
            )
    return dict(tags)


def role_rank(role: Role) -> int:
    """0 for viewer up to 2 for admin."""
    return ROLES.index(role)


def lower_role(one: Role, other: Role) -> Role:
    """The less powerful of two roles."""
    return min(one, other, key=role_rank)

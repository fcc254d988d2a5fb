"""Where a reader of a file stands, as text that it keeps and gives back to go on. Pure.

It holds what the follower of a log knows of its files: so the place is found again though they were
renamed or copied meanwhile.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec
from msgspec import Struct

from chatops.agent.logs.places import Seen

_MOST: Final = 8
"""Generations of a log that a place tells of, the newest: it stands in the line of a request."""


class _Told(Struct, array_like=True):
    at: str
    seen: Seen


class NoPlace(Exception):
    """The text is none that this agent gave out."""


def told(seen: Seen, at: str) -> str:
    """The text of a place: the files as they are known, of which ``at`` is being read."""
    kept = [one for one in seen.places if one.id == at] or seen.places[-1:]
    others = [one for one in seen.places if one not in kept][-_MOST + 1 :]
    places = [one for one in seen.places if one in kept or one in others]
    text = msgspec.json.encode(_Told(at, Seen(places=places, until=seen.until)))
    return urlsafe_b64encode(text).decode()


def taken(text: str, skip: int) -> Seen:
    """What a text tells, and that ``skip`` more bytes were read there.

    Raises:
        NoPlace: it is none.
    """
    try:
        place = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=_Told)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise NoPlace from None
    for one in place.seen.places:
        if one.id == place.at:
            one.offset += skip
        if one.offset < 0 or one.head_size < 0:
            raise NoPlace
    return place.seen

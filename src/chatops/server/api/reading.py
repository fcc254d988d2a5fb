"""Queries and bodies: from what came over the wire to the types that operations declare."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web
from multidict import MultiMapping

from chatops.errors import InvalidInput, Malformed, TooLarge
from chatops.protocol.limits import BODY_TIMEOUT
from chatops.server.api.complaints import complaint

S = TypeVar("S", bound=msgspec.Struct)


def read_query(query: MultiMapping[str], kind: type[S]) -> S:
    """The parameters of a URL as ``kind``; only fields that are lists may be repeated.

    Raises:
        InvalidInput: unknown, repeated or wrong parameters.
    """
    lists = _lists(kind)
    given: dict[str, Any] = {}
    for name in dict.fromkeys(query.keys()):
        values = query.getall(name)
        if name not in lists and len(values) > 1:
            raise InvalidInput(f"the parameter {name[:40]!r} was given more than once")
        given[name] = values if name in lists else values[0]
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise complaint(error, kind, "the query") from None


async def read_body(request: web.Request, kind: type[S] | None) -> S | None:
    """The JSON body of a request as ``kind``.

    Raises:
        TooLarge: it is over the limit; the rest is not read.
        Malformed: it is no JSON, or did not come.
        InvalidInput: a field is unknown, missing or of the wrong type.
    """
    if kind is None:
        return None
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            data = await request.read()
    except TimeoutError:
        raise Malformed(f"the body did not come within {BODY_TIMEOUT:g} s") from None
    except (ConnectionError, web.RequestPayloadError):
        raise Malformed("the body did not come whole") from None
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge(error.text or "the body is over the limit") from None
    if not data:
        raise Malformed("the request needs a JSON body")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise complaint(error, kind, "the body") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(f"the body is no JSON: {error}") from None


@functools.cache  # hints are read as source: that is a quarter of what a short request takes
def _lists(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields that may be repeated."""
    return frozenset(name for name, hint in get_type_hints(kind).items() if _is_list(hint))


def _is_list(hint: Any) -> bool:
    return get_origin(hint) is list or any(get_origin(arm) is list for arm in get_args(hint))

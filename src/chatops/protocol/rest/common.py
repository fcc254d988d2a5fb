"""What all bodies of the REST API share: base types, pages, and the shape of errors."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from chatops.protocol.limits import MAX_NAME, MAX_PASSWORD, MIN_PASSWORD

T = TypeVar("T")
Timestamp = Annotated[str, Meta(description="RFC 3339, UTC, milliseconds")]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Password = Annotated[str, Meta(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]


class Request(Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of request bodies."""


class Page(Struct, Generic[T], kw_only=True):
    """One page of a list. ``next`` is the cursor of the page after it, null on the last."""

    items: list[T]
    next: str | None = None


class ErrorDetail(Struct, omit_defaults=True, kw_only=True):
    """What went wrong, in the one shape that all errors have."""

    code: str
    message: str
    hint: str | None = None
    details: dict[str, Any] | None = None


class ErrorBody(Struct, kw_only=True):
    """The body of every answer with a status of 400 or above."""

    error: ErrorDetail

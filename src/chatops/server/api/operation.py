"""What an operation of the REST API is, and what its handler is given."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aiohttp import web
from msgspec import Struct

from chatops.server.context import Services
from chatops.server.services.access import Access, Agent, Principal
from chatops.server.services.audit import Origin

Q = TypeVar("Q")
B = TypeVar("B")
PREFIX: Final = "/api/v1"


class NoQuery(Struct, forbid_unknown_fields=True):
    """The query of an operation that takes no parameters."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request, checked: the caller may make it, query and body have the declared types."""

    services: Services
    caller: Principal | Agent | None
    address: str
    path: Mapping[str, str]
    query: Q
    body: B
    request: web.Request

    @property
    def principal(self) -> Principal:
        """The signed-in account."""
        assert isinstance(self.caller, Principal), "the operation's access asks for an account"
        return self.caller

    @property
    def agent(self) -> Agent:
        """The holder of the API key."""
        assert isinstance(self.caller, Agent), "the operation's access asks for an API key"
        return self.caller

    @property
    def origin(self) -> Origin:
        """Whose doing this is, for the audit."""
        if isinstance(self.caller, Principal):
            return Origin.of(self.caller, self.address)
        return Origin(self.address)


Handler = Callable[[Call[Any, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class About:
    """What the audit names of a request that is refused, the same as of one that is granted: the
    field of its path, query or body that is the target (if any is), and what stands in
    ``detail``, by the record's word for it. Never a secret."""

    target: str = ""
    detail: tuple[tuple[str, str], ...] = ()


def about(target: str, *same: str, **other: str) -> About:
    """``same`` fields keep their names in the record, ``other`` have the given ones."""
    return About(target, (*((name, name) for name in same), *other.items()))


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the route table.

    ``returns`` is the answer's type; None answers 204 without a body, ``web.StreamResponse``
    means that the handler answers by itself. ``errors`` are the codes it can give beside
    those that its access, query and body bring along. An answer of the type ``created`` has the
    status 201. ``audited_as`` is given where the audit's name is not the group's and the handler's
    first word, ``names`` where its target is not the first parameter of the path, or not all;
    ``prefix`` where others than our clients decide what the path is.
    """

    method: str
    path: str
    access: Access
    handler: Handler
    returns: Any = None
    status: int = 200
    query: type[Struct] = NoQuery
    body: type[Struct] | None = None
    errors: tuple[str, ...] = ()
    media: str | None = None
    created: type[Struct] | None = None
    audited_as: str | None = None
    names: About | None = None
    prefix: str = PREFIX

    @property
    def id(self) -> str:
        """The operation's name in OpenAPI: its handler's."""
        return self.handler.__name__

    @property
    def changes(self) -> bool:
        """Whether it may change something: then all denials of it are audited."""
        return self.method != "GET"

    @property
    def action(self) -> str:
        """What the audit calls it, in success and denial alike: ``servers.add``."""
        return self.audited_as or f"{self.tag}.{self.id.split('_', 1)[0]}"

    @property
    def about(self) -> About:
        """What the audit names of its requests."""
        first = re.search(r"{(\w+)}", self.path)
        return self.names or About(first[1] if first else "")

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").split("\n", 1)[0]

    @property
    def tag(self) -> str:
        """The group it belongs to: its handler's module."""
        return self.handler.__module__.rsplit(".", 1)[-1]

    @property
    def full_path(self) -> str:
        """The path from the root."""
        return self.prefix + self.path

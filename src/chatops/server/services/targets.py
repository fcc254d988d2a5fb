"""Which servers a TARGET means to a caller: one place for everything that takes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import Conflict, NotFound, NotPermitted
from chatops.protocol.closing import WHO_GRANTS
from chatops.protocol.target import Facts, Target, parse_target
from chatops.server.services.access import Access, Principal, require
from chatops.server.services.server_finder import ServerFinder
from chatops.text import counted


class Meant(NamedTuple):
    """A server that a TARGET means; ``refused`` says why the caller may not use it so."""

    id: str
    name: str
    refused: str | None = None


async def resolve(
    session: AsyncSession, servers: ServerFinder, principal: Principal, target: str, access: Access
) -> list[Meant]:
    """The servers that ``target`` means, in order of name. Of several those that the caller may
    only look at are ``refused``: they do not keep the others from being used.

    Raises:
        InvalidInput: it is no TARGET.
        NotFound: it means none, or names one that is not there for this caller.
        NotPermitted: the caller may do this nowhere, or not on the one server that it means.
    """
    parsed = parse_target(target)
    if parsed.one is not None:
        row = await servers.find_in(session, principal, parsed.one, access)
        return [Meant(row.id, row.name)]
    require(principal, access)
    seen = await servers.seen(session, principal)
    found = parsed.select(seen, lambda facts: facts)
    allowed = await servers.allowed(session, principal, {facts.id for facts in found}, access)
    if not found:
        raise NotFound(
            f"no server matches {target[:80]!r}",
            hint="`chatops servers list` shows those you may see",
        )
    why = f"{principal.title} may only look there, and this needs the role {access.value}"
    return [Meant(facts.id, facts.name, None if facts.id in allowed else why) for facts in found]


def pinned(text: str, seen: Sequence[Facts]) -> Target:
    """A TARGET whose plain names are ids: who gets a name later is another server.

    Raises:
        InvalidInput: it is no TARGET.
        NotFound: a plain name, also one that is left out, is none of ``seen``.
    """
    target = parse_target(text)
    target.select(seen, lambda facts: facts)
    return target.renamed({one.name: one.id for one in seen})


async def lasting(
    session: AsyncSession, servers: ServerFinder, principal: Principal, text: str
) -> Target:
    """A TARGET of something that stays and goes on acting for the caller, its plain names as ids.
    It may mean no server yet.

    Raises:
        InvalidInput: it is no TARGET.
        NotFound: it names a server that is not there for the caller.
        NotPermitted: it names one where the caller is no operator; or the caller shows a token that
            is for some servers, and the TARGET may mean others later.
    """
    seen = await servers.seen(session, principal)
    target = pinned(text, seen)
    named = {one.text for one in target.parts if one.kind == "name" and not one.out}
    allowed = await servers.allowed(session, principal, named, Access.OPERATOR)
    for one in seen:
        if one.id in named and one.id not in allowed:
            raise NotPermitted(
                f"this needs the role operator on {one.name}",
                hint=WHO_GRANTS,
            )
    bounded = principal.token is not None and principal.token.servers is not None
    if bounded and any(one.kind != "name" and not one.out for one in target.parts):
        raise NotPermitted(
            f"{principal.title} is for some servers only, and {text[:80]!r} may mean others",
            hint="name the servers",
        )
    return target


def check_count(target: str, expected: int | None, count: int) -> None:
    """That ``target`` means as many servers as expected, if any number is.

    Raises:
        Conflict: it does not.
    """
    if expected is not None and expected != count:
        raise Conflict(
            f"{target[:80]!r} means {counted(count, 'server')}, not {expected}; nothing was sent",
            hint="--dry-run shows which",
        )

"""Which servers a TARGET means to a caller: one place for everything that takes one."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import Conflict, NotFound
from chatops.protocol.target import parse_target
from chatops.server.services.access import Access, Principal, require
from chatops.server.services.servers import ServerService
from chatops.text import counted


class Meant(NamedTuple):
    """A server that a TARGET means; ``refused`` says why the caller may not use it so."""

    id: str
    name: str
    refused: str | None = None


async def resolve(
    session: AsyncSession, servers: ServerService, principal: Principal, target: str, access: Access
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
            f"no server matches {target[:80]!r}", hint="`chatops servers list` shows what is there"
        )
    why = f"{principal.title} may only look there, and this needs the role {access.value}"
    return [Meant(facts.id, facts.name, None if facts.id in allowed else why) for facts in found]


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

"""Which servers a TARGET means to a caller: one place for everything that takes one."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import Conflict, NotFound, NotPermitted
from chatops.protocol.target import parse_target
from chatops.server.services.access import Access, Principal, require
from chatops.server.services.servers import ServerService
from chatops.text import counted


class Meant(NamedTuple):
    """A server that a TARGET means."""

    id: str
    name: str


async def resolve(
    session: AsyncSession, servers: ServerService, principal: Principal, target: str, access: Access
) -> list[Meant]:
    """The servers that ``target`` means, in order of name, all of which the caller may use so.

    Raises:
        InvalidInput: it is no TARGET.
        NotFound: it means none, or names one that is not there for this caller.
        NotPermitted: the caller may see a server that it names, but not do this.
    """
    parsed = parse_target(target)
    if parsed.one is not None:
        row = await servers.find_in(session, principal, parsed.one, access)
        return [Meant(row.id, row.name)]
    require(principal, access)
    seen = await servers.seen(session, principal)
    found = parsed.select(seen, lambda facts: facts)
    allowed = await servers.allowed(session, principal, {facts.id for facts in found}, access)
    if len(allowed) < len(found):
        names = [facts.name for facts in found if facts.id not in allowed]
        raise NotPermitted(
            f"this needs the role {access.value} on {', '.join(names[:5])}"
            f"{' and others' if len(names) > 5 else ''}; {principal.title} may only look there",
            hint="leave them out with !NAME, or ask their owners",
        )
    if not found:
        raise NotFound(
            f"no server matches {target[:80]!r}", hint="`chatops servers list` shows what is there"
        )
    return [Meant(facts.id, facts.name) for facts in found]


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

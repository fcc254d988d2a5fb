"""What the sockets have in common on which an operator does something at one server."""

from __future__ import annotations

from chatops.errors import ChatOpsError
from chatops.protocol.client_messages import FromClient
from chatops.server.authentication import verified
from chatops.server.services.access import Access, Principal, require
from chatops.server.services.asked import Asked
from chatops.server.services.audit import Origin
from chatops.server.ws.commands import Follower
from chatops.server.ws.sockets import refusal, token_of


class AtServer(Follower):
    """One client's socket, for a server by its name or id."""

    async def let_in(self, first: FromClient, name: str) -> Principal:
        """Who asks.

        Raises:
            SocketEnded: nobody who may do this there.
        """
        token = token_of(first)
        origin = Origin(self._connection.address)
        try:
            principal = await verified(self._services, token)
            origin = Origin.of(principal, self._connection.address)
            require(principal, Access.OPERATOR)
            await self._services.servers.find(principal, name, Access.OPERATOR)
        except ChatOpsError as error:
            await self._note_denial(origin, Asked(name, "server" if origin.user_id else None))
            raise refusal(error) from None
        return principal

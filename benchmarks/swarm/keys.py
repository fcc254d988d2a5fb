"""Servers and keys for a swarm: by REST from a hub that runs, or straight into its database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from chatops.client import Client
from chatops.errors import Conflict, TooManyRequests
from chatops.server.crud import api_keys, servers
from chatops.server.db.engine import Database
from chatops.server.db.files import FILES
from chatops.server.db.migrate import migrate
from chatops.server.services.credentials import KEY, new_credential

Keys = dict[str, str]
"""Keys by the names of their servers."""
_PAUSE: Final = 0.2


def names(count: int, prefix: str = "swarm") -> Iterator[str]:
    """What servers of a swarm are called."""
    return (f"{prefix}-{number:05}" for number in range(count))


def add_servers(client: Client, wanted: Iterable[str]) -> Keys:
    """Servers of a running hub with a key each; those that are there get one more key."""
    return {name: _key(client, name) for name in wanted}


def _key(client: Client, name: str) -> str:
    while True:
        try:
            made = client.servers.create(name, key=True).key
            assert made is not None
            return made.key
        except Conflict:
            return client.keys.create(name, name=f"swarm-{time.time():.0f}").key
        except TooManyRequests:  # the hub's limit for one address is meant for us too
            time.sleep(_PAUSE)


def seed_servers(folder: Path, wanted: Iterable[str]) -> Keys:
    """The same in the data folder of a hub that does not run, made if it is not there: thousands
    in a second or two."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(folder)
    return asyncio.run(_seed(folder, wanted))


def server_ids(folder: Path) -> dict[str, str]:
    """The ids of all servers in a data folder, by name."""
    return asyncio.run(_ids(folder))


async def _ids(folder: Path) -> dict[str, str]:
    database = await Database.open(folder / FILES[0])
    try:
        async with database.read() as session:
            return {name: server_id for server_id, name in (await servers.names(session)).items()}
    finally:
        await database.close()


async def _seed(folder: Path, wanted: Iterable[str]) -> Keys:
    database = await Database.open(folder / FILES[0])
    keys: Keys = {}
    try:
        async with database.write() as session:
            for name in wanted:
                now, credential = time.time(), new_credential(KEY)
                server = await servers.create(session, name=name, owner_id=None, tags={}, now=now)
                await api_keys.create(
                    session, server_id=server.id, created_by=None, name="default",
                    prefix=credential.prefix, key_hash=credential.hash, now=now,
                )  # fmt: skip
                keys[name] = credential.text
    finally:
        await database.close()
    return keys

"""A process that commits rows for ever and prints the id of each once it is committed.

``python -m tests.support.committing FILE``: to be killed in the middle.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from chatops.server.crud import users
from chatops.server.db.engine import Database


async def main(path: Path) -> None:
    """Commit until killed."""
    database = await Database.open(path)
    number = 0
    while True:
        number += 1
        async with database.write() as session:
            user = await users.create(
                session, name=f"u{number}", password_hash="x", role="viewer", now=float(number)
            )
        print(user.id, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

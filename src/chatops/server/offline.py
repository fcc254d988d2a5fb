"""What is done on the control host with a hub's data folder, without a hub."""

from __future__ import annotations

import asyncio
from pathlib import Path

from chatops.errors import NotFound
from chatops.protocol.rest import AuditVerdict
from chatops.server.db.engine import Database
from chatops.server.db.files import FILES
from chatops.server.secrets import FILE, load_secrets
from chatops.server.services.audit_head import HeadFile
from chatops.server.services.audit_verify import AuditVerifier


def verify_folder(folder: Path) -> AuditVerdict:
    """Check the audit trail in a data folder; a hub may be at work on it.

    Raises:
        NotFound: it is no data folder of a hub.
        SetupError: it cannot be read.
    """
    for name in (FILES[0], FILE):
        if not (folder / name).is_file():
            raise NotFound(
                f"{folder} is no data folder of a hub: it has no {name}",
                hint="name the folder that the hub is started with (--data-dir)",
            )
    secrets = load_secrets(folder)
    return asyncio.run(_verify(folder, bytes.fromhex(secrets.audit)))


async def _verify(folder: Path, key: bytes) -> AuditVerdict:
    database = await Database.open(folder / FILES[0])
    try:
        return await AuditVerifier(database, key, HeadFile(folder, key)).verify()
    finally:
        await database.close()

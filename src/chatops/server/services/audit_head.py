"""The head anchor: which record of the audit trail is the newest, kept outside the database.

Without it nobody could tell that the end of the trail was cut off. The file is sealed with the
audit's key; it also says how far each copy of the trail (audit_feed) has come.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from chatops.errors import ChatOpsError
from chatops.paths import write_private
from chatops.server.services.audit_chain import START, Head, canonical

FILE: Final = "audit-head"
_PURPOSE: Final = b"head of the audit trail\n"


class Anchor(Struct, forbid_unknown_fields=True):
    """What the file holds."""

    id: int = START.id
    hash: str = START.hash
    copies: dict[str, int] = {}

    @property
    def head(self) -> Head:
        """The newest record."""
        return Head(self.id, self.hash)


class NoAnchor(ChatOpsError):
    """There is no anchor, or none that can be believed; ``outcome`` says which."""

    def __init__(self, outcome: str) -> None:
        super().__init__(
            f"the head anchor ({FILE}) is {outcome}: nobody can tell whether the end of the "
            "trail was cut off"
        )
        self.outcome = outcome


class HeadFile:
    """The file in the data folder. ``durable``: each change waits for the disk."""

    def __init__(self, folder: Path, key: bytes, *, durable: bool = False) -> None:
        self._path = folder / FILE
        self._key = key
        self._durable = durable

    def read(self) -> Anchor:
        """What was written last.

        Raises:
            NoAnchor: it is missing, damaged, or was sealed with another key.
        """
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Any])
            mac = str(found.pop("mac", ""))
            if not hmac.compare_digest(self._seal(found).encode(), mac.encode()):
                raise NoAnchor("not the hub's own")
            return msgspec.convert(found, Anchor)
        except FileNotFoundError:
            raise NoAnchor("missing") from None
        except (OSError, ValueError, msgspec.MsgspecError):
            raise NoAnchor("damaged") from None

    def write(self, anchor: Anchor) -> None:
        """Replace it.

        Raises:
            OSError: the file cannot be written.
        """
        fields = msgspec.to_builtins(anchor)
        text = canonical({**fields, "mac": self._seal(fields)})
        write_private(self._path, text + b"\n", durable=self._durable)

    def _seal(self, fields: dict[str, Any]) -> str:
        return hmac.new(self._key, _PURPOSE + canonical(fields), hashlib.sha256).hexdigest()

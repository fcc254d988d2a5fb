"""Writes the hub's OpenAPI document to a file, unless that says the same already: the console's
types are made from it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from chatops.server.api.openapi import build_document
from chatops.server.api.routes import OPERATIONS
from chatops.server.web import SOCKETS


def main(path: Path) -> None:
    """Write it; its time stays as it was when nothing has changed."""
    text = msgspec.json.format(msgspec.json.encode(build_document(OPERATIONS, SOCKETS)))
    if not path.exists() or path.read_bytes() != text:
        path.write_bytes(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

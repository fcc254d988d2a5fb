"""Files that commands write: whole or not at all, and never over another one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from chatops.copying.naming import in_words
from chatops.errors import Conflict


@contextmanager
def new_file(name: str) -> Iterator[BinaryIO]:
    """A new file, 0600, which is removed again when the block fails.

    Raises:
        Conflict: there is a file or a folder of that name.
        ChatOpsError: none can be made there.
    """
    try:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if os.path.isdir(name):  # noqa: PTH112  (pathlib is slow to import)
            raise Conflict(f"{name} is a folder", hint="name a file in it") from None
        raise Conflict(
            f"there is a file {name} already", hint="remove it, or name another"
        ) from None
    except OSError as error:
        found = in_words(error, f"the file {name} cannot be made")
        found.hint = "name it in another folder"
        raise found from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except BaseException:
        os.unlink(name)  # noqa: PTH108  (pathlib is slow to import)
        raise

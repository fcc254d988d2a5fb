"""Profiles: the hubs a user signed in to, in one private file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from chatops.errors import InvalidInput, NotFound, SetupError
from chatops.paths import config_dir, private_dir, write_private
from chatops.protocol.names import check_name

if TYPE_CHECKING:
    from pathlib import Path

_FILE: Final = "profiles.json"
_LOCK: Final = "profiles.lock"


class Profile(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One hub, how it is trusted, and the session there."""

    hub: str
    user: str | None = None
    token: str | None = None
    refresh_token: str | None = None
    ca_file: str | None = None
    fingerprint: str | None = None
    insecure: bool = False


class Book(msgspec.Struct, kw_only=True):
    """All profiles; ``active`` is the one that is used when none is named."""

    active: str | None = None
    profiles: dict[str, Profile] = {}

    def get(self, name: str) -> Profile:
        """The profile of that name.

        Raises:
            NotFound: there is none.
        """
        if name not in self.profiles:
            raise NotFound(
                f"there is no profile {name!r}",
                hint="`chatops profiles list` shows them, `chatops login URL` makes one",
            )
        return self.profiles[name]

    def remove(self, name: str) -> None:
        """Forget a profile; if it was the active one there is none then.

        Raises:
            NotFound: there is none of that name.
        """
        self.get(name)
        del self.profiles[name]
        if self.active == name:
            self.active = None


class Profiles:
    """The file. Reading takes no lock: it is replaced whole, never written in place."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = str(folder or config_dir())

    def read(self) -> Book:
        """All profiles as they are now.

        Raises:
            SetupError: the file cannot be read or was damaged.
        """
        path = f"{self._folder}/{_FILE}"
        try:
            with open(path, "rb") as file:
                return msgspec.json.decode(file.read(), type=Book)
        except FileNotFoundError:
            return Book()
        except OSError as error:
            raise SetupError(f"cannot read the profiles in {path}: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SetupError(
                f"the profiles in {path} are damaged: {error}",
                hint="remove the file and sign in again",
            ) from error

    @contextmanager
    def change(self) -> Iterator[Book]:
        """The profiles, to be changed; written when the block ends without an error.

        Others who want to change them wait until then, in other processes too.

        Raises:
            SetupError: the folder or file cannot be used.
        """
        from pathlib import Path

        folder = private_dir(Path(self._folder), option="CHATOPS_CONFIG_DIR")
        try:
            handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SetupError(f"cannot lock the profiles in {folder}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            book = self.read()
            yield book
            self._write(folder / _FILE, book)
        finally:
            os.close(handle)

    def _write(self, path: Path, book: Book) -> None:
        text = msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n"
        try:
            write_private(path, text)
        except OSError as error:
            raise SetupError(f"cannot write the profiles to {path}: {error.strerror}") from error


def check_profile_name(name: str) -> str:
    """``name`` if a profile may be called so; ``host:port`` may.

    Raises:
        InvalidInput: wrong characters or length.
    """
    try:
        check_name(name.replace(":", "."), "profile name")
    except InvalidInput as error:
        raise InvalidInput(f"{name[:80]!r} cannot be a profile name", hint=error.hint) from None
    return name

"""The hub's own secrets: random keys in one 0600 file beside, never inside, the databases."""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Final

from chatops.errors import SetupError
from chatops.paths import write_private

FILE: Final = "secrets.toml"
_BYTES: Final = 32


def _key() -> str:
    return secrets.token_hex(_BYTES)


@dataclass(frozen=True, slots=True)
class HubSecrets:
    """256 random bits each, in hex: for signing tokens, chaining the audit, and the box."""

    tokens: str = field(default_factory=_key, repr=False)
    audit: str = field(default_factory=_key, repr=False)
    box: str = field(default_factory=_key, repr=False)


def load_secrets(folder: Path) -> HubSecrets:
    """The secrets of a data folder, made on first use.

    Raises:
        SetupError: the file can be read by others, is damaged, or cannot be written.
    """
    path = folder / FILE
    try:
        if not path.exists():
            return _make(path)
        _check_mode(path)
        return _parse(path.read_text())
    except OSError as error:
        raise SetupError(
            f"cannot use {path}: {error.strerror}", hint="check its owner and permissions"
        ) from error
    except (ValueError, TypeError):  # without the cause: it could quote a secret
        raise SetupError(f"{path} is damaged", hint="restore it from a backup") from None


def _parse(text: str) -> HubSecrets:
    """All secrets: one that is missing must not be made anew, what it sealed would be lost."""
    found = tomllib.loads(text)
    missing = {one.name for one in fields(HubSecrets)} - found.keys()
    if missing or any(len(bytes.fromhex(value)) != _BYTES for value in found.values()):
        raise ValueError("not the secrets of a hub")
    return HubSecrets(**found)


def _make(path: Path) -> HubSecrets:
    fresh = HubSecrets()
    lines = [f'{name} = "{value}"\n' for name, value in asdict(fresh).items()]
    write_private(path, "".join(lines).encode())
    return fresh


def _check_mode(path: Path) -> None:
    info = path.stat()
    if info.st_mode & 0o077 or info.st_uid not in (os.geteuid(), 0):
        raise SetupError(
            f"{path} may be read by others", hint=f"find out by whom, then: chmod 600 {path}"
        )

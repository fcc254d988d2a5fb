"""Where things lie on this host, and how private files are written."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chatops.errors import SetupError

if TYPE_CHECKING:  # it is slow to import, and a command that only reads profiles needs none
    from pathlib import Path


def config_dir() -> str:
    """The user's folder for profiles; ``CHATOPS_CONFIG_DIR`` moves it."""
    if moved := os.environ.get("CHATOPS_CONFIG_DIR"):
        return moved
    if sys.platform == "linux" and os.environ.get("HOME", "").startswith("/"):
        # What platformdirs says there; to import it takes longer than to read the profiles.
        xdg = os.environ.get("XDG_CONFIG_HOME", "")
        folder = xdg if xdg.startswith("/") else os.environ["HOME"] + "/.config"
        return f"{folder}/chatops"
    from platformdirs import user_config_dir

    return user_config_dir("chatops", appauthor=False)


def default_data_dir(part: str) -> Path:
    """The data folder of ``part`` (``hub`` or ``agent``): /var/lib/chatops for root."""
    if os.geteuid() == 0:
        from pathlib import Path

        return Path("/var/lib/chatops") / part
    from platformdirs import user_data_path

    return user_data_path("chatops", appauthor=False) / part


def private_dir(path: Path, *, option: str = "--data-dir") -> Path:
    """``path``, which ``option`` names, as a folder that only its owner can enter, made if it is
    not there.

    Raises:
        SetupError: it cannot be made, is no folder, or belongs to somebody else.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        info = path.stat()
        if info.st_uid != os.geteuid():
            raise SetupError(
                f"the folder {path} belongs to another user (uid {info.st_uid})",
                hint=f"start as that user, or name another folder with {option}",
            )
        if info.st_mode & 0o077:
            path.chmod(0o700)
    except (FileExistsError, NotADirectoryError):
        raise SetupError(f"{path} is not a folder", hint=f"name another with {option}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SetupError(
            f"the folder {path} cannot be used: {getattr(error, 'strerror', None) or error}",
            hint=f"check its owner and permissions, or name another with {option}",
        ) from error
    return path


def write_private(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace ``path`` with ``data``, mode 0600, whole or not at all; ``durable``: on the disk
    when this returns, and not only for other processes.

    Raises:
        OSError: the file cannot be written (no space, no permission).
    """
    import tempfile  # slow to import, and most programs write no such file

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    name = temporary.rpartition("/")[2]
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        path.with_name(name).replace(path)
    except BaseException:
        path.with_name(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Bring the names in ``folder`` to the disk.

    Raises:
        OSError: that failed.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

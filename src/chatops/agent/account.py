"""The user that commands run as: the agent's own, or the one that its policy names."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import Final

from chatops.errors import InvalidInput

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Account:
    """A user with the groups that its processes have. ``switched``: not the agent's own, so
    that a process has to be given it."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str
    shell: str
    switched: bool = False

    @classmethod
    def own(cls) -> Account:
        """The user that this process runs as."""
        uid, gid, groups = os.geteuid(), os.getegid(), tuple(os.getgroups())
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:  # a uid without an entry, usual in containers
            return cls(str(uid), uid, gid, groups, "/", "/bin/sh")
        return cls(entry.pw_name, uid, gid, groups, entry.pw_dir, entry.pw_shell or "/bin/sh")

    @classmethod
    def named(cls, key: str, name: str) -> Account:
        """The user that the policy's ``key`` names.

        Raises:
            InvalidInput: there is none, or this process cannot become it.
        """
        try:
            entry = pwd.getpwnam(name)
        except (KeyError, ValueError):
            raise InvalidInput(
                f"{key}: this host has no user {name!r}", hint="see `getent passwd`"
            ) from None
        if entry.pw_uid == os.geteuid():
            return cls.own()
        if os.geteuid() != 0:
            raise InvalidInput(
                f"{key}: only root can run commands as another user, like {name!r}",
                hint=f"start the agent as root or as {name}, or leave {key} out",
            )
        groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
        return cls(
            entry.pw_name, entry.pw_uid, entry.pw_gid, groups, entry.pw_dir,
            entry.pw_shell or "/bin/sh", switched=True,
        )  # fmt: skip

    def environment(self, path: str = DEFAULT_PATH) -> dict[str, str]:
        """What every command finds: built here, never the agent's own variables."""
        return {
            "PATH": path, "HOME": self.home, "USER": self.name, "LOGNAME": self.name,
            "SHELL": self.shell, "LANG": "C.UTF-8",
        }  # fmt: skip

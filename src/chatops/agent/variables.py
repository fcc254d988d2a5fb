"""Variables that decide what a program does, or which one is run.

Where the policy lists commands, the hub may set none of these: ``["uptime"]`` with another PATH
is another program, and ``LD_PRELOAD`` puts one into it. No such list is ever whole. It is the
second fence; the first is that the hub may set only what ``env_allow`` names.
"""

from __future__ import annotations

import re
from typing import Final

ENTRY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?|\*")
"""A name, the beginning of names with a star, or a star for all."""

STEERING_NAMES: Final = frozenset((
    "PATH", "IFS", "ENV", "PS4", "CDPATH", "GLOBIGNORE", "SHELLOPTS", "PROMPT_COMMAND",
    "HOME", "USER", "LOGNAME", "SHELL", "ZDOTDIR",
    "EDITOR", "VISUAL", "PAGER", "MANPAGER", "BROWSER", "LESSOPEN", "LESSCLOSE",
    "CLASSPATH", "LOCPATH", "NLSPATH", "TERMINFO", "TERMCAP", "HOSTALIASES", "RES_OPTIONS",
    "RESOLV_HOST_CONF", "MAKEFLAGS", "MAKEFILES", "TAR_OPTIONS", "RSYNC_RSH", "KUBECONFIG",
))  # fmt: skip
STEERING_BEGINNINGS: Final = (
    "BASH", "LD_", "DYLD_", "GCONV_", "GLIBC_", "MALLOC_",
    "PYTHON", "PERL", "RUBY", "GEM_", "NODE_", "NPM_", "npm_", "PHP", "LUA_", "JAVA_", "_JAVA_",
    "JDK_", "GIT_", "SSH_", "SUDO_", "SYSTEMD_", "OPENSSL_", "SSL_", "XDG_", "DOCKER_",
)  # fmt: skip


def steers(name: str) -> bool:
    """Whether a variable decides what runs; of ``LD_*`` too, whose names all do."""
    return name in STEERING_NAMES or name.startswith(STEERING_BEGINNINGS)


def is_named(name: str, entries: tuple[str, ...]) -> bool:
    """Whether one of the entries names this variable."""
    return any(
        name.startswith(entry[:-1]) if entry.endswith("*") else name == entry for entry in entries
    )

"""What agents and hubs tell one another of themselves: parts of messages.

Append-only, as the messages are.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from chatops.protocol.integers import Count


class HostFacts(Struct, omit_defaults=True, kw_only=True):
    """What does not change while a host is up. ``machine_id`` is a digest, not the id itself."""

    hostname: str = ""
    os: str = ""
    kernel: str = ""
    arch: str = ""
    cpu_model: str = ""
    cpu_count: Count | None = None
    memory_total: Count | None = None
    machine_id: str = ""
    boot_time: float | None = None
    virtualization: str = ""


class ExecFacts(Struct, omit_defaults=True, kw_only=True):
    """What [policy.exec] of the agent holds, as text to show: rules as they are written, the
    user and PATH of commands, variables that the hub may set and folders it may name (null: all,
    but for what the policy sets itself), and the most that may run, last and be written."""

    commands: list[str] | None = None
    deny: list[str] = []
    user: str = ""
    path: str = ""
    env_allow: list[str] | None = None
    folders: list[str] | None = None
    max_running: Count | None = None
    timeout: float | None = None
    max_output: Count | None = None


class DockerFacts(Struct, omit_defaults=True, kw_only=True):
    """What [policy.docker] of the agent holds: ``mode`` full or read-only; ``named``: containers
    are seen as its patterns say, the others do not exist for a hub; ``exec``: commands may run
    in them, where the mode is full."""

    mode: str = "full"
    named: bool = False
    exec: bool = True


class FilesFacts(Struct, omit_defaults=True, kw_only=True):
    """What [policy.files] of the agent holds: the folders in which files may be read, and the
    patterns of units whose journals may (null: all). ``write``: whether files may be written, in
    ``write_folders`` (null: everywhere)."""

    folders: list[str] | None = None
    units: list[str] | None = None
    write: bool = False
    write_folders: list[str] | None = None


class ShellFacts(Struct, omit_defaults=True, kw_only=True):
    """What [policy.shell] of the agent holds: seconds after which a terminal is hung up at which
    nothing was typed or printed, and however much was (null: never)."""

    idle: float | None = None
    total: float | None = None


class PolicyFacts(Struct, omit_defaults=True, kw_only=True):
    """What the target's owner lets the hub do: capabilities out of exec docker shell files.
    ``exec`` says more of exec, where that is one of them, ``docker`` of docker, ``files`` of
    files and ``shell`` of terminals, which docker has too (None too from an agent that does not
    tell). The agent decides, whatever a hub makes of this."""

    allow: list[str] = []
    exec: ExecFacts | None = None
    docker: DockerFacts | None = None
    files: FilesFacts | None = None
    shell: ShellFacts | None = None


class HeldCommand(Struct, omit_defaults=True, kw_only=True):
    """A command the agent still knows: it runs, or its result is not yet acked."""

    id: str
    state: Literal["running", "finished"] = "running"


class JournalFacts(Struct, omit_defaults=True, kw_only=True):
    """The agent's memory of commands. A new ``epoch`` means that the memory was lost."""

    epoch: str
    commands: list[HeldCommand] = []


class SessionLimits(Struct, omit_defaults=True, kw_only=True):
    """Bounds of this session, as the hub wants them kept; see protocol.limits for the units."""

    max_frame: Count = 1024 * 1024
    ping_after: float = 10.0
    dead_after: float = 25.0
    max_unacked: Count = 64

"""The agent's settings, declared once, and what they resolve to: a hub and a key."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from chatops import options
from chatops.agent.config_file import read_config
from chatops.agent.logs.wanted import Wanted, parse_wanted
from chatops.errors import InvalidInput
from chatops.options import option
from chatops.paths import default_data_dir
from chatops.protocol import closing
from chatops.protocol.join import decode_join
from chatops.protocol.limits import LEAST_SPOOL, MAX_INTERVAL, MIN_INTERVAL, MiB
from chatops.redaction import strike
from chatops.units import format_size

CAPABILITIES: Final = ("exec", "docker", "shell", "files")
"""What a target's owner can allow; ``all`` stands for every one of them."""

AGENT_PATH: Final = "/api/v1/agents/ws"
_WHERE_KEYS_COME_FROM: Final = "`chatops servers add NAME --key` on the hub's side prints one"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Everything that ``chatops agent`` can be told."""

    ENV_PREFIX: ClassVar[str] = "CHATOPS_AGENT_"

    hub: str | None = option(
        None, "address of the hub, like https://hub.example:8765", env="CHATOPS_HUB",
        metavar="URL", yields_to=("join",),
    )  # fmt: skip
    key: str | None = option(
        None, "this server's key; a variable or a file shows it to fewer eyes",
        env="CHATOPS_KEY", metavar="KEY", secret=True, yields_to=("key_file", "join"),
    )  # fmt: skip
    key_file: Path | None = option(
        None, "file that holds the key, readable by its owner only", kind="path",
        metavar="FILE", yields_to=("key", "join"),
    )  # fmt: skip
    join: str | None = option(
        None, "hub, key and fingerprint in one word", env="CHATOPS_JOIN", metavar="JOIN",
        secret=True, yields_to=("key", "key_file"),
    )  # fmt: skip
    allow: tuple[str, ...] | None = option(
        None, "what the hub may do here, besides reading metrics; stands in for the allow of "
        "[policy] in the file", kind="list", choices=(*CAPABILITIES, "all"), metavar="WHAT,...",
        default_text="as [policy] says, else nothing",
    )  # fmt: skip
    interval: float | None = option(
        None, "time between samples", kind="duration", metavar="DURATION",
        default_text="as the hub says",
    )  # fmt: skip
    data_dir: Path | None = option(
        None, "folder for what must survive a restart", kind="path", metavar="DIR",
        default_text="/var/lib/chatops/agent for root, else the user's data folder",
    )  # fmt: skip
    spill_per_command: int = option(
        64 * MiB, "disk for the output of one command that waits for the hub", kind="size",
        metavar="SIZE",
    )  # fmt: skip
    spill_total: int = option(
        1024 * MiB, "the same for all commands together", kind="size", metavar="SIZE"
    )
    spool_size: int = option(
        64 * MiB, "disk for samples that wait for the hub", kind="size", metavar="SIZE"
    )
    hide_arguments: bool = option(
        default=False, help="tell only the names of processes, not their arguments", kind="flag"
    )
    log: tuple[str, ...] = option(
        (), "log to ship: a path or glob, unit:NAME of the journal ('*': all), container:NAME; "
        "from its end on, with @start all that is there",
        kind="list", env=None, metavar="FILE[@start]|unit:NAME|container:NAME",
        default_text="none",
    )  # fmt: skip
    textfile_dir: Path | None = option(
        None, "folder whose *.prom files hold values of the host's own", kind="path",
        metavar="DIR", default_text="none",
    )  # fmt: skip
    textfile_max_age: float = option(
        172_800.0, "how old such a file may be before it counts as stale", kind="duration",
        metavar="DURATION",
    )  # fmt: skip
    ca_file: Path | None = option(
        None, "certificates to trust instead of the system's", kind="path",
        env="CHATOPS_CA_FILE", metavar="FILE", default_text="the system's",
    )  # fmt: skip
    insecure: bool = option(
        default=False, help="allow plain HTTP to another host", kind="flag",
        env="CHATOPS_INSECURE",
    )  # fmt: skip
    log_level: str = option(
        "info", "what is worth a log line", choices=("debug", "info", "warning", "error")
    )
    log_format: str = option(
        "text", "form of the log on stderr", choices=("text", "json")
    )  # fmt: skip
    logs: tuple[Wanted, ...] = ()
    """Those of ``log``, and the ``[[logs]]`` of the configuration file."""
    policy: Mapping[str, Any] = field(default_factory=dict)
    """The ``[policy]`` table of the configuration file, checked by chatops.agent.policy."""

    @property
    def folder(self) -> Path:
        """Where the journal, the spool and the spilled output lie."""
        return self.data_dir or default_data_dir("agent")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect and with what. ``fingerprint`` pins a self-signed certificate."""

    hub: str
    url: str
    key: str = field(repr=False)
    fingerprint: str | None = None


def load(
    flags: Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    config: Path | None = None,
) -> AgentSettings:
    """Settings from flags, variables and the TOML file ``config`` with its ``[policy]``.

    Raises:
        InvalidInput: the file cannot be read, or a value does not fit; its source is named.
        SetupError: others could have written the file.
    """
    file = read_config(config) if config is not None else {}
    policy = file.pop("policy", {})
    if not isinstance(policy, dict):
        raise InvalidInput("configuration key policy is not a table", hint="write it as [policy]")
    if "allow" in file and "allow" in policy:
        raise InvalidInput(
            "the configuration file says twice what is allowed",
            hint="keep the allow of [policy], and remove the other",
        )
    tables = file.pop("logs", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise InvalidInput("configuration key logs is no list of tables", hint="write [[logs]]")
    loaded = options.load(AgentSettings, flags=flags, environ=environ, file=file)
    return replace(loaded, policy=policy, logs=parse_wanted([*loaded.log, *tables]))


def resolve(settings: AgentSettings) -> Target:
    """The hub and the key that the settings name.

    Raises:
        InvalidInput: settings that are missing, contradict one another or have no sense, or a
            key file that cannot be read.
        SetupError: others can read the key file.
    """
    _check_interval(settings.interval)
    _check_spool(settings.spool_size)
    if settings.join is not None:
        return _from_join(settings, settings.join)
    key = _key(settings)
    if settings.hub is None:
        raise InvalidInput(
            "no hub is given",
            hint="give --hub URL (or CHATOPS_HUB), or --join with the word that "
            "`chatops servers add NAME --key` prints",
        )
    hub, url = hub_address(settings.hub, insecure=settings.insecure)
    return Target(hub, url, key)


def no_key() -> InvalidInput:
    """What to say when no key is given."""
    return InvalidInput(
        "no key is given",
        hint="give --key-file FILE, CHATOPS_KEY or --join; " + _WHERE_KEYS_COME_FROM,
    )


def key_hint(why: str) -> str:
    """What to do about a refused key; ``why`` is the reason's name or its text."""
    removed = closing.SERVER_REMOVED
    if why in (removed.name, removed.text):
        return "add the server again with `chatops servers add NAME --key` and start with that key"
    return "make a new key with `chatops keys create SERVER` and start with that"


def hub_address(text: str, *, insecure: bool) -> tuple[str, str]:
    """The hub's address without a trailing slash, and the address of its agents' socket.

    Raises:
        InvalidInput: no such address, or plain HTTP to another host without ``insecure``.
    """
    parts = urlsplit(text.strip())
    try:
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # the way of the resolver
    except ValueError:
        host = None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise InvalidInput(
            f"{strike(text)[:200]!r} is not the address of a hub",
            hint="write it like https://hub.example:8765",
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "the hub's address holds a name or password",
            hint="leave them out: an agent signs in with its key",
        )
    if parts.scheme == "http" and not insecure and not is_loopback(host):
        raise InvalidInput(
            f"plain HTTP to {host} would show the key to the network",
            hint="use https://, or --insecure if the network is trusted",
        )
    hub = text.strip().rstrip("/")
    return hub, hub.replace("http", "ws", 1) + AGENT_PATH


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine by its name or address alone, without asking DNS."""
    if host in ("localhost", "::1"):
        return True
    numbers = host.split(".")
    return (
        len(numbers) == 4
        and numbers[0] == "127"
        and all(number.isascii() and number.isdigit() and int(number) < 256 for number in numbers)
    )


def _from_join(settings: AgentSettings, text: str) -> Target:
    if settings.key is not None or settings.key_file is not None:
        raise InvalidInput("both a join string and a key are given", hint="give one of them")
    join = decode_join(text)
    hub, url = hub_address(settings.hub or join.hub, insecure=settings.insecure)
    return Target(hub, url, join.key, join.fingerprint)


def _key(settings: AgentSettings) -> str:
    if settings.key is not None and settings.key_file is not None:
        raise InvalidInput("both a key and a key file are given", hint="give one of them")
    if settings.key_file is not None:
        return _clean(_read_key(settings.key_file), str(settings.key_file))
    if settings.key is None:
        raise no_key()
    return _clean(settings.key, "the key")


def _read_key(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise InvalidInput(
                    f"others can read the key file {path}", hint=f"run: chmod 600 {path}"
                )
            return file.read(4096)
    except OSError as error:
        raise InvalidInput(
            f"the key file {path} cannot be read: {error.strerror}",
            hint="--key-file names a file that this user can read",
        ) from error
    except UnicodeDecodeError:
        raise InvalidInput(
            f"the key file {path} does not hold a key", hint=_WHERE_KEYS_COME_FROM
        ) from None


def _clean(text: str, source: str) -> str:
    key = text.strip()
    if not key.startswith("cok_") or not key.isascii() or len(key.split()) != 1:
        raise InvalidInput(f"{source} is not a server's key", hint=_WHERE_KEYS_COME_FROM)
    return key


def _check_spool(size: int) -> None:
    if size < LEAST_SPOOL:
        raise InvalidInput(
            f"a spool of {size} bytes holds no outage", hint=f"give it {format_size(LEAST_SPOOL)}"
        )


def _check_interval(interval: float | None) -> None:
    if interval is not None and not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise InvalidInput(
            f"an interval of {interval:g} s is not possible",
            hint=f"choose between {MIN_INTERVAL:g}s and {MAX_INTERVAL:g}s",
        )

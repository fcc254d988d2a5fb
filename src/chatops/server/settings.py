"""The hub's settings, each declared once (see chatops.options)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from chatops.options import option
from chatops.paths import default_data_dir
from chatops.protocol.limits import DEFAULT_INTERVAL, LOST_AFTER, MAX_BODY, KiB


@dataclass(frozen=True)
class HubSettings:
    """Everything that ``chatops serve`` can be told."""

    ENV_PREFIX: ClassVar[str] = "CHATOPS_SERVE_"

    host: str = option("127.0.0.1", "address to listen on", metavar="ADDRESS")
    port: int = option(8765, "port to listen on; 0 picks a free one", kind="int", metavar="PORT")
    data_dir: Path | None = option(
        None,
        "folder of the databases and secrets",
        kind="path",
        metavar="DIR",
        default_text="/var/lib/chatops/hub for root, else in the user's data folder",
    )
    public_url: str | None = option(
        None, "URL under which agents and people reach the hub", metavar="URL",
        default_text="http://HOST:PORT",
    )  # fmt: skip
    insecure: bool = option(
        default=False, help="allow plain HTTP on an address that is not loopback", kind="flag"
    )
    registration: Literal["closed", "open"] = option(
        "closed", "whether strangers may make themselves a viewer account",
        choices=("closed", "open"),
    )  # fmt: skip
    interval: float = option(
        DEFAULT_INTERVAL, "pace of samples, for agents without their own", kind="duration",
        metavar="DURATION",
    )  # fmt: skip
    durability: Literal["normal", "full"] = option(
        "normal", "full: every commit survives a power cut, at the cost of speed",
        choices=("normal", "full"),
    )  # fmt: skip
    log_level: str = option(
        "info", "least severe log line", choices=("debug", "info", "warning", "error")
    )
    log_format: Literal["text", "json"] = option(
        "text", "form of the log lines", choices=("text", "json")
    )
    admin_password: str | None = option(
        None, "password of the first admin", flag=None, env="CHATOPS_ADMIN_PASSWORD", secret=True,
        default_text="random, shown once",
    )  # fmt: skip
    sign_in_account_limit: int = option(
        10, "failed sign-ins a minute by address and account", kind="int", flag=None
    )
    sign_in_address_limit: int = option(
        100, "failed sign-ins a minute by address", kind="int", flag=None
    )
    request_limit: int = option(
        500, "requests a second by address, at least 100", kind="int", flag=None
    )
    max_body: int = option(MAX_BODY, "largest request body", kind="size", flag=None)
    lost_after: float = option(
        LOST_AFTER, "silence of an agent after which its commands are lost", kind="duration",
        flag=None,
    )  # fmt: skip
    raw_retention: float = option(
        86_400.0, "how long raw samples are kept", kind="duration", flag=None
    )
    events_retention: float = option(
        90 * 86_400.0, "how long connection events and commands are kept", kind="duration",
        flag=None,
    )  # fmt: skip
    subscriber_buffer: int = option(
        256 * KiB, "bytes waiting for one slow subscriber", kind="size", flag=None
    )

    @property
    def folder(self) -> Path:
        """The data folder, given or by default."""
        return self.data_dir or default_data_dir("hub")

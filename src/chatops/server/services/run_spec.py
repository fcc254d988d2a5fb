"""What a run is to do, as the hub keeps it: from a request, and back from the database."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chatops.protocol import rest
from chatops.protocol.limits import DEFAULT_PARALLEL, RUN_CREDIT, STREAM_CREDIT, KiB
from chatops.protocol.parts import Terminal
from chatops.protocol.portion import parse_portion
from chatops.server.db.models import Run
from chatops.server.services.box import Box
from chatops.server.services.run_plan import RunPlan

_LEAST_CREDIT = 16 * KiB
_TERMINAL_CREDIT = 64 * KiB
"""Whoever presses Ctrl-C does not want to see much more."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What is sent to every server, and in which order."""

    command: str | list[str]
    timeout: float | None = None
    cwd: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    stdin: bool = False
    parallel: int = DEFAULT_PARALLEL
    batch: str | None = None
    max_failures: str | None = None
    attach: bool = False
    """Nothing is sent before somebody attaches."""
    container: str | None = None
    user: str | None = None
    terminal: Terminal | None = None

    @classmethod
    def of(cls, body: rest.CommandCreate) -> RunSpec:
        """What a request asks for.

        Raises:
            InvalidInput: a portion that is none.
        """
        for portion in (body.batch, body.max_failures):
            if portion is not None:
                parse_portion(portion)
        return cls(
            body.command, body.timeout, body.cwd, body.env, body.stdin, body.parallel,
            body.batch, body.max_failures, body.mode == "attach", body.container, body.user,
            body.terminal if isinstance(body, rest.TerminalCreate) else None,
        )  # fmt: skip

    @classmethod
    def load(cls, row: Run, box: Box) -> tuple[RunSpec, bool]:
        """What a run of before a restart asked for, and whether its variables could be had:
        without them nothing more of it can be sent."""
        options = dict(row.options)
        names = options.pop("env", [])
        sealed = box.open(row.sealed_env, row.id) if row.sealed_env else None
        env = msgspec.json.decode(sealed, type=dict[str, str]) if sealed else {}
        if terminal := options.get("terminal"):
            options["terminal"] = msgspec.convert(terminal, Terminal)
        known = {name: options[name] for name in options if name in cls.__slots__}
        return cls(command=row.command, env=env, **known), set(names) == set(env)

    def options(self) -> dict[str, Any]:
        """The columns' ``options``: of the environment only the names."""
        found: dict[str, Any] = {
            "timeout": self.timeout, "cwd": self.cwd, "env": sorted(self.env),
            "stdin": self.stdin, "batch": self.batch, "max_failures": self.max_failures,
            "attach": self.attach, "container": self.container, "user": self.user,
            "terminal": msgspec.to_builtins(self.terminal),
        }  # fmt: skip
        options = {name: value for name, value in found.items() if value}
        return options | ({"parallel": self.parallel} if self.parallel != DEFAULT_PARALLEL else {})

    def seal_env(self, run_id: str, box: Box) -> bytes | None:
        """The variables, for a run that may have to be taken up after a restart."""
        return box.seal(msgspec.json.encode(self.env), run_id) if self.env else None

    def digest(self, target: str, key: str) -> str:
        """Tells one request from another without giving away what it holds."""
        whole: list[Any] = [
            target, self.command, self.timeout, self.cwd, sorted(self.env.items()), self.stdin,
        ]  # fmt: skip
        if self.container is not None:
            whole += [self.container, self.user]
        return hmac.new(bytes.fromhex(key), msgspec.json.encode(whole), hashlib.sha256).hexdigest()

    def plan(self, waiting: list[str], count: int, **known: Any) -> RunPlan:
        """The order of a run over ``count`` servers, of which ``waiting`` can run it."""
        batch, most = self.batch, self.max_failures
        return RunPlan(
            waiting,
            parallel=self.parallel,
            batch=parse_portion(batch).of(count) if batch else None,
            max_failures=parse_portion(most).of(count) if most else None,
            **known,
        )

    def credit(self, count: int) -> int:
        """Bytes that each stream may have under way, so that all together stay bounded."""
        if self.terminal is not None:
            return _TERMINAL_CREDIT
        share = RUN_CREDIT // (2 * max(min(self.parallel, count), 1))
        return max(min(share, STREAM_CREDIT), _LEAST_CREDIT)

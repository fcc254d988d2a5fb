"""``chatops agent check``: every step between this host and its hub, looked at one by one."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final, TypeVar

import msgspec

from chatops.agent import policy_table, tls
from chatops.agent.engine import Engine, EngineError
from chatops.agent.http_probe import Answer, Probe
from chatops.agent.logs import journalctl
from chatops.agent.logs.wanted import WantedContainers, WantedUnits
from chatops.agent.settings import (
    AgentSettings,
    Target,
    hub_address,
    key_hint,
    no_key,
    resolve,
)
from chatops.agent.skew import describe
from chatops.errors import ChatOpsError, HubUnreachable
from chatops.protocol.limits import MAX_SKEW
from chatops.protocol.rest import ApiKeySelf, Health
from chatops.units import format_duration, parse_time

_ANSWER: Final = 5.0
"""Seconds that the container engine may take."""
_TO_THE_SECOND: Final = 1.0
"""The times that it is compared with here are whole seconds, and take a moment to come."""
T = TypeVar("T")


class CheckResult(msgspec.Struct, kw_only=True):
    """One step: whether it is well, what was found, and what to do if it is not. ``code`` is that
    of the error with which the agent itself would not start."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None
    code: str | None = None


class _Failed(Exception):
    """The step before did not work, so those that need it make no sense."""


def check(settings: AgentSettings) -> list[CheckResult]:
    """Look at settings, DNS, TCP, TLS, the hub, the key, the clock, the policy and (where they
    are shipped) the journal and containers, in this order.

    What needs a step that failed is left out. Nothing is raised for what is not well.
    """
    return _Check(settings).run()


class _Check:
    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._results: list[CheckResult] = []
        self._hub_time: float | None = None

    def run(self) -> list[CheckResult]:
        with suppress(_Failed):
            target, trust = self._resolve()
            with closing(Probe(target, trust)) as probe:
                self._reach_and_sign_in(probe, target)
        self._policy()
        for kind, look in ((WantedUnits, self._journal), (WantedContainers, self._containers)):
            if any(isinstance(one, kind) for one in self._settings.logs):
                look()
        return self._results

    def _reach_and_sign_in(self, probe: Probe, target: Target) -> None:
        reached = False
        with suppress(_Failed):
            self._reach(probe)
            reached = True
        if not target.key:
            missing = no_key()
            self._bad("key", missing.message, missing.hint)
        elif reached:
            with suppress(_Failed):
                self._key(probe, target)
        if self._hub_time is not None:
            self._clock(self._hub_time)

    def _reach(self, probe: Probe) -> None:
        self._proxy(probe)
        with self._step("dns", "check the name, or /etc/resolv.conf", of=probe.host):
            self._good("dns", f"{probe.host} is {', '.join(probe.look_up())}")
        listens = "is the hub running, and does a firewall let this host through?"
        with self._step("tcp", listens, of=probe.where):
            probe.connect()
            self._good("tcp", f"{probe.where} answers")
        if probe.secure:
            with self._step("tls", "see that the address leads to a hub", of=probe.where):
                self._good("tls", probe.secure_it())
        with self._step("hub", "does the address lead to a hub? a proxy may be in between"):
            answer = _health(probe)
            self._good("hub", f"ChatOps {_read(answer, Health).version}")
        self._hub_time = answer.time

    def _resolve(self) -> tuple[Target, ssl.SSLContext | None]:
        try:
            target = _without_key(self._settings) or resolve(self._settings)
            secure = target.hub.startswith("https:")
            trust = tls.context(self._settings.ca_file, target.fingerprint) if secure else None
        except ChatOpsError as error:
            self._bad("settings", error.message, error.hint, error.code)
            raise _Failed from None
        self._good("settings", f"the hub is {target.hub}")
        return target, trust

    def _proxy(self, probe: Probe) -> None:
        if probe.proxy is not None:
            self._good("proxy", f"the environment sends this through {probe.proxy}")

    def _key(self, probe: Probe, target: Target) -> None:
        with self._step("key", "a proxy may be in between"):
            answer = probe.get("/api/v1/api-keys/me", bearer=target.key)
        with self._step("key", key_hint(answer.error or "")):
            mine = _read(answer, ApiKeySelf)
            expiry = f", valid until {mine.expires_at}" if mine.expires_at else ""
            self._good("key", f"it is the key of {mine.server}{expiry}")
            self._hub_time = parse_time(mine.time)

    def _clock(self, hub_time: float) -> None:
        skew = time.time() - hub_time
        if abs(skew) > MAX_SKEW + _TO_THE_SECOND:
            self._bad("clock", f"this host is {describe(skew)} the hub", "let NTP set both clocks")
            return
        size = format_duration(abs(skew)) if abs(skew) >= 1 else "less than 1s"
        self._good("clock", f"this host and the hub differ by {size}")

    def _policy(self) -> None:
        try:
            policy = policy_table.build(self._settings.allow, self._settings.policy)
        except ChatOpsError as error:
            self._bad("policy", error.message, error.hint, error.code)
            return
        self._good("policy", policy.describe())

    def _containers(self) -> None:
        with suppress(ChatOpsError):  # a policy that cannot be read was named already
            policy = policy_table.build(self._settings.allow, self._settings.policy)
            if "docker" not in policy.allow:
                self._bad("containers", "their logs are not shipped", "allow docker here")
                return
            try:
                with Engine(policy.docker.host).client(_ANSWER):
                    self._good("containers", "the engine answers")
            except EngineError as error:
                self._bad("containers", error.message, None)

    def _journal(self) -> None:
        try:
            said = journalctl.complaint()
        except journalctl.NoJournal as error:
            said = str(error)
        if said is not None:
            self._bad("journal", said, _journal_hint(said))
        else:
            self._good("journal", "it can be read")

    # -- writing down ----------------------------------------------------------------------

    @contextmanager
    def _step(self, name: str, hint: str, *, of: str = "") -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, ChatOpsError) as error:
            detail = f"{of}: {_sentence(error)}" if of else _sentence(error)
            self._bad(name, detail, _hint(error) or hint)
            raise _Failed from None

    def _good(self, name: str, detail: str) -> None:
        self._results.append(CheckResult(name=name, ok=True, detail=detail))

    def _bad(self, name: str, detail: str, hint: str | None, code: str | None = None) -> None:
        self._results.append(CheckResult(name=name, ok=False, detail=detail, hint=hint, code=code))


def _without_key(settings: AgentSettings) -> Target | None:
    """The hub alone, when an address is all that was given: much can be looked at with it."""
    if settings.hub is None or settings.join or settings.key or settings.key_file:
        return None
    hub, url = hub_address(settings.hub, insecure=settings.insecure)
    return Target(hub, url, key="")


def _health(probe: Probe) -> Answer:
    try:
        return probe.get("/api/v1/health")
    except (OSError, ValueError) as error:
        if isinstance(error, TimeoutError) or not probe.speaks_tls():
            raise
    raise HubUnreachable(
        f"{probe.where} speaks TLS, and the address is http://",
        hint=f"its address is https://{probe.authority}",
    )


def _read(answer: Answer, kind: Callable[..., T]) -> T:
    if answer.status != 200:
        raise ValueError(answer.error or f"it answers HTTP {answer.status}")
    try:
        decoded: T = msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeError):
        raise ValueError("what answers there is no ChatOps hub") from None
    return decoded


def _sentence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return tls.explain(error)
    if isinstance(error, socket.gaierror):
        return "this name is not known"
    if isinstance(error, OSError):  # the strerror of a proxy's refusal is a sentence in itself
        return error.strerror.lower() if error.strerror else str(error)
    return str(error)


def _journal_hint(said: str) -> str:
    if "permission" in said.lower() or "part" in said:
        return "add the agent's user to the group systemd-journal"
    if "no journal" in said:
        return "journald must run and keep files; else leave out what is read of units"
    return "`journalctl -n 1` as the agent's user shows what is wrong"


def _hint(error: Exception) -> str | None:
    if isinstance(error, tls.Mismatch):
        return (
            "somebody may be in between; if the hub's certificate was made anew, "
            "`chatops keys create SERVER` prints a new join string"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return "give the hub's certificate with --ca-file, or use --join"
    return getattr(error, "hint", None)

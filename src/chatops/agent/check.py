"""``chatops agent check``: every step between this host and its hub, looked at one by one."""

from __future__ import annotations

import functools
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final, TypeVar

import msgspec

from chatops.agent import policy_table, tls
from chatops.agent.http_probe import Answer, Probe
from chatops.agent.settings import (
    AgentSettings,
    Target,
    hub_address,
    key_hint,
    no_key,
    resolve,
)
from chatops.agent.skew import describe
from chatops.errors import ChatOpsError
from chatops.protocol.limits import MAX_SKEW
from chatops.protocol.rest import ApiKeySelf, Health
from chatops.units import format_duration, parse_time

_TO_THE_SECOND: Final = 1.0
"""The times that it is compared with here are whole seconds, and take a moment to come."""
T = TypeVar("T")


class CheckResult(msgspec.Struct, kw_only=True):
    """One step: whether it is well, what was found, and what to do if it is not."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None


class _Failed(Exception):
    """The step before did not work, so those that need it make no sense."""


def check(settings: AgentSettings) -> list[CheckResult]:
    """Look at settings, DNS, TCP, TLS, the hub, the key, the clock and the policy, in this order.

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
            target = self._resolve()
            trust = functools.partial(tls.context, self._settings.ca_file, target.fingerprint)
            with closing(Probe(target, trust)) as probe:
                self._reach_and_sign_in(probe, target)
        self._policy()
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
        with self._step("dns", "check the name, or /etc/resolv.conf"):
            self._good("dns", f"{probe.host} is {', '.join(probe.look_up())}")
        with self._step("tcp", "is the hub running, and does a firewall let this host through?"):
            probe.connect()
            self._good("tcp", f"{probe.host} port {probe.port} answers")
        if probe.secure:
            with self._step("tls", "give the hub's certificate with --ca-file, or use --join"):
                self._good("tls", probe.secure_it())
        with self._step("hub", "does the address lead to a hub? a proxy may be in between"):
            answer = probe.get("/api/v1/health")
            self._good("hub", f"ChatOps {_read(answer, Health).version}")
        self._hub_time = answer.time

    def _resolve(self) -> Target:
        try:
            target = _without_key(self._settings) or resolve(self._settings)
        except ChatOpsError as error:
            self._bad("settings", error.message, error.hint)
            raise _Failed from None
        self._good("settings", f"the hub is {target.hub}")
        return target

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
            self._bad("policy", error.message, error.hint)
            return
        self._good("policy", policy.describe())

    # -- writing down ----------------------------------------------------------------------

    @contextmanager
    def _step(self, name: str, hint: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, ChatOpsError) as error:
            self._bad(name, _sentence(error), getattr(error, "hint", None) or hint)
            raise _Failed from None

    def _good(self, name: str, detail: str) -> None:
        self._results.append(CheckResult(name=name, ok=True, detail=detail))

    def _bad(self, name: str, detail: str, hint: str | None) -> None:
        self._results.append(CheckResult(name=name, ok=False, detail=detail, hint=hint))


def _without_key(settings: AgentSettings) -> Target | None:
    """The hub alone, when an address is all that was given: much can be looked at with it."""
    if settings.hub is None or settings.join or settings.key or settings.key_file:
        return None
    hub, url = hub_address(settings.hub, insecure=settings.insecure)
    return Target(hub, url, key="")


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
    if isinstance(error, socket.gaierror | OSError) and error.strerror:
        return error.strerror
    return str(error)

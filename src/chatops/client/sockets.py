"""Live subscriptions over WebSocket: made again when lost, and never silently dead."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Literal

from chatops.client.channel import Lost, opened, renew
from chatops.client.session import Session, segment
from chatops.clock import Clock, SystemClock
from chatops.errors import HubUnreachable, NotSignedIn
from chatops.protocol.client_messages import MetricsEvent, ToClient, to_client
from chatops.protocol.codec import Codec
from chatops.protocol.rest import ServerSample
from chatops.protocol.session.backoff import Backoff

Link = Literal["lost", "back"]
"""What becomes of a subscription's connection."""


def subscribe(
    session: Session,
    server: str,
    clock: Clock | None = None,
    *,
    on_change: Callable[[Link], None] | None = None,
) -> Generator[ServerSample, None, None]:
    """Samples of one server for ever (see Metrics.watch)."""
    # Made here, by who calls: threads that build msgspec's decoder of one type at the same
    # time crash the process. The threads that follow share it.
    tell = on_change or (lambda _: None)
    return _follow(session, server, clock or SystemClock(), to_client(), tell)


def _follow(
    session: Session,
    server: str,
    clock: Clock,
    codec: Codec[ToClient],
    tell: Callable[[Link], None],
) -> Generator[ServerSample, None, None]:
    backoff = Backoff()
    ever = renewed = away = False
    while True:
        started = clock.monotonic()
        try:
            for sample in _samples(session, server, clock, codec):
                ever = True  # it was let in, so it comes back: the server may never have measured
                if away:
                    tell("back")
                away = False
                if sample is None:
                    continue
                renewed = False
                yield sample
        except NotSignedIn:
            if renewed or not renew(session):
                raise
            renewed = True
        except Lost as error:
            if not ever:
                raise HubUnreachable(
                    f"no live metrics from the hub at {session.address.url}: {error}",
                    hint="`chatops status` tells whether the hub is there",
                ) from None
            if not away:
                tell("lost")
            away = True
            time.sleep(backoff.ended(started, clock.monotonic()))


def _samples(
    session: Session, server: str, clock: Clock, codec: Codec[ToClient]
) -> Iterator[ServerSample | None]:
    """None for what is no sample: the hub's word that the subscription stands comes first."""
    with opened(session, f"/metrics/{segment(server)}", clock, codec) as channel:
        for message in channel.messages():
            yield message.data if isinstance(message, MetricsEvent) else None
    raise Lost("the hub ended the subscription")

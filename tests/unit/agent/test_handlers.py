"""The table of handlers: closed before the hub is known, never without an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from chatops.agent.answers import Answers
from chatops.agent.collectors.processes import ProcessCollector
from chatops.agent.container_requests import ContainerRequests
from chatops.agent.copies import Copies
from chatops.agent.engine import Engine
from chatops.agent.executor import Executor
from chatops.agent.feed_requests import FeedRequests
from chatops.agent.feeds import Feeds
from chatops.agent.guard import Guard
from chatops.agent.handlers import Handlers
from chatops.agent.journal import Journal
from chatops.agent.policy_table import build
from chatops.agent.process_list import ProcessList
from chatops.agent.shipper import Shipper
from chatops.agent.spill import Spill
from chatops.agent.spool import Spool
from chatops.clock import SystemClock
from chatops.protocol.codec import HubMessage
from chatops.protocol.limits import MiB
from chatops.protocol.messages import (
    AuthSuccess,
    Command,
    CommandResponse,
    DockerCommand,
    DockerResponse,
    Error,
    MetricsAck,
    Ping,
    Pong,
)
from chatops.protocol.metrics import Sample
from tests.support.examples import least

Make = Callable[..., Handlers]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", MiB)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path)
    yield journal
    journal.close()


@pytest.fixture
def handlers(journal: Journal, spool: Spool) -> Make:
    def make(*allow: str) -> Handlers:
        policy = build(allow)
        spill = Spill(journal.folder, 0, 0)
        executor = Executor(policy, Guard(), SystemClock(), journal, spill)
        containers = ContainerRequests(Engine(), policy, None)
        processes = ProcessList(ProcessCollector())
        feeds = Feeds()
        requests = FeedRequests(policy, feeds, Copies(journal.folder / "copies"))
        return Handlers(
            executor, spool, containers, processes, Answers(), Shipper(), feeds, requests
        )

    return make


@pytest.mark.parametrize("kind", get_args(HubMessage), ids=lambda kind: kind.__name__)
def test_before_the_hub_is_known_everything_is_refused(kind: type, handlers: Make) -> None:
    message = least(kind)
    reply = handlers().handle(message)  # type: ignore[arg-type]  (all are messages)
    if kind is not Error:
        assert isinstance(reply, Error)
        assert reply.code == "not_signed_in"


@pytest.mark.parametrize("kind", get_args(HubMessage), ids=lambda kind: kind.__name__)
def test_every_message_of_a_hub_is_handled(kind: type, handlers: Make) -> None:
    table = handlers()
    table.verified = True
    reply = table.handle(least(kind))  # type: ignore[arg-type]  (all are messages)
    assert not isinstance(reply, Error) or reply.code in ("not_found", "protocol")
    assert not isinstance(reply, Error) or kind.__name__ in ("CommandCancel", "AuthSuccess")


def test_answers(handlers: Make, spool: Spool) -> None:
    table = handlers()
    table.verified = True
    assert table.handle(Ping(id=4)) == Pong(id=4)
    seq = spool.append(0.0, 0.0, Sample())
    assert table.handle(MetricsAck(epoch=spool.epoch, seq=seq)) is None
    assert len(spool) == 0
    refused = table.handle(Command(id="c", command="true"))
    assert isinstance(refused, CommandResponse)
    assert refused.reason == "not_allowed"
    assert isinstance(table.handle(AuthSuccess(server_id="", name="", interval=1, time=0)), Error)


@pytest.mark.parametrize(("allow", "code"), [((), "not_allowed"), (("docker",), "busy")])
def test_docker_is_answered(allow: tuple[str, ...], code: str, handlers: Make) -> None:
    table = handlers(*allow)
    table.verified = True
    reply = table.handle(DockerCommand(id="d", action="ps"))
    assert isinstance(reply, DockerResponse)
    assert (reply.id, reply.ok, reply.code) == ("d", False, code)


def test_a_handler_that_fails_still_replies(
    handlers: Make, spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_epoch: str, _seq: int) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(spool, "ack", broken)
    table = handlers()
    table.verified = True
    reply = table.handle(MetricsAck(epoch="e", seq=1))
    assert isinstance(reply, Error)
    assert reply.code == "internal"
    assert "boom" not in reply.message
    assert "boom" in caplog.text

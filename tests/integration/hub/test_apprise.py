"""Apprise's own schemes, against servers of this machine: what arrives there, and what is said
when nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller

from chatops.errors import InvalidInput
from chatops.server.services.notify.apprise_sender import AppriseSender
from chatops.server.services.notify.message import Message as News
from chatops.server.services.notify.urls import Receiver as To
from tests.support.changes import change
from tests.support.hub import TestHub, running_hub
from tests.support.ports import free_port
from tests.support.receivers import Receiver, receiving
from tests.support.waiting import until_async


class Mailbox:
    """An SMTP server's: what it was given."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], Message]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        mail = message_from_bytes(envelope.content, policy=default)
        self.mails.append((envelope.rcpt_tos, mail))
        return "250 OK"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


async def test_a_page_goes_by_mail(hub: TestHub) -> None:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        url = f"mailto://127.0.0.1:{controller.port}/?from=hub@example.org&to=ops@example.org"
        made = await hub.ok("POST", "/channels", {"name": "mail", "url": url})
        assert made["url"] == f"mailto://127.0.0.1:{controller.port}/***"
        notifications = hub.services.notifications
        told = change(message="the disk is full: <b>95 %</b>")
        await hub.hub.databases.chatops.transact(lambda tx: notifications.note(tx, [told]))
        notifications.wake()
        await until_async(lambda: mailbox.mails, what="a mail")
    finally:
        controller.stop()
    ((to, mail),) = mailbox.mails
    assert to == ["ops@example.org"]
    assert mail["Subject"] == "[warning] firing: disk-full on web-1"
    body: Any = mail.get_body(("plain",))  # type: ignore[attr-defined]  # an EmailMessage has it
    assert "the disk is full: <b>95 %</b>" in body.get_content()

    async def noted() -> bool:
        return bool((await hub.ok("GET", "/channels/mail"))["last_result"] == "sent")

    await until_async(noted, what="the record of it")


async def test_services_get_what_they_should(receiver: Receiver) -> None:
    sender, news = AppriseSender(), News("m-1", "firing", [_alert(severity="critical")])
    place = f"127.0.0.1:{receiver.port}"
    urls = (f"json://{place}/T0KEN", f"ntfy://{place}/topic", f"mmost://{place}/T0KENT0KEN")
    answers = await asyncio.gather(
        *(sender.send(To(url), news, public_only=False, timeout=30) for url in urls)
    )
    assert [one for one in answers if not one.ok] == []
    by_path = {got.path.strip("/").partition("/")[0]: got.json for got in receiver.got}
    as_json, ntfy, mattermost = by_path["T0KEN"], by_path[""], by_path["hooks"]
    title = "[critical] firing: disk-full on web-1"
    assert (as_json["title"], as_json["type"]) == (title, "failure")
    assert (ntfy["topic"], ntfy["title"]) == ("topic", title)
    assert "95.5 %" in ntfy["message"]
    assert title in str(mattermost)


async def test_in_the_clear_a_service_is_told_on_this_machine_only() -> None:
    sender, given = AppriseSender(), {
        To("json://user:s3cret@10.0.0.1/T0KEN"): "use jsons://",
        To("mmost://hub.example.org/T0KENT0KENT0KENT0KENT0KEN"): "use mmosts://",
        To("json://user:s3cret@10.0.0.1/T0KEN", plain=True): None,
        To("jsons://10.0.0.1/T0KEN"): None,
        To("gotify://localhost/T0KEN"): None,
        To("mailto://user:s3cret@example.org"): None,
        To("discord://123456789/abcdefT0KEN"): None,
    }  # fmt: skip
    answers = await asyncio.gather(*map(sender.check, given), return_exceptions=True)
    for answer, instead in zip(answers, given.values(), strict=True):
        if instead is None:
            assert isinstance(answer, str)
            continue
        assert isinstance(answer, InvalidInput)
        assert "in the clear" in answer.message
        assert instead in (answer.hint or "")
        assert "T0KEN" not in answer.message
        assert "s3cret" not in answer.message


async def test_a_refusal_a_hang_and_nobody_there_are_said_without_the_url(
    receiver: Receiver,
) -> None:
    sender, news = AppriseSender(), News("m-1", "test", [])
    place = f"127.0.0.1:{receiver.port}"
    receiver.manner = "500"
    nobody = f"127.0.0.1:{free_port()}"
    answer, gone = await asyncio.gather(
        *(
            sender.send(To(f"json://user:s3cret@{at}/T0KEN"), news, public_only=False, timeout=30)
            for at in (place, nobody)
        )
    )
    assert "500" in answer.text
    receiver.manner = "hang"
    hung = await sender.send(To(f"json://{place}/T0KEN"), news, public_only=False, timeout=2)
    assert hung.text == "Apprise did not end within 2 s"
    for one in (answer, hung, gone):
        assert not one.ok
        assert one.text
        assert "T0KEN" not in one.text
        assert "s3cret" not in one.text


def _alert(**fields: Any) -> Any:
    return msgspec.to_builtins(change(**fields).alert)

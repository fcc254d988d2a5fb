"""Lines on their way: turns, the window, what is sent again."""

from __future__ import annotations

from collections.abc import Iterable

from chatops.agent.shipper import RESEND_SECONDS, Shipper, SourceLine
from chatops.clock import FakeClock
from chatops.protocol.codec import from_agent
from chatops.protocol.limits import MAX_LOG_LINES, MAX_LOG_MESSAGE, MAX_UNACKED_LOGS
from chatops.protocol.messages import Log
from chatops.protocol.parts import LogLine


class Lines:
    """A source that has some lines."""

    def __init__(self, epoch: str, *texts: str, name: str = "s") -> None:
        self.epoch = epoch
        self.lines = [
            SourceLine(name, LogLine(ts=1.0, message=text, seq=number))
            for number, text in enumerate(texts, 1)
        ]

    def after(self, seq: int) -> Iterable[SourceLine]:
        return (one for one in self.lines if one.line.seq > seq)

    def acked(self, seq: int) -> None:
        self.lines = [one for one in self.lines if one.line.seq > seq]


def made(*sources: Lines) -> tuple[Shipper, FakeClock]:
    clock = FakeClock()
    shipper = Shipper(clock)
    for one in sources:
        shipper.add(one)
    shipper.connected(lambda: None)
    return shipper, clock


def sent(shipper: Shipper) -> list[tuple[str, int, list[int]]]:
    found = []
    while (frame := shipper.next_frame()) is not None:
        message = from_agent().decode(frame)
        assert isinstance(message, Log)
        found.append((message.epoch, message.after, [line.seq for line in message.entries]))
    return found


def test_lines_go_together_as_far_as_they_are_of_one_source() -> None:
    lines = Lines("e", "a", "b", "c")
    lines.lines[2] = lines.lines[2]._replace(source="other")
    shipper, _ = made(lines)
    assert shipper.waiting
    assert sent(shipper) == [("e", 0, [1, 2]), ("e", 2, [3])]
    assert not shipper.waiting
    shipper.ack("e", 2)
    shipper.ack("unknown", 9)
    assert [one.line.seq for one in lines.lines] == [3]
    shipper.ack("e", 3)
    assert (lines.lines, sent(shipper)) == ([], [])


def test_messages_and_the_window_are_bounded_and_sources_take_turns() -> None:
    large = Lines("large", *("x" * 16_000 for _ in range(100)))
    small = Lines("small", *("x" for _ in range(MAX_LOG_LINES + 1)))
    shipper, _ = made(large, small)
    found = sent(shipper)
    assert [one[0] for one in found[:4]] == ["large", "small", "large", "small"]
    assert all(len(numbers) <= MAX_LOG_LINES for _, _, numbers in found)
    assert all(len(ns) * 16_000 <= MAX_LOG_MESSAGE for name, _, ns in found if name == "large")
    under_way = sum(len(numbers) for name, _, numbers in found if name == "large") * 16_000
    assert under_way <= MAX_UNACKED_LOGS + MAX_LOG_MESSAGE
    assert shipper.waiting
    shipper.ack("large", found[0][2][-1])
    after = next(numbers[-1] for name, _, numbers in reversed(found) if name == "large")
    assert sent(shipper)[0][:2] == ("large", after)


def test_a_line_that_is_too_long_for_a_message_goes_alone() -> None:
    shipper, _ = made(Lines("e", "a", "x" * (2 * MAX_LOG_MESSAGE), "b"))
    assert [numbers for _, _, numbers in sent(shipper)] == [[1], [2], [3]]


def test_what_is_not_acked_is_sent_again_in_the_next_session_and_after_a_while() -> None:
    lines = Lines("e", "a", "b")
    shipper, clock = made(lines)
    assert sent(shipper) == [("e", 0, [1, 2])]
    shipper.disconnected()
    shipper.wake()
    shipper.connected(lambda: None)
    assert sent(shipper) == [("e", 0, [1, 2])]
    clock.advance(RESEND_SECONDS - 1)
    assert sent(shipper) == []
    shipper.ack("e", 1)
    clock.advance(RESEND_SECONDS - 1)
    assert sent(shipper) == []
    clock.advance(1)
    assert sent(shipper) == [("e", 0, [2])]


def test_a_source_of_which_the_hub_is_silent_is_sent_again_though_others_are_acked() -> None:
    quiet, loud = Lines("quiet", "a"), Lines("loud", *"abcde")
    shipper, clock = made(quiet, loud)
    assert ("quiet", 0, [1]) in sent(shipper)
    for number in range(1, 4):
        clock.advance(RESEND_SECONDS / 3)
        shipper.ack("loud", number)
    assert sent(shipper) == [("quiet", 0, [1])]


def test_new_lines_wake_the_session() -> None:
    woken: list[int] = []
    shipper, _ = made()
    shipper.connected(lambda: woken.append(1))
    shipper.wake()
    shipper.disconnected()
    shipper.wake()
    assert woken == [1]

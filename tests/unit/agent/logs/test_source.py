"""Lines that wait for their ack, and what an ack of some of them means."""

from __future__ import annotations

from chatops.agent.logs.lines import Line
from chatops.agent.logs.rate import BURST
from chatops.agent.logs.source import SAID_AFTER, Entry, HeldLines
from chatops.agent.logs.wanted import WantedFile


def entry(end: int, text: str = "a line") -> Entry:
    return Entry(Line(text.encode(), end), mark=f"behind {end}")


def flooded() -> tuple[HeldLines, int]:
    """A source that left out three lines, and how many it took."""
    source = HeldLines("/a", WantedFile(pattern="/a", rate=1))
    allowed = int(BURST)
    source.take("e", [entry(10 * number) for number in range(1, allowed + 4)], 0.0, 0.0)
    return source, allowed


def test_lines_left_out_are_told_before_the_next_one_and_are_acked_with_it() -> None:
    source, allowed = flooded()
    source.take("e", [entry(500)], 0.0, 5.0)
    *_, said, line = source.after(0)
    last = 10 * (allowed + 3)
    assert said.line.message == "3 lines left out: more than 1 a second"
    assert (said.line.seq, line.line.seq) == (2 * last, 1000)
    source.acked(said.line.seq)
    assert (source.news(), source.mark) == ({"e": last}, f"behind {last}")
    source.acked(line.line.seq)
    assert (source.news(), source.mark) == ({"e": 500}, "behind 500")
    assert source.size == 0


def test_all_that_is_said_before_a_line_is_one_line_behind_those_left_out() -> None:
    source, allowed = flooded()
    source.say("e", entry(500), "a part is gone", 0.0)
    source.say("e", entry(500), "more too", 0.0)
    source.take("e", [entry(500)], 0.0, 5.0)
    found = [(one.line.seq, one.line.message) for one in source.after(20 * allowed)]
    assert found == [
        (20 * (allowed + 3), "3 lines left out: more than 1 a second"),
        (999, "a part is gone; more too"), (1000, "a line"),
    ]  # fmt: skip
    source.acked(1000)
    assert source.size == 0


def test_lines_left_out_are_told_without_another_line() -> None:
    source, allowed = flooded()
    assert not source.say_left_out(0.0, SAID_AFTER / 2)
    source.acked(20 * allowed)
    assert source.size > 0
    assert source.say_left_out(7.0, SAID_AFTER)
    (said,) = source.after(20 * allowed)
    assert said.line.message.startswith("3 lines left out")
    source.acked(said.line.seq)
    assert (source.news(), source.size) == ({"e": 10 * (allowed + 3)}, 0)
    assert not source.say_left_out(9.0)


def test_lines_left_out_of_one_epoch_are_told_before_the_next() -> None:
    source, _ = flooded()
    source.take("two", [entry(1)], 0.0, 0.0)
    *_, said = source.after(0)
    assert (source.epoch, said.line.message[:14]) == ("e", "3 lines left o")


def test_an_ack_of_what_is_said_before_a_line_is_none_of_the_line() -> None:
    source = HeldLines("/a", WantedFile(pattern="/a"))
    source.say("e", entry(500), "something", 0.0)
    source.take("e", [entry(500)], 0.0, 0.0)
    said, line = source.after(0)
    assert (said.line.seq, line.line.seq) == (999, 1000)
    source.acked(said.line.seq)
    assert (source.news(), source.mark) == ({}, None)


def test_another_epoch_waits_until_all_of_the_one_before_is_acked() -> None:
    acks: list[None] = []
    source = HeldLines("/a", WantedFile(pattern="/a"), lambda: acks.append(None))
    source.take("one", [entry(1), entry(2)], 0.0, 0.0)
    source.take("two", [entry(1)], 0.0, 0.0)
    assert (source.epoch, [one.line.seq for one in source.after(0)]) == ("one", [2, 4])
    source.acked(4)
    assert (source.epoch, [one.line.seq for one in source.after(0)]) == ("two", [2])
    assert len(acks) == 1
    source.take("one", [entry(1)], 0.0, 0.0)  # the hub has it
    source.acked(2)
    assert (list(source.after(0)), source.size) == ([], 0)


def test_an_entry_has_its_own_source_time_and_level_or_those_of_its_text() -> None:
    source = HeldLines("/a", WantedFile(pattern="/a"))
    own = Entry(Line(b"ERROR: no", 2), "unit:b", 5.0, "info")
    source.take("e", [entry(1, "ERROR: no"), own], 7.0, 0.0)
    assert [(one.source, one.line.ts, one.line.level) for one in source.after(0)] == [
        ("/a", 7.0, "error"),
        ("unit:b", 5.0, "info"),
    ]


def test_a_private_key_is_struck_out_line_by_line_of_its_source() -> None:
    source = HeldLines("/a", WantedFile(pattern="/a"))
    texts = ["x -----BEGIN RSA PRIVATE KEY-----", "MIIE", "-----END RSA PRIVATE KEY----- y", "z"]
    lines = [entry(2 * number, text) for number, text in enumerate(texts, 1)]
    lines.insert(1, Entry(Line(b"of another", 3), "unit:b"))
    source.take("e", lines, 0.0, 0.0)
    told = [one.line.message for one in source.after(0)]
    assert told == ["x ***", "of another", "***", "*** y", "z"]


def test_time_and_level_are_read_though_something_is_struck_out() -> None:
    source = HeldLines("/a", WantedFile(pattern="/a"))
    source.take("e", [entry(1, '{"level":"error","token":123}')], 0.0, 0.0)
    (only,) = source.after(0)
    assert (only.line.level, only.line.message) == ("error", '{"level":"error","token":***}')

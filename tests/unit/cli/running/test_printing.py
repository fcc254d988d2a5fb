"""Lines of several servers, groups, events, the array, and the words at the end."""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.output import Output as Out
from chatops.cli.running.attach import parse_offset
from chatops.cli.running.forms import EventPrinter, unfinished
from chatops.cli.running.lines import GroupPrinter, LinePrinter
from chatops.cli.running.store import BLOCK, Chain, Store
from chatops.cli.running.summary import Tally, not_everywhere, summary
from chatops.client.run_events import Output, StreamName
from chatops.errors import InvalidInput
from chatops.protocol.rest import CommandResult, CommandStatus

Piece = tuple[int, StreamName, bytes]
PIECES = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["stdout", "stderr"]),
        st.one_of(st.sampled_from([b"\n", b"a", b"\n\n", b"x\ny"]), st.binary(max_size=5)),
    ),
    max_size=30,
)  # fmt: skip


class Screen:
    """An Output whose streams can be read."""

    def __init__(self, form: str = "table", **environ: str) -> None:
        self._streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        out, err = self._streams
        self.out = Out(form, out=out, err=err, environ=environ)  # type: ignore[arg-type]

    def read(self) -> list[bytes]:
        for stream in self._streams:
            stream.flush()
        return [stream.buffer.getvalue() for stream in self._streams]  # type: ignore[attr-defined]


def result(name: str, status: CommandStatus = "succeeded", **fields: object) -> CommandResult:
    fields = {"exit_code": None, **fields}
    return msgspec.convert(
        {"server": name, "command_id": f"c-{name}", "run_id": "r", "status": status, **fields},
        CommandResult,
    )


Make = Callable[[Out], LinePrinter | GroupPrinter | EventPrinter]


def shown(make: Make, pieces: Sequence[Piece], screen: Screen) -> list[bytes]:
    printer = make(screen.out)
    offsets: dict[tuple[int, StreamName], int] = {}
    for number, stream, data in pieces:
        if data:
            offset = offsets.get((number, stream), 0)
            printer.output(Output(f"s{number}", f"c-s{number}", stream, offset, data))
            offsets[number, stream] = offset + len(data)
    for number in (2, 1):
        printer.end(result(f"s{number}"))
    printer.close()  # of the third nothing more was heard
    return screen.read()


def texts(pieces: Sequence[Piece], number: int, stream: StreamName) -> list[bytes]:
    data = b"".join(data for one, name, data in pieces if (one, name) == (number, stream))
    return data.removesuffix(b"\n").split(b"\n") if data else []


@given(PIECES, st.sampled_from([LinePrinter, GroupPrinter]))
def test_every_line_is_whole_and_under_its_name(pieces: list[Piece], make: Make) -> None:
    streams = shown(make, pieces, Screen())
    names: list[StreamName] = ["stdout", "stderr"]
    for name, data in zip(names, streams, strict=True):
        lines = data.removesuffix(b"\n").split(b"\n") if data else []
        for number in (1, 2, 3):
            head = b"s%d | " % number
            mine = [line.removeprefix(head) for line in lines if line.startswith(head)]
            assert mine == texts(pieces, number, name)
        if make is GroupPrinter:
            order = [line[:2] for line in lines]
            assert order == sorted(order, key=[b"s2", b"s1", b"s3"].index)


@pytest.mark.parametrize("make", [LinePrinter, GroupPrinter])
def test_what_is_long_waits_in_a_file(make: Make) -> None:
    long = bytes(range(11, 256)) * (3 * BLOCK // 245)
    pieces: list[Piece] = [(1, "stdout", long), (2, "stdout", b"b\n"), (1, "stdout", long + b"\nc")]
    out, _ = shown(make, pieces, Screen())
    assert sorted(out.splitlines(keepends=True)[-1:]) == [b"s1 | c\n"]
    assert b"s1 | " + long + long + b"\n" in out


def test_names_are_coloured_where_colours_are_wanted() -> None:
    out, err = shown(LinePrinter, [(1, "stdout", b"a\n"), (1, "stderr", b"b\n")],
                     Screen(FORCE_COLOR="1"))  # fmt: skip
    assert out.startswith(b"\x1b[")
    assert out.endswith(b"s1\x1b[0m | a\n")
    assert err.endswith(b"s1\x1b[0m | b\n")


def test_a_colour_that_a_target_forgets_to_end_stays_in_its_line() -> None:
    red = Output("web-1", "c1", "stdout", 0, b"\x1b[31mred\nplain")
    for environ, end in (({"FORCE_COLOR": "1"}, b"\x1b[0m\n"), ({}, b"\n")):
        screen = Screen(**environ)
        lines = LinePrinter(screen.out)
        lines.output(red)
        lines.close()
        out, _ = screen.read()
        assert b"\x1b[31mred" + end in out
        assert out.endswith(b"plain\n")


def test_a_store_is_emptied_when_nothing_is_in_it() -> None:
    store = Store()
    one, other = Chain(store), Chain(store)
    for chain, data in ((one, b"a"), (other, b"b"), (one, b"c")):
        chain.add(data * 2 * BLOCK)
    assert b"".join(one.parts()) == b"".join(one.take()) == b"a" * 2 * BLOCK + b"c" * 2 * BLOCK
    assert not one
    assert b"".join(other.take()) == b"b" * 2 * BLOCK
    assert store._file is not None
    assert store._file.seek(0, 2) == 0
    store.close()


@given(st.text(max_size=20), st.lists(st.integers(0, 60), max_size=6))
def test_events_never_cut_a_character(text: str, cuts: list[int]) -> None:
    data = text.encode()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces: list[Piece] = [
        (1, "stdout", data[begin:end]) for begin, end in itertools.pairwise(places)
    ]
    out, _ = shown(EventPrinter, pieces, Screen("ndjson"))
    events = [json.loads(line) for line in out.splitlines()]
    assert "".join(one["data"] for one in events if one["event"] == "stdout") == text


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=8))
def test_events_hold_every_byte_at_its_place(parts: list[bytes]) -> None:
    out, _ = shown(EventPrinter, [(1, "stderr", part) for part in parts], Screen("ndjson"))
    data = b""
    for one in [json.loads(line) for line in out.splitlines()]:
        if one["event"] == "stderr":
            assert one["offset"] == len(data)
            plain = one.get("data")
            data += base64.b64decode(one["data_b64"]) if plain is None else plain.encode()
    assert data == b"".join(parts)


@pytest.mark.parametrize(
    ("data", "count"),
    [(b"", 0), (b"a", 0), ("é".encode(), 0), (b"a\xc3", 1), (b"\xe2\x82", 2), (b"\xf0\x9f\x98", 3),
     (b"\xf0\x9f\x98\x80", 0), (b"\xff", 0), (b"\x80\x80\x80", 0)],
)  # fmt: skip
def test_what_a_character_still_needs(data: bytes, count: int) -> None:
    assert unfinished(data) == count


def test_the_summary_names_who_did_not_succeed() -> None:
    found = [
        result("db-1", "failed", exit_code=3), result("web-1"), result("web-2", "offline"),
        result("web-3", "cancelled", error="1 server had failed"), result("x", "timed_out"),
        result("y", "failed", signal=9), result("z", "refused", error="policy\x1b[31m: deny 1"),
        result("za", "lost"), result("zb", "failed", error="no shell"),
    ]  # fmt: skip
    assert list(summary(found, 10)) == [
        "db-1: exit status 3", "web-2: offline", "web-3: cancelled: 1 server had failed",
        "x: timed out", "y: killed by signal 9", "z: refused: policy\\x1b[31m: deny 1", "za: lost",
        "zb: no shell", "1 of 10 succeeded",
    ]  # fmt: skip


def test_many_with_one_reason_share_a_line() -> None:
    found = [result(f"s{number:02}", "offline") for number in range(12)]
    lines = list(summary([*found, result("a", "failed", exit_code=1), result("b")], 14))
    names = ", ".join(one.server for one in found)
    assert lines == ["a: exit status 1", f"12 servers: offline: {names}", "1 of 14 succeeded"]


def test_the_tally_counts() -> None:
    tally = Tally()
    tally.servers = 3
    for name in ("a", "b"):
        tally.start(f"c-{name}")
    assert tally.line() == "0/3 done, 2 running"
    tally.end(result("a", "failed"))
    assert tally.line() == "1/3 done, 1 running, 1 not succeeded"


@pytest.mark.parametrize(
    "text", ["", "1", "1,", ",", "1,2,3", "-1,0", "1,x", "٣,0", "1" * 20 + ",0"]
)
def test_an_offset_is_two_numbers(text: str) -> None:
    assert parse_offset("12,0") == (12, 0)
    with pytest.raises(InvalidInput, match="--offset"):
        parse_offset(text)


def test_servers_that_could_not_run_it_are_not_said_to_have_succeeded() -> None:
    def result(status: CommandStatus) -> CommandResult:
        return CommandResult(server="a", command_id="c", run_id="r", status=status)

    assert not_everywhere([result("offline")]) == "no server could run it"
    both = [result("succeeded"), result("refused")]
    assert not_everywhere(both) == "some servers could not run it; all that ran it succeeded"

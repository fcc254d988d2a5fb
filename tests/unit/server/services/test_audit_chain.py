"""The chain of the audit trail: what is done to it without the key is found, the first first."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.audit_chain import (
    GENESIS,
    START,
    ChainCheck,
    Entry,
    Fault,
    Head,
    canonical,
    line,
    seal,
)

KEY = b"k" * 32


class Sealed(NamedTuple):
    entry: Entry
    hash: str


def chain(length: int, *, key: bytes = KEY) -> list[Sealed]:
    """So many records, as a hub writes them."""
    made: list[Sealed] = []
    for number in range(1, length + 1):
        entry = Entry(
            id=number, ts="2026-01-02T03:04:05.678Z", user_id=None, user="ada", action="a.b",
            target=f"t{number}", outcome="ok", address="::1", detail={"n": number},
            prev_hash=made[-1].hash if made else GENESIS,
        )  # fmt: skip
        made.append(Sealed(entry, seal(key, entry)))
    return made


def check(
    records: list[Sealed], *, head: Head = START, pruned: Head = START
) -> tuple[Fault | None, int]:
    """The first fault, and how many records before it are right."""
    walk = ChainCheck(KEY, pruned=pruned, head=head)
    for record in records:
        if not walk.take(*record):
            break
    return walk.finish(), walk.count


def head_of(records: list[Sealed]) -> Head:
    return Head(records[-1].entry.id, records[-1].hash)


LENGTH = 8
PLACES = st.integers(0, LENGTH - 1)


@given(PLACES, st.sampled_from([name for name in Entry._fields if name != "id"]))
def test_a_changed_field_is_found(place: int, name: str) -> None:
    records = chain(LENGTH)
    entry = records[place].entry._replace(**{name: "x"})  # type: ignore[arg-type]  # any field
    records[place] = Sealed(entry, records[place].hash)
    fault, right = check(records)
    assert (fault, right) == (Fault(place + 1, f"record {place + 1} was changed"), place)


@given(PLACES, st.integers(1, LENGTH))
def test_what_was_removed_is_named(place: int, count: int) -> None:
    whole = chain(LENGTH)
    records = whole[:place] + whole[place + count :]
    fault, right = check(records, head=head_of(whole))
    last = min(place + count, LENGTH)
    assert fault is not None
    assert (fault.id, fault.through, right) == (place + 1, last, place)
    assert fault.reason.endswith(" at the end") == (last == LENGTH)


@given(PLACES, PLACES)
def test_another_order_is_found(one: int, other: int) -> None:
    records = chain(LENGTH)
    first, second = records[one], records[other]
    records[one] = Sealed(second.entry._replace(id=one + 1), second.hash)
    records[other] = Sealed(first.entry._replace(id=other + 1), first.hash)
    fault, _ = check(records)
    assert (fault.id if fault else None) == (None if one == other else min(one, other) + 1)


def test_a_chain_of_another_key_and_a_fork_of_ones_own_are_found() -> None:
    fault, right = check(chain(3, key=b"x" * 32))
    assert (fault.id if fault else None, right) == (1, 0)
    records = chain(LENGTH)
    entry = records[4].entry._replace(target="another", prev_hash=records[2].hash)
    fork = [*records[:4], Sealed(entry, seal(KEY, entry)), *records[5:]]
    fault, right = check(fork)
    assert (fault, right) == (Fault(5, "record 5 does not follow record 4"), 4)
    other = Sealed(records[7].entry._replace(target="x"), "")
    other = Sealed(other.entry, seal(KEY, other.entry))
    fault, _ = check([*records[:7], other], head=head_of(records))
    assert fault == Fault(8, "record 8 is not the one that was written first")


def test_a_cut_off_end_needs_the_head_to_be_seen() -> None:
    whole = chain(LENGTH)
    assert check(whole[:5]) == (None, 5)
    assert check(whole, head=head_of(whole[:5])) == (None, LENGTH)
    assert check([], head=head_of(whole))[0] == Fault(1, "records 1 to 8 are missing at the end", 8)
    assert check([]) == (None, 0)


@given(PLACES, st.integers(0, LENGTH))
def test_what_was_pruned_may_be_there_or_not(last: int, gone: int) -> None:
    whole = chain(LENGTH)
    pruned = head_of(whole[: last + 1])
    fault, _ = check(whole[gone:], pruned=pruned, head=head_of(whole))
    if gone <= last + 1:
        assert fault is None
    else:
        assert fault is not None
        assert (fault.id, fault.through) == (last + 2, gone)


def test_a_prune_of_something_else_is_found() -> None:
    whole = chain(LENGTH)
    fault, _ = check(whole[4:], pruned=Head(4, "0" * 64))
    assert fault == Fault(5, "record 5 does not follow record 4")
    fault, _ = check(whole, pruned=Head(4, "0" * 64))
    assert fault == Fault(4, "record 4 is not the one that was written first")


def test_the_hashed_form_is_fixed() -> None:
    detail = {"b": [1, 2.5], "a": None}
    entry = chain(1)[0].entry._replace(user="ü", target="a\n\x7f", detail=detail)
    assert canonical(entry._asdict()) == (
        b'{"action":"a.b","address":"::1","detail":{"a":null,"b":[1,2.5]},"id":1,"outcome":"ok",'
        b'"prev_hash":"' + b"0" * 64 + b'","target":"a\\n\\u007f","ts":"2026-01-02T03:04:05.678Z",'
        b'"user":"\\u00fc","user_id":null}'
    )
    assert b'"hash":"ff"' in line(entry, "ff")
    assert seal(KEY, entry) == ("be55bb71e755fbb5071bb47bbc038501c4571b016b7cc9abd0043ec666b3e8a4")

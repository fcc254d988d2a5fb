"""The table of close reasons."""

from __future__ import annotations

import pytest

from chatops.protocol import closing
from chatops.protocol.closing import REASONS, CloseReason, may_retry

DEFINED = [value for value in vars(closing).values() if isinstance(value, CloseReason)]
FINAL = {
    "key_unknown", "key_revoked", "key_expired", "server_removed",
    "not_signed_in", "not_found", "not_permitted",
}  # fmt: skip


def test_every_reason_is_in_the_table_once() -> None:
    assert len({reason.name for reason in DEFINED}) == len(DEFINED)
    assert {reason.name: reason for reason in DEFINED} == REASONS


def test_names_are_those_of_their_constants() -> None:
    for reason in DEFINED:
        assert getattr(closing, reason.name.upper()) is reason


@pytest.mark.parametrize("reason", DEFINED, ids=lambda reason: reason.name)
def test_codes_may_stand_in_a_close_frame(reason: CloseReason) -> None:
    # RFC 6455, section 7.4, and the registry it opened: 1004–1006 and 1015 are never sent.
    registered = {1000, 1001, 1002, 1003, *range(1007, 1015)}
    assert reason.code in registered or 4000 <= reason.code <= 4999
    assert len(reason.name.encode()) <= 123
    assert reason.text


def test_codes_of_our_own_are_unique() -> None:
    own = [reason.code for reason in DEFINED if reason.code >= 4000]
    assert len(set(own)) == len(own)


def test_what_only_a_person_can_mend_is_final_and_nothing_else() -> None:
    assert {reason.name for reason in DEFINED if not reason.retry} == FINAL


def test_may_retry() -> None:
    assert may_retry("hub_stopping")
    assert not may_retry("key_revoked")
    assert may_retry("invented_later")
    assert may_retry("")

"""Exit codes: every error has one, and exec's outcomes have theirs."""

from __future__ import annotations

from typing import get_args

import pytest

from chatops.cli.exits import EXIT, MEANING, exec_exit_code, exec_status, exit_code
from chatops.errors import ChatOpsError, HubUnreachable, error_classes, from_code
from chatops.protocol.codec import UnusableFrame
from chatops.protocol.rest import COMMAND_FINAL, CommandResult, CommandStatus


def test_every_error_has_an_exit_code_and_no_code_is_unknown() -> None:
    assert UnusableFrame.code in error_classes()
    ours = {code for code, cls in error_classes().items() if cls.__module__.startswith("chatops.")
            and not cls.__module__.startswith("chatops.cli")}  # fmt: skip
    assert ours <= set(EXIT)
    assert set(EXIT.values()) <= set(MEANING)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("invalid", 2), ("not_signed_in", 3), ("not_found", 4), ("no_sample", 4), ("refused", 5),
     ("not_permitted", 5), ("conflict", 6), ("hub_unreachable", 7), ("internal", 1),
     ("from_the_future", 1)],
)  # fmt: skip
def test_errors_end_as_the_contract_says(code: str, expected: int) -> None:
    assert exit_code(from_code(code, "x")) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("offline", 120), ("refused", 121), ("not_permitted", 121), ("not_signed_in", 125),
     ("not_found", 125), ("invalid", 125), ("hub_unreachable", 125), ("busy", 125),
     ("internal", 125), ("from_the_future", 125)],
)  # fmt: skip
def test_errors_of_exec_never_look_like_a_remote_status(code: str, expected: int) -> None:
    assert exec_exit_code(from_code(code, "x")) == expected


def test_a_hub_lost_after_sending_means_that_the_outcome_is_unknown() -> None:
    assert exec_exit_code(HubUnreachable("x", details={"sent": True})) == 122
    assert exec_exit_code(HubUnreachable("x", details={"sent": False})) == 125


def result(status: CommandStatus, code: int | None = None, number: int | None = None) -> int:
    return exec_status(
        CommandResult(
            server="s", command_id="c", run_id="r", status=status, exit_code=code, signal=number
        )
    )


@pytest.mark.parametrize(
    ("status", "code", "number", "expected"),
    [
        ("succeeded", 0, None, 0),
        ("failed", 1, None, 1),
        ("failed", 127, None, 127),
        ("failed", 255, None, 255),
        ("failed", None, 9, 137),
        ("failed", None, None, 126),
        ("timed_out", None, 15, 124),
        ("cancelled", None, 15, 143),
        ("cancelled", 3, None, 3),
        ("cancelled", 0, None, 143),
        ("cancelled", None, None, 120),
        ("offline", None, None, 120),
        ("refused", None, None, 121),
        ("lost", None, None, 122),
    ],
)
def test_outcomes_end_as_the_contract_says(
    status: CommandStatus, code: int | None, number: int | None, expected: int
) -> None:
    assert result(status, code, number) == expected


def test_every_status_of_a_command_has_an_exit_status() -> None:
    for status in get_args(CommandStatus):
        assert 0 <= result(status) <= 255
    assert {result(status) for status in COMMAND_FINAL} >= {120, 121, 122, 124, 126}


def test_an_error_that_is_no_chatops_error_has_no_code() -> None:
    assert exit_code(ChatOpsError("x")) == 1

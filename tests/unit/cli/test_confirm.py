"""What asks before it acts; passwords."""

from __future__ import annotations

import io

import pytest

from chatops.cli.confirm import Declined, confirm, read_name, read_password
from chatops.errors import InvalidInput


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def stdin(monkeypatch: pytest.MonkeyPatch, text: str, *, terminal: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(text) if terminal else io.StringIO(text))


def test_yes_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin(monkeypatch, "", terminal=False)
    confirm("sure?", yes=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_agreeing_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    stdin(monkeypatch, answer, terminal=True)
    confirm("sure?", yes=False)
    assert capsys.readouterr() == ("", "sure? [y/N] ")


@pytest.mark.parametrize("answer", ["\n", "n\n", "", "yess\n"])
def test_anything_else_stops(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    stdin(monkeypatch, answer, terminal=True)
    with pytest.raises(Declined):
        confirm("sure?", yes=False)


def test_without_a_terminal_yes_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, "y\n", terminal=False)
    with pytest.raises(InvalidInput) as caught:
        confirm("sure?", yes=False)
    assert caught.value.hint == "give --yes"


def test_a_password_is_the_first_line_of_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, " pass word \r\nsecond\n", terminal=False)
    assert read_password(stdin=True) == " pass word "
    assert read_password(stdin=True) == "second"
    with pytest.raises(InvalidInput, match="empty"):
        read_password(stdin=True)


def test_without_a_terminal_the_option_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, "secret\n", terminal=False)
    with pytest.raises(InvalidInput) as caught:
        read_password(stdin=False)
    assert caught.value.hint == "give --password-stdin"
    with pytest.raises(InvalidInput, match="no user was given"):
        read_name("user", "-u USER")


@pytest.mark.parametrize("entries", [0, 1])
def test_ctrl_d_at_a_password_is_no_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], entries: int
) -> None:
    answers = iter(["secret"] * entries)

    def at_terminal(prompt: str, stream: object) -> str:
        for answer in answers:
            return answer
        raise EOFError

    stdin(monkeypatch, "", terminal=True)
    monkeypatch.setattr("getpass.getpass", at_terminal)
    with pytest.raises(InvalidInput, match="no password was given"):
        read_password(stdin=False, twice=True)
    assert capsys.readouterr() == ("", "\n")


def test_ctrl_d_at_a_question_ends_its_line_and_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin(monkeypatch, "", terminal=True)
    with pytest.raises(Declined, match="nothing was done"):
        confirm("sure?", yes=False)
    assert capsys.readouterr() == ("", "sure? [y/N] \n")
    with pytest.raises(InvalidInput, match="no user was given"):
        read_name("user", "-u USER")

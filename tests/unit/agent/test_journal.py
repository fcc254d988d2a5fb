"""The journal on a real disk: restarts, death, damage, a full disk, another agent."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.agent import boot as boot_module
from chatops.agent import journal as module
from chatops.agent.journal import Journal
from chatops.errors import Conflict, SetupError
from chatops.protocol.messages import CommandResponse


def outcome(command_id: str) -> CommandResponse:
    return CommandResponse(id=command_id, state="succeeded", exit_code=0)


def die(journal: Journal) -> None:
    """What kill -9 leaves: the file as it is, and no lock."""
    journal._release()


class Restarts(RuleBasedStateMachine):
    """An agent that dies and starts again, against what it promises."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.journal = Journal(Path(self.folder.name))
        self.epoch = self.journal.epoch
        self.running: set[str] = set()
        self.finished: set[str] = set()
        self.died: set[str] = set()
        self.acked: set[str] = set()
        self.count = 0

    def known(self) -> set[str]:
        return self.running | self.finished | self.died | self.acked

    @rule()
    def start(self) -> None:
        self.count += 1
        self.journal.start(f"c{self.count}", 1.0)
        self.running.add(f"c{self.count}")

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(sorted(self.running)))
        self.journal.finish(outcome(one))
        self.running.remove(one)
        self.finished.add(one)

    @precondition(lambda self: self.finished | self.died)
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(sorted(self.finished | self.died)))
        self.journal.ack(one)
        self.finished.discard(one)
        self.died.discard(one)
        self.acked.add(one)

    @rule(in_order=st.booleans(), torn=st.binary(max_size=5))
    def restart(self, torn: bytes, *, in_order: bool) -> None:
        if in_order:
            self.journal.close()
        else:
            os.pwrite(self.journal._handle, torn.replace(b"\n", b""), self.journal._end)
            die(self.journal)
        self.journal = Journal(Path(self.folder.name))
        self.died |= self.running
        self.running.clear()

    @invariant()
    def everything_is_known_as_it_was(self) -> None:
        assert self.journal.epoch == self.epoch
        outcomes = self.journal.outcomes()
        assert set(outcomes) == self.finished | self.died
        assert all(outcomes[one] == outcome(one) for one in self.finished)
        assert all(outcomes[one].reason == "agent_died" for one in self.died)
        assert all(self.journal.acked(one) is not None for one in self.acked)

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


TestRestarts = Restarts.TestCase


def test_folder_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    Journal(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {"journal": 0o600, "agent.lock": 0o600}


def test_an_id_is_with_the_kernel_when_start_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.start("c1", 1.0)
    assert b'"c1"' in (tmp_path / "journal").read_bytes()
    journal.close()


def test_two_agents_do_not_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    first = Journal(tmp_path / "one")
    with pytest.raises(Conflict, match=f"another agent .process {os.getpid()}. runs on"):
        Journal(tmp_path / "one")
    Journal(tmp_path / "two").close()
    first.close()
    Journal(tmp_path / "one").close()


@pytest.mark.parametrize("damage", [b"", b"garbage\n", b'{"line":"started","id":"x","at":1}\n'])
def test_a_damaged_or_missing_journal_begins_an_epoch(tmp_path: Path, damage: bytes) -> None:
    journal = Journal(tmp_path)
    journal.close()
    (tmp_path / "journal").write_bytes(damage)
    again = Journal(tmp_path)
    assert again.epoch != journal.epoch
    again.close()
    (tmp_path / "journal").unlink()
    third = Journal(tmp_path)
    assert third.epoch not in (journal.epoch, again.epoch)
    third.close()


def test_what_can_be_read_of_a_damaged_journal_is_known(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.start("c1", 1.0)
    journal.finish(outcome("c1"))
    journal.start("c2", 1.0)
    die(journal)
    lines = (tmp_path / "journal").read_bytes().rstrip(b"\0").splitlines(keepends=True)
    (tmp_path / "journal").write_bytes(b"".join([*lines[:2], b"{]\n", *lines[2:]]))
    again = Journal(tmp_path)
    assert again.epoch != journal.epoch
    assert {key: one.reason for key, one in again.outcomes().items()} == {
        "c1": None,
        "c2": "agent_died",
    }
    again.close()


def test_after_a_power_cut_what_is_read_holds_but_not_that_it_is_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(boot_module, "_BOOT", boot)
    boot.write_text("first")
    journal = Journal(tmp_path / "data")
    journal.finish(outcome("c1"))
    die(journal)
    boot.write_text("second")
    cut = Journal(tmp_path / "data")
    assert cut.epoch != journal.epoch
    assert set(cut.outcomes()) == {"c1"}
    cut.close()
    boot.write_text("third")
    planned = Journal(tmp_path / "data")
    assert planned.epoch == cut.epoch
    planned.close()
    boot.unlink()
    unknown = Journal(tmp_path / "data")
    assert unknown.epoch == cut.epoch
    die(unknown)
    after = Journal(tmp_path / "data")
    assert after.epoch != cut.epoch
    after.close()


def test_it_stays_short_and_whole_however_much_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOM", 2000)
    journal = Journal(tmp_path)
    for number in range(100):
        journal.start(f"c{number}", 1.0)
        journal.finish(outcome(f"c{number}"))
        if number % 2:
            journal.ack(f"c{number}")
        assert (tmp_path / "journal").stat().st_size < 20_000
    die(journal)
    again = Journal(tmp_path)
    assert len(again.outcomes()) == 50
    assert again.acked("c99") == outcome("c99")
    again.close()


def test_on_a_full_disk_nothing_is_started_and_no_outcome_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(tmp_path)
    journal.start("c1", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda handle, data, at: os.write(handle, data[:3]))
        journal.finish(outcome("c1"))
        assert "cannot be written" in caplog.text
        patch.setattr(module, "write_private", full)
        with pytest.raises(OSError, match="No space"):
            journal.start("c2", 1.0)
    journal.start("c3", 1.0)
    die(journal)
    again = Journal(tmp_path)
    assert again.epoch == journal.epoch
    assert {key: one.reason for key, one in again.outcomes().items()} == {
        "c1": None,
        "c3": "agent_died",
    }
    again.close()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    with pytest.raises(SetupError, match=f"{tmp_path} cannot be used") as caught:
        Journal(tmp_path)
    assert "--data-dir" in (caught.value.hint or "")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SetupError, match="is not a folder"):
        Journal(file)
    with pytest.raises(SetupError, match="cannot be used"):
        Journal(Path("/proc/nothing"))

"""What an agent that was killed leaves of copies goes, and nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatops.agent.part_notes import PartNotes
from tests.support.waiting import until


def noted(notes: Path, folder: Path, name: str = "x") -> str:
    """A copy into a folder began, and its agent was killed; the name of its part."""
    handle = os.open(folder, os.O_PATH)
    part = PartNotes(notes).add(handle, name.encode())
    os.close(handle)
    return f".chatops-{part}.part"


def clear(notes: Path) -> None:
    """The agent starts again, and is done with what it finds."""
    made = PartNotes(notes)
    made.clear()
    until(lambda: not list(notes.iterdir()), what="that all notes are dealt with")
    made.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder that was written to."""
    folder = tmp_path / "real" / "place"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("where", ["", "x", "x/a/b"])
def test_a_part_goes_wherever_in_the_copy_it_lies(notes: Path, place: Path, where: str) -> None:
    inner = place / where
    inner.mkdir(parents=True, exist_ok=True)
    (inner / noted(notes, place)).write_text("half")
    (inner / "whole").write_text("whole")
    (place / "link").symlink_to("/")
    (place / ".chatops-0.part").write_text("of another copy")
    clear(notes)
    left = sorted(one.name for one in place.rglob("*") if not one.is_dir())
    assert left == [".chatops-0.part", "whole"]


def test_nothing_is_removed_by_way_of_a_link(tmp_path: Path, notes: Path, place: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "place").mkdir(parents=True)
    for number, inner in enumerate(("place", "place", ".")):
        (elsewhere / inner / noted(notes, place, f"x{number}")).write_text("precious")
    (place / "x2").symlink_to(elsewhere)  # in the copied folder's place
    (tmp_path / "real").rename(tmp_path / "away")
    (tmp_path / "real").symlink_to(elsewhere)
    clear(notes)
    assert len([one for one in elsewhere.rglob("*") if one.is_file()]) == 3
    (tmp_path / "real").unlink()
    (tmp_path / "away").rename(tmp_path / "real")
    (elsewhere / noted(notes, place, "x2")).write_text("precious")
    clear(notes)
    assert len([one for one in elsewhere.rglob("*") if one.is_file()]) == 4


def test_only_a_plain_file_of_the_agents_user_is_removed(notes: Path, place: Path) -> None:
    (place / noted(notes, place)).mkdir()
    os.mkfifo(place / noted(notes, place))
    (place / noted(notes, place)).symlink_to("somewhere")
    if os.geteuid() == 0:
        foreign = place / noted(notes, place)
        foreign.write_text("not ours")
        os.chown(foreign, 65534, 65534)
    before = sorted(place.iterdir())
    clear(notes)
    assert sorted(place.iterdir()) == before


def test_a_note_that_cannot_be_read_names_nothing(notes: Path, place: Path) -> None:
    part = place / noted(notes, place)
    part.write_text("half")
    (note,) = notes.iterdir()
    note.write_bytes(note.read_bytes()[:-3])
    clear(notes)
    assert part.exists()


def test_a_copy_that_has_ended_is_not_noted_any_more(notes: Path, place: Path) -> None:
    part = noted(notes, place)
    (note,) = notes.iterdir()
    assert part == f".chatops-{note.name}.part"
    PartNotes(notes).remove(note.name)
    assert not list(notes.iterdir())

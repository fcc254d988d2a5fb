"""The files of an agent, a shipper without a hub: what is sent, and what is sent again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatops.agent.logs import files
from chatops.agent.logs.files import CUT, GONE, LogFiles
from chatops.agent.logs.wanted import WantedFile, parse_wanted
from chatops.agent.shipper import Shipper
from chatops.tasks import Tasks
from tests.support.shipping import Ships
from tests.support.waiting import until_async


class FileShips(Ships):
    """Files on their way to a hub."""

    def __init__(self, folder: Path, *wanted: WantedFile) -> None:
        super().__init__(Shipper())
        self.logs = LogFiles(wanted, folder, self.shipper)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POLL", "LOOK", "KEEP"):
        monkeypatch.setattr(files, name, 0.01)


@asynccontextmanager
async def shipping(folder: Path, *given: str | dict[str, object]) -> AsyncIterator[FileShips]:
    wanted = [one for one in parse_wanted(given) if isinstance(one, WantedFile)]
    ships = FileShips(folder, *wanted)
    try:
        async with Tasks() as tasks:
            tasks.spawn(ships.logs.run(), name="logs")
            yield ships
    finally:
        ships.logs.close()


async def test_lines_of_files_that_are_there_and_that_come(tmp_path: Path) -> None:
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    first.write_text("old\n")
    async with shipping(tmp_path, f"{tmp_path}/*.log") as ships:
        await until_async(lambda: recorded(tmp_path, first), what="the first look")
        with first.open("a") as file:
            file.write("ERROR new password=hunter2\n")
        await ships.until("ERROR new password=***")
        second.write_text("all of it\n")
        await ships.until("ERROR new password=***", "all of it")
    assert [level for _, level, _ in ships.look()] == ["error", "info"]
    assert {message.source for message in ships.messages} == {str(first), str(second)}


async def recorded(folder: Path, path: Path) -> bool:
    record = folder / "logs.json"
    return record.exists() and str(path) in record.read_text()


async def test_a_file_whose_name_is_no_text_is_shipped_as_any_other(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.log"))
    odd.write_text("one\n")
    async with shipping(tmp_path, f"{tmp_path}/*.log@start") as ships:
        await ships.until("one")
        assert {message.source for message in ships.messages} == {f"{tmp_path}/\\udcff.log"}
    with odd.open("a") as file:
        file.write("two\n")
    async with shipping(tmp_path, f"{tmp_path}/*.log@start") as again:
        await again.until("one", "two")
    assert again.messages[0].epoch == ships.messages[0].epoch


async def test_another_agent_goes_on_where_the_hub_is(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("1\n2\n")
    async with shipping(tmp_path, f"{log}@start") as ships:
        await ships.until("1", "2")
        ships.ack()
        await until_async(lambda: offset_is(tmp_path, 4), what="the record")
        with log.open("a") as file:
            file.write("3\n")
        await ships.until("1", "2", "3")
    async with shipping(tmp_path, f"{log}@start") as again:
        await again.until("3")
        assert again.messages[0].epoch == ships.messages[0].epoch
        assert again.messages[0].entries[0].seq == ships.messages[-1].entries[0].seq
    log.unlink()
    async with shipping(tmp_path, f"{log}@start") as last:
        log.write_text("another\n")
        await last.until(GONE, "another")


async def test_a_cut_is_said_but_is_no_alarm_where_all_was_read(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("1\n2\n")
    async with shipping(tmp_path, f"{log}@start") as ships:
        await ships.until("1", "2")
        ships.ack()
        log.write_text("3\n")
        await ships.until("1", "2", CUT, "3")
        assert [level for _, level, _ in ships.look()] == ["info"] * 4


async def test_what_the_hub_has_already_is_not_sent_again(tmp_path: Path) -> None:
    """An agent was killed before it knew of an ack: the next one is told of it at its first line,
    when it has not even read so far."""
    log = tmp_path / "a.log"
    log.write_text("1\n")
    async with shipping(tmp_path, f"{log}@start") as ships:
        await ships.until("1")
        ships.shipper.ack(ships.messages[0].epoch, 2 * len("1\n2\n3\n"))
        with log.open("a") as file:
            file.write("2\n3\n4\n")
        await ships.until("1", "4")
        assert all(one.source.size < 400 for one in ships.logs._followed.values())


async def offset_is(folder: Path, offset: int) -> bool:
    return f'"offset":{offset},' in (folder / "logs.json").read_text()


async def test_generations_go_one_after_the_other(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("1\n")
    async with shipping(tmp_path, f"{log}@start") as ships:
        await ships.until("1")
        log.rename(tmp_path / "a.log.1")
        log.write_text("2\n")
        await until_async(lambda: record_has(tmp_path, 2), what="two generations")
        assert ships.texts == ["1"]
        ships.ack()
        await ships.until("1", "2")


async def record_has(folder: Path, places: int) -> bool:
    return (folder / "logs.json").read_text().count('"offset"') == places


async def test_a_file_that_was_made_while_no_agent_looked_is_shipped_whole(tmp_path: Path) -> None:
    async with shipping(tmp_path, f"{tmp_path}/*.log"):
        await until_async(lambda: recorded(tmp_path, tmp_path), what="the record")
    (tmp_path / "a.log").write_text("1\n2\n")
    (tmp_path / "b.txt").write_text("old\n")
    async with shipping(tmp_path, f"{tmp_path}/*.log", f"{tmp_path}/*.txt") as ships:
        await ships.until("1", "2")
        await until_async(lambda: recorded(tmp_path, tmp_path / "b.txt"), what="the other")
        assert ships.texts == ["1", "2"]


async def test_files_that_a_glob_no_longer_finds_are_let_go(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    async with shipping(tmp_path, f"{log.parent}/*.log") as ships:
        await until_async(lambda: recorded(tmp_path, tmp_path), what="the first look")
        log.write_text("1\n")
        await ships.until("1")
        log.unlink()
        ships.ack()

        async def let_go() -> bool:
            return not ships.logs._followed and not ships.shipper._turns

        await until_async(let_go, what="the end of its reader")
        log.write_text("2\n")
        await ships.until("1", "2")


async def test_what_is_held_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "HELD", 50_000)
    log = tmp_path / "a.log"
    log.write_text("".join(f"{number:08d}\n" for number in range(30_000)))
    async with shipping(tmp_path, f"{log}@start") as ships:
        seen: list[str] = []

        async def all_there() -> bool:
            seen.extend(ships.texts)
            assert sum(one.source.size for one in ships.logs._followed.values()) < 3_000_000
            ships.ack()
            ships.messages.clear()
            return len(seen) == 30_000

        await until_async(all_there, what="all lines")
        assert seen == [f"{number:08d}" for number in range(30_000)]


async def test_a_record_that_cannot_be_written_holds_lines_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "a.log"
    log.write_text("1\n")
    (tmp_path / "logs.new").mkdir()
    async with shipping(tmp_path, f"{log}@start") as ships:
        await until_async(lambda: said(caplog, "Is a directory"), what="a complaint")
        assert ships.texts == []
        (tmp_path / "logs.new").rmdir()
        await ships.until("1")


async def test_a_file_that_is_waited_for_is_said_and_that_it_came(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "chatops")
    log = tmp_path / "a.log"
    async with shipping(tmp_path, str(log)) as ships:
        await until_async(
            lambda: said(caplog, f"log {log}: no such file or directory; waiting for it"),
            what="that it is waited for",
        )
        (tmp_path / "new").write_text("1\n")
        (tmp_path / "new").rename(log)
        await ships.until("1")
        assert f"log {log}: found, and read" in caplog.text


async def said(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return text in caplog.text


async def test_what_cannot_be_read_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "logs.json").write_text("{broken")
    folder = tmp_path / "folder"
    folder.mkdir()
    async with shipping(tmp_path, str(folder)):
        await until_async(
            lambda: said(caplog, "it is a folder, and no plain file; waiting for it"),
            what="a complaint",
        )
    assert caplog.text.count("it is a folder, and no plain file; waiting for it") == 1
    assert "logs are begun at their ends" in caplog.text

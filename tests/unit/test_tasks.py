"""Background tasks have an owner, who ends them and hears of their failures."""

from __future__ import annotations

import asyncio
import logging

import pytest

from chatops.tasks import Tasks
from tests.support.waiting import until_async


async def forever() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise RuntimeError("as planned")


async def test_a_task_gives_its_result_and_is_forgotten() -> None:
    async def answer() -> int:
        return 42

    tasks = Tasks()
    task = tasks.spawn(answer(), name="answer")
    assert len(tasks) == 1
    assert task.get_name() == "answer"
    assert await task == 42
    await until_async(lambda: len(tasks) == 0)


async def test_close_ends_what_runs() -> None:
    tasks = Tasks()
    running = [tasks.spawn(forever(), name=f"t{n}") for n in range(3)]
    await asyncio.sleep(0)
    await tasks.close()
    assert all(task.cancelled() for task in running)
    assert len(tasks) == 0


async def test_close_waits_for_clean_up() -> None:
    cleaned: list[str] = []

    async def slow_to_end() -> None:
        try:
            await forever()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            cleaned.append("yes")

    async with Tasks() as tasks:
        tasks.spawn(slow_to_end(), name="slow")
        await asyncio.sleep(0)
    assert cleaned == ["yes"]


async def test_close_ends_tasks_that_tasks_start_while_they_end() -> None:
    tasks = Tasks()
    late: list[asyncio.Task[None]] = []

    async def starts_another() -> None:
        try:
            await forever()
        finally:
            late.append(tasks.spawn(forever(), name="late"))

    tasks.spawn(starts_another(), name="first")
    await asyncio.sleep(0)
    await tasks.close()
    assert len(late) == 1
    assert late[0].cancelled()
    assert len(tasks) == 0


async def test_a_task_may_close_its_own_owner() -> None:
    tasks = Tasks()
    other = tasks.spawn(forever(), name="other")

    async def ends_all() -> str:
        await tasks.close()
        return "closed"

    assert await tasks.spawn(ends_all(), name="closer") == "closed"
    assert other.cancelled()


async def test_two_tasks_may_close_their_owner_at_once() -> None:
    tasks = Tasks()
    closers = [tasks.spawn(tasks.close(), name=f"closer {n}") for n in range(2)]
    done, left = await asyncio.wait(closers, timeout=5)
    assert (len(done), left) == (2, set())


async def test_cancelling_close_still_ends_the_tasks() -> None:
    tasks = Tasks()
    task = tasks.spawn(forever(), name="task")
    async with Tasks() as mine:
        closing = mine.spawn(tasks.close(), name="closing")
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
    assert task.cancelled()


async def test_a_failure_is_logged_by_name_and_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[BaseException] = []
    tasks = Tasks(on_failure=told.append)
    with caplog.at_level(logging.ERROR, "chatops.tasks"):
        tasks.spawn(fail(), name="collector")
        await until_async(lambda: told)
    assert str(told[0]) == "as planned"
    assert [record.getMessage() for record in caplog.records] == ["task collector failed"]
    assert len(tasks) == 0


async def test_the_end_of_a_cancelled_task_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[BaseException] = []
    async with Tasks(on_failure=told.append) as tasks:
        tasks.spawn(forever(), name="task").cancel()
    assert (told, caplog.records) == ([], [])


async def test_a_failure_while_closing_is_told_too() -> None:
    told: list[BaseException] = []

    async def fails_late() -> None:
        try:
            await forever()
        finally:
            await fail()

    async with Tasks(on_failure=told.append) as tasks:
        tasks.spawn(fails_late(), name="late")
        await asyncio.sleep(0)
    assert [str(error) for error in told] == ["as planned"]


async def test_finished_waits_for_those_that_start_meanwhile() -> None:
    done: list[str] = []

    async def second() -> None:
        done.append("second")

    async with Tasks() as tasks:

        async def first() -> None:
            await asyncio.sleep(0)
            tasks.spawn(second(), name="second")
            done.append("first")

        tasks.spawn(first(), name="first")
        await tasks.finished()
        assert done == ["first", "second"]
        assert len(tasks) == 0
        await tasks.finished()

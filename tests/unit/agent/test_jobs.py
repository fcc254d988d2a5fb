"""Jobs with a time limit: one that hangs harms nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from chatops.agent.jobs import Job, Jobs
from tests.support.waiting import until_async


def sampler_threads() -> int:
    return sum(thread.name == "chatops-sampler" for thread in threading.enumerate())


def failing(error: Exception) -> Job:
    def job(*_given: object) -> None:
        raise error

    return job


async def test_results_and_failures_by_name() -> None:
    jobs = Jobs(5)
    found = await jobs.run(
        {
            "one": lambda: 1,
            "broken": failing(ValueError("bad")),
            "unreadable": failing(PermissionError(13, "Permission denied")),
            "two": lambda: 2,
        }
    )
    assert found.results == {"one": 1, "two": 2}
    assert found.missing == {"broken": "ValueError: bad", "unreadable": "Permission denied"}
    jobs.close()


async def test_without_room_for_a_thread_everything_is_missing_until_there_is_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = Jobs(5)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", failing(RuntimeError("can't start new thread")))
        found = await asyncio.wait_for(jobs.run({"one": lambda: 1, "two": lambda: 2}), 10)
    assert (found.results, list(found.missing)) == ({}, ["one", "two"])
    assert (await jobs.run({"one": lambda: 1})).results == {"one": 1}
    jobs.close()


async def test_a_job_that_hangs_when_there_is_no_room_for_another_thread_ends_the_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs, release = Jobs(0.05), threading.Event()
    await jobs.run({"one": lambda: 1})  # the thread that is there
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", failing(RuntimeError("can't start new thread")))
        found = await asyncio.wait_for(jobs.run({"hung": release.wait, "two": lambda: 2}), 10)
    assert (found.results, list(found.missing)) == ({}, ["hung", "two"])
    assert (await jobs.run({"two": lambda: 2})).results == {"two": 2}
    release.set()
    await until_async(lambda: not jobs.stuck)
    jobs.close()


async def test_one_thread_serves_all_rounds_and_ends_at_the_close() -> None:
    before = sampler_threads()
    jobs = Jobs(5)
    threads = set()
    for _ in range(3):
        found = await jobs.run({"who": threading.get_ident})
        threads.add(found.results["who"])
    assert len(threads) == 1
    jobs.close()
    await until_async(lambda: sampler_threads() == before)


async def test_a_job_can_make_more_jobs() -> None:
    jobs = Jobs(5)
    found = await jobs.run(
        {"list": lambda: {"a": lambda: 1, "b": failing(OSError())}, "c": lambda: 3}
    )
    assert found.results == {"a": 1, "c": 3}
    assert list(found.missing) == ["b"]
    assert list(found.results) == ["a", "c"]
    jobs.close()


async def test_a_job_that_hangs_is_named_and_the_rest_is_done() -> None:
    release = threading.Event()
    jobs = Jobs(0.1)
    work: dict[str, Job] = {"first": lambda: 1, "hangs": release.wait, "last": lambda: 3}
    found = await jobs.run(work)
    assert found.results == {"first": 1, "last": 3}
    assert found.missing == {"hangs": "did not answer within 0.1 s"}
    assert jobs.stuck == {"hangs"}
    release.set()
    await until_async(lambda: not jobs.stuck)
    found = await jobs.run(work)
    assert found.results["hangs"] is True
    jobs.close()


async def test_a_job_that_hangs_is_not_started_again_and_costs_one_thread() -> None:
    await until_async(lambda: sampler_threads() == 0, what="the end of other tests' threads")
    release, starts = threading.Event(), []

    def hang() -> None:
        starts.append(1)
        release.wait()

    jobs = Jobs(0.05)
    for _ in range(5):
        found = await jobs.run({"hangs": hang, "fine": lambda: 1})
        assert found.results == {"fine": 1}
        assert list(found.missing) == ["hangs"]
    assert len(starts) == 1
    assert sampler_threads() == 2
    release.set()
    jobs.close()
    await until_async(lambda: sampler_threads() == 0)


async def test_several_that_hang_cost_their_limit_each_and_once_only() -> None:
    release = threading.Event()
    jobs = Jobs(0.05)
    work: dict[str, Job] = {f"hangs{n}": release.wait for n in range(4)}
    work["fine"] = lambda: 1
    found = await jobs.run(work)
    assert len(found.missing) == 4
    loop = asyncio.get_running_loop()
    began = loop.time()
    again = await jobs.run(work)
    assert again.results == {"fine": 1}
    assert loop.time() - began < 0.05
    release.set()
    await until_async(lambda: not jobs.stuck)
    jobs.close()


async def test_the_event_loop_goes_on_while_a_job_hangs() -> None:
    release = threading.Event()
    jobs = Jobs(0.2)
    loop = asyncio.get_running_loop()
    beats: list[float] = []

    def beat() -> None:
        beats.append(loop.time())
        loop.call_later(0.01, beat)

    beat()
    await jobs.run({"hangs": release.wait})
    assert len(beats) >= 5
    release.set()
    await until_async(lambda: not jobs.stuck)
    jobs.close()


def test_a_loop_that_is_gone_is_no_error() -> None:
    release, hooks = threading.Event(), []
    threading.excepthook, old = (lambda args: hooks.append(args)), threading.excepthook
    try:
        jobs = Jobs(5)

        async def leave() -> None:
            task: Callable[[], object] = release.wait
            try:
                await asyncio.wait_for(jobs.run({"slow": task}), 0.05)
            except TimeoutError:
                return

        asyncio.run(leave())
        release.set()
        jobs.close()
        for thread in threading.enumerate():
            if thread.name == "chatops-sampler":
                thread.join(5)
        assert hooks == []
    finally:
        threading.excepthook = old

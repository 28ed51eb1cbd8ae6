"""Tests of the asyncio client that need one loop for several operations."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio
import uvloop
from loopback import free_address
from support import deadline
from support.background import Background
from support.daemon import Daemon

import poolcounter
from poolcounter import ConnectError, Mode, Outcome, ReadError
from poolcounter.aio import Client, Lock


@pytest.fixture(autouse=True, params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy])
def loops(request: pytest.FixtureRequest) -> Iterator[None]:
    """Makes the loops of a test those of asyncio itself, and those of uvloop."""
    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(request.param())
    yield
    asyncio.set_event_loop_policy(before)


def play(story: Awaitable[None], seconds: float = deadline.SECONDS) -> None:
    """Runs a story to its end, which must come."""

    async def bounded() -> None:
        await asyncio.wait_for(story, seconds)

    asyncio.run(bounded())


async def until(condition: Callable[[], bool], what: str) -> None:
    """Like deadline.until, while the loop runs."""
    await asyncio.to_thread(deadline.until, condition, what)


def locked(client: Client, key: str = "key", mode: Mode = Mode.FOR_ANYONE) -> Lock:
    """A lock for one at a time, among many."""
    return client.lock(key, workers=1, maxqueue=1000, timeout=300, mode=mode)


async def crowd(daemon: Daemon, one: Callable[[], Coroutine[Any, Any, Outcome]]) -> list[asyncio.Task[Outcome]]:
    """300 waiters connect ten at a time: the backlog of the reference is 20, and further connections can be lost."""
    tasks: list[asyncio.Task[Outcome]] = []
    while len(tasks) < 300:
        tasks += [asyncio.create_task(one()) for _ in range(10)]
        await asyncio.to_thread(daemon.until, "waiting_workers", len(tasks))
    return tasks


def test_hundreds_wait_on_one_loop(daemon: Daemon) -> None:
    async def story() -> None:
        working = 0

        async def one() -> Outcome:
            nonlocal working
            async with locked(client, mode=Mode.FOR_ME) as outcome:
                working += 1
                assert working == 1
                await asyncio.sleep(0)
                working -= 1
            return outcome

        async with Client([daemon.address], connect_timeout=20) as client:
            async with locked(client):
                tasks = await crowd(daemon, one)
            assert await asyncio.gather(*tasks) == [Outcome.LOCKED] * 300

    play(story(), 4 * deadline.SECONDS)
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_acquired") == 301


def test_hundreds_are_told_at_once(daemon: Daemon) -> None:
    async def story() -> None:
        async def one() -> Outcome:
            async with locked(client) as outcome:
                return outcome

        async with Client([daemon.address], connect_timeout=20) as client:
            async with locked(client):
                tasks = await crowd(daemon, one)
            assert await asyncio.gather(*tasks) == [Outcome.DONE] * 300

    play(story(), 4 * deadline.SECONDS)


def test_a_cancelled_wait_is_taken_back(daemon: Daemon) -> None:
    async def story() -> None:
        peer = daemon.peer()
        assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
        async with Client([daemon.address]) as client:
            task = asyncio.create_task(locked(client).__aenter__())
            await until(lambda: daemon.counter("waiting_workers") == 1, "the waiter")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: daemon.counter("waiting_workers") == 0, "its end")
            assert daemon.counter("total_releases") == 0

    play(story())


def test_a_wait_ends_with_a_time_limit_of_asyncio(daemon: Daemon) -> None:
    async def story() -> None:
        peer = daemon.peer()
        assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
        async with Client([daemon.address]) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(locked(client).__aenter__(), 0.05)
            await until(lambda: daemon.counter("waiting_workers") == 0, "its end")

    play(story())


def test_a_lock_that_came_too_late_for_its_task_is_abandoned(daemon: Daemon) -> None:
    async def story() -> None:
        peer, waiter = daemon.peer(), daemon.peer()
        assert peer.ask("ACQ4ME key 1 10 30") == "LOCKED"
        async with Client([daemon.address]) as client:
            task = asyncio.create_task(locked(client, mode=Mode.FOR_ME).__aenter__())
            await until(lambda: daemon.counter("waiting_workers") == 1, "the waiter")
            assert peer.ask("RELEASE") == "RELEASED"
            waiter.send("ACQ4ANY key 1 10 30")
            # The loop has not run since, so it sees the granted lock and the cancellation together.
            deadline.until(lambda: daemon.counter("waiting_workers") == 1, "the other waiter")
            asyncio.get_running_loop().call_soon(task.cancel)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(waiter.line) == "LOCKED"

    play(story())


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
def test_work_that_raised_is_handed_to_the_next(daemon: Daemon, error: type[BaseException]) -> None:
    async def story() -> None:
        waiter = daemon.peer()
        async with Client([daemon.address]) as client:
            with pytest.raises(error):
                async with locked(client):
                    waiter.send("ACQ4ANY key 1 10 30")
                    await until(lambda: daemon.counter("waiting_workers") == 1, "the waiter")
                    raise error
            assert await asyncio.to_thread(waiter.line) == "LOCKED"

    play(story())


def test_a_task_that_is_cancelled_at_work(daemon: Daemon) -> None:
    async def story() -> None:
        entered = asyncio.Event()

        async def work() -> None:
            async with locked(client):
                entered.set()
                await asyncio.sleep(deadline.SECONDS)

        async with Client([daemon.address]) as client:
            task = asyncio.create_task(work())
            await entered.wait()
            waiter = daemon.peer()
            waiter.send("ACQ4ANY key 1 10 30")
            await until(lambda: daemon.counter("waiting_workers") == 1, "the waiter")
            task.cancel()
            assert await asyncio.to_thread(waiter.line) == "LOCKED"

    play(story())


def test_a_lock_that_was_forgotten_is_abandoned(daemon: Daemon) -> None:
    async def story() -> None:
        async with Client([daemon.address]) as client:
            assert await locked(client).__aenter__() is Outcome.LOCKED
            gc.collect()
            await until(lambda: daemon.counter("processing_workers") == 0, "its end")

    play(story())


def test_closing_ends_what_waits_and_what_is_held(daemon: Daemon) -> None:
    async def story() -> None:
        client = Client([daemon.address])
        async with locked(client):
            waiter = asyncio.create_task(locked(client).__aenter__())
            await until(lambda: daemon.counter("waiting_workers") == 1, "the waiter")
            client.close()
            with pytest.raises(ReadError):
                await waiter
            await until(lambda: daemon.connections() == 0, "the end of the connections")
        async with locked(client) as outcome:
            assert outcome is Outcome.LOCKED
        client.close()

    play(story())


def test_a_client_serves_one_loop_at_a_time(ours: Daemon) -> None:
    client = Client([ours.address])

    async def once() -> Outcome:
        async with locked(client) as outcome:
            return outcome

    async def story() -> None:
        assert await once() is Outcome.LOCKED
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, once())

    play(story())
    # That loop is closed now.
    assert asyncio.run(once()) is Outcome.LOCKED
    client.close()


def test_a_loop_that_is_closed_under_a_waiter(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
    client, loop = Client([daemon.address]), asyncio.new_event_loop()
    task = loop.create_task(locked(client).__aenter__())
    loop.run_until_complete(until(lambda: daemon.counter("waiting_workers") == 1, "the waiter"))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    task.get_coro().close()
    daemon.until("waiting_workers", 0)
    client.close()


def left_behind(client: Client, daemon: Daemon) -> asyncio.Task[Outcome]:
    """A task that waits for a lock on a loop that is closed."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(locked(client, mode=Mode.FOR_ME).__aenter__())
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.run_until_complete(until(lambda: daemon.counter("waiting_workers") == 1, "the waiter"))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    return task


def test_a_wait_of_a_closed_loop_is_taken_back_by_the_next_loop(daemon: Daemon) -> None:
    peer, client = daemon.peer(), Client([daemon.address])
    assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
    task = left_behind(client, daemon)

    async def story() -> None:
        async with locked(client, "another") as outcome:
            assert outcome is Outcome.LOCKED
            await until(lambda: daemon.counter("waiting_workers") == 0, "its end")

    play(story())
    assert not task.done()
    client.close()


def test_a_wait_of_a_closed_loop_is_taken_back_by_close(daemon: Daemon) -> None:
    peer, client = daemon.peer(), Client([daemon.address])
    assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
    task = left_behind(client, daemon)
    client.close()
    daemon.until("waiting_workers", 0)
    assert not task.done()


def test_a_wait_of_a_closed_loop_is_taken_back_when_it_is_forgotten(daemon: Daemon) -> None:
    peer, client = daemon.peer(), Client([daemon.address])
    assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
    left_behind(client, daemon)
    gc.collect()
    daemon.until("waiting_workers", 0)
    client.close()


def held_behind(client: Client, daemon: Daemon) -> tuple[asyncio.Task[None], Lock]:
    """A task that works within a block, and a second lock, on a loop that is closed."""
    loop = asyncio.new_event_loop()

    async def work() -> None:
        async with locked(client, "a"):
            await asyncio.sleep(deadline.SECONDS)

    task = loop.create_task(work())
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    lock = locked(client, "b")
    assert loop.run_until_complete(lock.__aenter__()) is Outcome.LOCKED
    loop.run_until_complete(until(lambda: daemon.counter("processing_workers") == 2, "both locks"))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    return task, lock


def test_what_a_closed_loop_held_is_abandoned_by_the_next_loop(daemon: Daemon) -> None:
    client = Client([daemon.address])
    task, lock = held_behind(client, daemon)
    waiter = daemon.peer()
    waiter.send("ACQ4ANY a 1 10 30")
    daemon.until("waiting_workers", 1)

    async def story() -> None:
        async with locked(client, "another"):
            # The work of that task has failed, so the next waiter does it.
            assert await asyncio.to_thread(waiter.line) == "LOCKED"
            await until(lambda: daemon.counter("processing_workers") == 2, "the end of the other lock")
        await lock.__aexit__(None, None, None)
        async with lock as outcome:
            assert outcome is Outcome.LOCKED

    play(story())
    daemon.until("total_releases", 2)
    assert not task.done()
    client.close()


def test_what_a_closed_loop_held_is_abandoned_by_close(daemon: Daemon) -> None:
    client = Client([daemon.address])
    task, _lock = held_behind(client, daemon)
    client.close()
    daemon.until("processing_workers", 0)
    assert daemon.connections() == 0
    assert daemon.counter("total_releases") == 0
    assert not task.done()


def test_what_a_closed_loop_held_is_abandoned_with_the_client(daemon: Daemon) -> None:
    held_behind(Client([daemon.address]), daemon)
    gc.collect()
    daemon.until("processing_workers", 0)
    assert daemon.connections() == 0
    assert daemon.counter("total_releases") == 0


def test_what_a_closed_loop_held_is_abandoned_when_it_is_forgotten(daemon: Daemon) -> None:
    client = Client([daemon.address])
    task, lock = held_behind(client, daemon)
    assert daemon.counter("processing_workers") == 2
    del task
    gc.collect()
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == 0
    play(lock.__aexit__(None, None, None))
    client.close()


def test_a_lock_that_outlives_asyncio_run_is_abandoned(daemon: Daemon) -> None:
    client = Client([daemon.address])
    lock = locked(client)
    asyncio.run(lock.__aenter__())
    gc.collect()
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == 0
    client.close()


def test_a_lock_may_be_left_on_the_next_loop(daemon: Daemon) -> None:
    client, waiter = Client([daemon.address], await_release=True), daemon.peer()
    lock, loop = locked(client), asyncio.new_event_loop()
    assert loop.run_until_complete(lock.__aenter__()) is Outcome.LOCKED
    loop.close()
    waiter.send("ACQ4ANY key 1 10 30")
    daemon.until("waiting_workers", 1)
    play(lock.__aexit__(None, None, None))
    assert waiter.line() == "DONE"
    client.close()


def test_a_lock_is_for_one_task(daemon: Daemon) -> None:
    async def story() -> None:
        peer = daemon.peer()
        assert peer.ask("ACQ4ME key 1 10 30") == "LOCKED"
        async with Client([daemon.address]) as client:
            lock = locked(client, mode=Mode.FOR_ME)
            for _ in range(2):
                task = asyncio.create_task(lock.__aenter__())
                await until(lambda: daemon.counter("waiting_workers") == 1, "the waiter")
                with pytest.raises(RuntimeError, match="held or waited for already: each task needs one of its own"):
                    await lock.__aenter__()
                task.cancel()
                await asyncio.wait([task])
                await until(lambda: daemon.counter("waiting_workers") == 0, "its end")

    play(story())


def test_a_lock_that_cannot_be_left_on_a_foreign_loop_is_held(ours: Daemon) -> None:
    async def story() -> None:
        async with Client([ours.address]) as client:
            lock = locked(client)
            assert await lock.__aenter__() is Outcome.LOCKED
            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, lock.__aexit__(None, None, None))
            await lock.__aexit__(None, None, None)
            await until(lambda: ours.counter("total_releases") == 1, "the release")

    play(story())


def test_without_a_loop(ours: Daemon) -> None:
    client = Client([ours.address])
    with pytest.raises(RuntimeError, match="needs a running asyncio event loop, and none runs in this thread"):
        locked(client).__aenter__().send(None)


def test_trio_is_told_what_to_use(ours: Daemon) -> None:
    async def story() -> None:
        client = Client([ours.address])
        with pytest.raises(RuntimeError, match=r"asyncio event loop.*trio\.to_thread\.run_sync"):
            async with locked(client):
                pass
        with pytest.raises(RuntimeError, match="asyncio event loop"):
            await client.stats()

    trio.run(story)
    assert ours.counter("total_acquired") == 0


def test_trio_has_threads(daemon: Daemon) -> None:
    outcomes: list[Outcome] = []

    def work() -> None:
        with client.lock("key", workers=1, maxqueue=10, timeout=20) as outcome:
            if outcome is Outcome.LOCKED:
                daemon.until("waiting_workers", 2)
        outcomes.append(outcome)

    async def story() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(trio.to_thread.run_sync, work)

    with poolcounter.Client([daemon.address]) as client:
        trio.run(story)
    assert sorted(outcome.name for outcome in outcomes) == ["DONE", "DONE", "LOCKED"]


def test_anyio_cancels_a_wait(daemon: Daemon) -> None:
    async def story() -> None:
        async with Client([daemon.address]) as client, locked(client):
            with anyio.move_on_after(0.05) as scope:
                await locked(client).__aenter__()
            assert scope.cancelled_caught
            await until(lambda: daemon.counter("waiting_workers") == 0, "its end")
            assert daemon.counter("processing_workers") == 1

    anyio.run(story, backend="asyncio")
    daemon.until("total_releases", 1)


def test_the_loop_goes_on_while_a_daemon_is_frozen(daemon: Daemon) -> None:
    async def story() -> None:
        client = Client([daemon.address], min_answer_timeout=0.3)
        daemon.freeze()
        task = asyncio.create_task(client.lock("key", workers=1, maxqueue=9, timeout=0).__aenter__())
        turns = 0
        while not task.done():
            await asyncio.sleep(0.01)
            turns += 1
        with pytest.raises(ReadError, match="timed out"):
            await task
        assert turns > 1
        client.close()
        daemon.thaw()

    play(story())


def test_nothing_is_left_on_the_loop(ours: Daemon) -> None:
    async def story() -> None:
        before = watched()
        async with Client([ours.address]) as client:
            async with locked(client):
                pass
            assert watched() == before
            with pytest.raises(ConnectError):
                await locked(Client([free_address()])).__aenter__()
            peer = ours.peer()
            assert peer.ask("ACQ4ANY key 1 10 30") == "LOCKED"
            waiter = asyncio.create_task(locked(client).__aenter__())
            await until(lambda: ours.counter("waiting_workers") == 1, "the waiter")
            waiter.cancel()
            await asyncio.wait([waiter])
            assert watched() == before

    play(story())


def watched() -> int:
    """How many descriptors are on the loop. Of uvloop only the kernel knows, which forgets what is closed."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, uvloop.Loop):
        return len(loop._selector.get_map())  # type: ignore[attr-defined]
    count = 0
    for file in Path("/proc/self/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # The list of the files was one of them.
            count += file.read_text().count("tfd:")
    return count


def test_questions_beside_waits(daemon: Daemon) -> None:
    async def story() -> None:
        async with Client([daemon.address]) as client, locked(client):
            waiter = asyncio.create_task(locked(client).__aenter__())
            answers = await asyncio.gather(*[client.stats("processing_workers") for _ in range(5)])
            assert answers == [{daemon.address: {"processing_workers": 1}}] * 5
            waiter.cancel()

    play(story())


def test_several_loops_have_several_clients(ours: Daemon) -> None:
    async def story() -> None:
        async with Client([ours.address]) as client:
            for number in range(20):
                async with locked(client, f"key-{number}", Mode.FOR_ME) as outcome:
                    assert outcome is Outcome.LOCKED

    loops = [Background(lambda: play(story())) for _ in range(4)]
    for loop in loops:
        loop.result()
    ours.until("processing_workers", 0)

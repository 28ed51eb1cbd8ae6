"""Locks without a block: acquire, release and abandon."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import Any

import pytest
from support.any_client import AnyClient, MakeClient, Tasks
from support.background import Background
from support.daemon import Daemon
from test_fork import in_a_child

from poolcounter import (
    ClientError,
    Mode,
    NotLockedError,
    Outcome,
    QueueFullError,
    UnavailableError,
    WaitTimeoutError,
    aio,
)

NOT_HELD = "^the lock is not held: it was not acquired, or it is released already$"


def lock_of(any_client: AnyClient, key: str = "key", **more: Any) -> Any:
    return any_client.client.lock(key, **{"workers": 1, "maxqueue": 10, "timeout": 20, **more})


def test_it_is_held_until_it_is_released(make: MakeClient, daemon: Daemon) -> None:
    any_client, waiter = make([daemon.address]), daemon.peer()
    lock = lock_of(any_client)
    for _ in range(2):
        assert any_client.acquire(lock) is Outcome.LOCKED
        waiter.send("ACQ4ANY key 1 10 20")
        daemon.until("waiting_workers", 1)
        any_client.release(lock)
        assert waiter.line() == "DONE"


def test_an_abandoned_lock_goes_to_the_next(make: MakeClient, daemon: Daemon) -> None:
    any_client, waiter = make([daemon.address]), daemon.peer()
    lock = lock_of(any_client)
    assert any_client.acquire(lock) is Outcome.LOCKED
    waiter.send("ACQ4ANY key 1 10 20")
    daemon.until("waiting_workers", 1)
    lock.abandon()
    assert waiter.line() == "LOCKED"
    assert daemon.counter("total_releases") == 0
    lock.abandon()


def test_a_lock_that_is_not_held_cannot_be_released(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    lock, other = lock_of(any_client), lock_of(any_client)
    with pytest.raises(NotLockedError, match=NOT_HELD) as caught:
        any_client.release(lock)
    assert isinstance(caught.value, ClientError)
    assert any_client.acquire(lock) is Outcome.LOCKED
    # Another object of the same key owns nothing.
    with pytest.raises(NotLockedError, match=NOT_HELD):
        any_client.release(other)
    other.abandon()
    assert daemon.counter("processing_workers") == 1
    any_client.release(lock)
    with pytest.raises(NotLockedError, match=NOT_HELD):
        any_client.release(lock)
    daemon.until("total_releases", 1)
    assert daemon.counter("release_mismatch") == 0


def test_a_second_release_frees_no_lock_of_another_key(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    first, second = lock_of(any_client, "first"), lock_of(any_client, "second")
    assert any_client.acquire(first) is Outcome.LOCKED
    any_client.release(first)
    # The same connection, which the second lock is held on now.
    assert any_client.acquire(second) is Outcome.LOCKED
    with pytest.raises(NotLockedError, match=NOT_HELD):
        any_client.release(first)
    first.abandon()
    assert daemon.connections() == 1
    assert daemon.counter("processing_workers") == 1
    any_client.release(second)


def test_what_another_has_done_is_not_held(make: MakeClient, daemon: Daemon) -> None:
    any_client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    lock = lock_of(any_client)
    waiter = Background(lambda: any_client.acquire(lock))
    daemon.until("waiting_workers", 1)
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiter.result() is Outcome.DONE
    with pytest.raises(NotLockedError, match=NOT_HELD):
        any_client.release(lock)


def test_refusals_are_raised(make: MakeClient, daemon: Daemon) -> None:
    any_client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    refusals: list[tuple[type[ClientError], dict[str, Any]]] = [
        (QueueFullError, {"maxqueue": 1}),
        (WaitTimeoutError, {"timeout": 0}),
    ]
    for kind, limits in refusals:
        lock = lock_of(any_client, **limits)
        with pytest.raises(kind):
            any_client.acquire(lock)
        with pytest.raises(NotLockedError, match=NOT_HELD):
            any_client.release(lock)


def test_it_is_acquired_once(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    lock = lock_of(any_client)
    assert any_client.acquire(lock) is Outcome.LOCKED
    for again in (any_client.acquire, any_client.enter):
        with pytest.raises(RuntimeError, match="held or waited for already"):
            again(lock)
    assert daemon.counter("processing_workers") == 1
    any_client.release(lock)


def test_it_may_be_released_within_a_block(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    lock = lock_of(any_client)
    assert any_client.enter(lock) is Outcome.LOCKED
    any_client.release(lock)
    daemon.until("total_releases", 1)
    any_client.leave(lock)
    assert daemon.counter("release_mismatch") == 0


def test_an_awaited_release_finds_the_daemon_dead(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address], await_release=True)
    lock = lock_of(any_client)
    assert any_client.acquire(lock) is Outcome.LOCKED
    daemon.stop(signal.SIGKILL)
    with pytest.raises(UnavailableError):
        any_client.release(lock)
    with pytest.raises(NotLockedError, match=NOT_HELD):
        any_client.release(lock)


def test_a_lock_that_is_forgotten_is_abandoned(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    lock = lock_of(any_client)
    assert any_client.acquire(lock) is Outcome.LOCKED
    del lock
    gc.collect()
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == 0


def test_the_child_of_a_fork_does_not_own_its_parents_lock(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    lock = lock_of(any_client)
    assert any_client.acquire(lock) is Outcome.LOCKED

    def release() -> bool:
        with pytest.raises(NotLockedError, match=NOT_HELD):
            any_client.release(lock)
        lock.abandon()
        return repr(lock).endswith(", not held>")

    assert in_a_child(release) == 0
    assert daemon.counter("processing_workers") == 1
    any_client.release(lock)
    daemon.until("total_releases", 1)


def test_another_thread_does_not_own_it(make: MakeClient, daemon: Daemon) -> None:
    any_client = make([daemon.address])
    if isinstance(any_client, Tasks):
        pytest.skip("a lock of asyncio is its object's, whatever task has it")
    lock = lock_of(any_client)
    assert Background(lambda: any_client.acquire(lock)).result() is Outcome.LOCKED
    lock.abandon()
    with pytest.raises(NotLockedError, match="held by another thread"):
        any_client.release(lock)
    assert daemon.counter("processing_workers") == 1


def test_a_closed_client_holds_no_lock_of_asyncio(daemon: Daemon) -> None:
    async def story() -> None:
        client = aio.Client([daemon.address])
        lock = client.lock("key", workers=1, maxqueue=10, timeout=20)
        assert await lock.acquire() is Outcome.LOCKED
        client.close()
        assert repr(lock).endswith(", not held>")
        with pytest.raises(NotLockedError, match=NOT_HELD):
            await lock.release()

    asyncio.run(story())
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == 0


def test_another_task_may_release(daemon: Daemon) -> None:
    async def story() -> None:
        async with aio.Client([daemon.address]) as client:
            lock = client.lock("key", workers=1, maxqueue=10, timeout=20, mode=Mode.FOR_ME)
            assert await asyncio.wait_for(lock.acquire(), 20) is Outcome.LOCKED
            await asyncio.shield(lock.release())
            # Of two at once, one has it.
            assert await lock.acquire() is Outcome.LOCKED
            ended = await asyncio.gather(lock.release(), lock.release(), return_exceptions=True)
            assert [type(each) for each in ended] == [type(None), NotLockedError]

    asyncio.run(story())
    daemon.until("total_releases", 2)

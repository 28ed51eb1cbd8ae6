"""Locks without a block: acquire, release and abandon."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import Any

import pytest
from support.background import Background
from support.daemon import Daemon
from support.faces import Face, MakeFace, Tasks
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


def lock_of(face: Face, key: str = "key", **more: Any) -> Any:
    return face.client.lock(key, **{"workers": 1, "maxqueue": 10, "timeout": 20, **more})


def test_it_is_held_until_it_is_released(make: MakeFace, daemon: Daemon) -> None:
    face, waiter = make([daemon.address]), daemon.peer()
    lock = lock_of(face)
    for _ in range(2):
        assert face.acquire(lock) is Outcome.LOCKED
        waiter.send("ACQ4ANY key 1 10 20")
        daemon.until("waiting_workers", 1)
        face.release(lock)
        assert waiter.line() == "DONE"


def test_an_abandoned_lock_goes_to_the_next(make: MakeFace, daemon: Daemon) -> None:
    face, waiter = make([daemon.address]), daemon.peer()
    lock = lock_of(face)
    assert face.acquire(lock) is Outcome.LOCKED
    waiter.send("ACQ4ANY key 1 10 20")
    daemon.until("waiting_workers", 1)
    lock.abandon()
    assert waiter.line() == "LOCKED"
    assert daemon.counter("total_releases") == 0
    lock.abandon()


def test_a_lock_that_is_not_held_cannot_be_released(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    lock, other = lock_of(face), lock_of(face)
    with pytest.raises(NotLockedError, match=NOT_HELD) as caught:
        face.release(lock)
    assert isinstance(caught.value, ClientError)
    assert face.acquire(lock) is Outcome.LOCKED
    # Another object of the same key owns nothing.
    with pytest.raises(NotLockedError, match=NOT_HELD):
        face.release(other)
    other.abandon()
    assert daemon.counter("processing_workers") == 1
    face.release(lock)
    with pytest.raises(NotLockedError, match=NOT_HELD):
        face.release(lock)
    daemon.until("total_releases", 1)
    assert daemon.counter("release_mismatch") == 0


def test_a_second_release_frees_no_lock_of_another_key(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    first, second = lock_of(face, "first"), lock_of(face, "second")
    assert face.acquire(first) is Outcome.LOCKED
    face.release(first)
    # The same connection, which the second lock is held on now.
    assert face.acquire(second) is Outcome.LOCKED
    with pytest.raises(NotLockedError, match=NOT_HELD):
        face.release(first)
    first.abandon()
    assert daemon.connections() == 1
    assert daemon.counter("processing_workers") == 1
    face.release(second)


def test_what_another_has_done_is_not_held(make: MakeFace, daemon: Daemon) -> None:
    face, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    lock = lock_of(face)
    waiter = Background(lambda: face.acquire(lock))
    daemon.until("waiting_workers", 1)
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiter.result() is Outcome.DONE
    with pytest.raises(NotLockedError, match=NOT_HELD):
        face.release(lock)


def test_refusals_are_raised(make: MakeFace, daemon: Daemon) -> None:
    face, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    refusals: list[tuple[type[ClientError], dict[str, Any]]] = [
        (QueueFullError, {"maxqueue": 1}),
        (WaitTimeoutError, {"timeout": 0}),
    ]
    for kind, limits in refusals:
        lock = lock_of(face, **limits)
        with pytest.raises(kind):
            face.acquire(lock)
        with pytest.raises(NotLockedError, match=NOT_HELD):
            face.release(lock)


def test_it_is_acquired_once(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    lock = lock_of(face)
    assert face.acquire(lock) is Outcome.LOCKED
    for again in (face.acquire, face.enter):
        with pytest.raises(RuntimeError, match="held or waited for already"):
            again(lock)
    assert daemon.counter("processing_workers") == 1
    face.release(lock)


def test_it_may_be_released_within_a_block(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    lock = lock_of(face)
    assert face.enter(lock) is Outcome.LOCKED
    face.release(lock)
    daemon.until("total_releases", 1)
    face.leave(lock)
    assert daemon.counter("release_mismatch") == 0


def test_an_awaited_release_finds_the_daemon_dead(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address], await_release=True)
    lock = lock_of(face)
    assert face.acquire(lock) is Outcome.LOCKED
    daemon.stop(signal.SIGKILL)
    with pytest.raises(UnavailableError):
        face.release(lock)
    with pytest.raises(NotLockedError, match=NOT_HELD):
        face.release(lock)


def test_a_lock_that_is_forgotten_is_abandoned(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    lock = lock_of(face)
    assert face.acquire(lock) is Outcome.LOCKED
    del lock
    gc.collect()
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == 0


def test_the_child_of_a_fork_does_not_own_its_parents_lock(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    lock = lock_of(face)
    assert face.acquire(lock) is Outcome.LOCKED

    def release() -> bool:
        with pytest.raises(NotLockedError, match=NOT_HELD):
            face.release(lock)
        lock.abandon()
        return repr(lock).endswith(", not held>")

    assert in_a_child(release) == 0
    assert daemon.counter("processing_workers") == 1
    face.release(lock)
    daemon.until("total_releases", 1)


def test_another_thread_does_not_own_it(make: MakeFace, daemon: Daemon) -> None:
    face = make([daemon.address])
    if isinstance(face, Tasks):
        pytest.skip("a lock of asyncio is its object's, whatever task has it")
    lock = lock_of(face)
    assert Background(lambda: face.acquire(lock)).result() is Outcome.LOCKED
    lock.abandon()
    with pytest.raises(NotLockedError, match="held by another thread"):
        face.release(lock)
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

"""One client among many threads."""

from __future__ import annotations

import contextlib
import threading

import pytest
from support.background import Background
from support.daemon import Daemon

from poolcounter import Client, Mode, Outcome, WaitTimeoutError, aio

THREADS = 16
ROUNDS = 25


def test_one_works_at_a_time(daemon: Daemon) -> None:
    client = Client([daemon.address], connect_timeout=20)
    working = threading.Lock()

    def work() -> int:
        for _ in range(ROUNDS):
            with client.lock("key", workers=1, maxqueue=100, timeout=30, mode=Mode.FOR_ME) as outcome:
                assert outcome is Outcome.LOCKED
                assert working.acquire(blocking=False)
                working.release()
        return ROUNDS

    with client:
        threads = [Background(work) for _ in range(THREADS)]
        assert sum(thread.result() for thread in threads) == THREADS * ROUNDS
        daemon.until("processing_workers", 0)
        assert daemon.counter("total_acquired") == THREADS * ROUNDS


def test_no_more_connections_are_kept_than_are_to_be(daemon: Daemon) -> None:
    barrier = threading.Barrier(6)

    def work(number: int) -> None:
        with client.lock(f"key-{number}", workers=1, maxqueue=10, timeout=30):
            barrier.wait(30)

    with Client([daemon.address], max_idle_connections=2) as client:
        threads = [Background(lambda number=number: work(number)) for number in range(6)]  # type: ignore[misc]
        for thread in threads:
            thread.result()
        daemon.until("processing_workers", 0)
        assert daemon.connections() == 2
    daemon.until("total_releases", 6)
    assert daemon.connections() == 0


def test_others_run_while_one_waits(daemon: Daemon) -> None:
    with Client([daemon.address]) as client:
        with client.lock("key", workers=1, maxqueue=10, timeout=30):
            waiter = Background(lambda: client.lock("key", workers=1, maxqueue=10, timeout=30).__enter__())
            daemon.until("waiting_workers", 1)
        assert waiter.result() is Outcome.DONE


def test_a_client_that_is_closed_while_others_work(daemon: Daemon) -> None:
    entered, closed = threading.Event(), threading.Event()
    client = Client([daemon.address])

    def work() -> None:
        with client.lock("key", workers=1, maxqueue=10, timeout=30):
            entered.set()
            assert closed.wait(30)

    worker = Background(work)
    assert entered.wait(30)
    client.close()
    assert daemon.counter("processing_workers") == 1
    closed.set()
    worker.result()
    daemon.until("total_releases", 1)


def test_a_lock_that_is_forgotten_is_abandoned(daemon: Daemon) -> None:
    client = Client([daemon.address])
    assert client.lock("key", workers=1, maxqueue=10, timeout=30).__enter__() is Outcome.LOCKED
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == 0


def test_a_client_that_is_forgotten_leaves_nothing(daemon: Daemon) -> None:
    with Client([daemon.address]).lock("key", workers=1, maxqueue=10, timeout=30) as outcome:
        assert outcome is Outcome.LOCKED
    daemon.until("processing_workers", 0)
    assert daemon.connections() == 0
    aio.Client([daemon.address])


def test_a_lock_is_for_one_thread(daemon: Daemon) -> None:
    peer, client = daemon.peer(), Client([daemon.address])
    assert peer.ask("ACQ4ME key 1 10 30") == "LOCKED"
    lock = client.lock("key", workers=1, maxqueue=10, timeout=30, mode=Mode.FOR_ME)
    waiter = Background(lock.__enter__)
    daemon.until("waiting_workers", 1)
    with pytest.raises(RuntimeError, match="held or waited for already: each thread needs one of its own"):
        lock.__enter__()
    lock.__exit__(None, None, None)
    assert daemon.counter("waiting_workers") == 1
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiter.result() is Outcome.LOCKED
    lock.__exit__(None, None, None)
    daemon.until("total_releases", 2)


def test_threads_that_enter_one_lock_at_the_same_moment(ours: Daemon) -> None:
    client = Client([ours.address], connect_timeout=20)
    lock = client.lock("key", workers=THREADS, maxqueue=100, timeout=30, mode=Mode.FOR_ME)
    inside = threading.Lock()

    def work() -> None:
        for _ in range(ROUNDS):
            with contextlib.suppress(RuntimeError), lock:
                assert inside.acquire(blocking=False)
                inside.release()

    threads = [Background(work) for _ in range(THREADS)]
    for thread in threads:
        thread.result()
    ours.until("processing_workers", 0)
    assert ours.counter("total_acquired") > 0


def test_a_lock_that_was_refused_can_be_entered_again(daemon: Daemon) -> None:
    peer, client = daemon.peer(), Client([daemon.address])
    assert peer.ask("ACQ4ME key 1 10 30") == "LOCKED"
    lock = client.lock("key", workers=1, maxqueue=10, timeout=0)
    for _ in range(2):
        with pytest.raises(WaitTimeoutError):
            lock.__enter__()
    assert peer.ask("RELEASE") == "RELEASED"
    assert lock.__enter__() is Outcome.LOCKED

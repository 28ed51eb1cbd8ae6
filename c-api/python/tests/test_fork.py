"""Both sides of a fork."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

from support import deadline
from support.any_client import AnyClient, MakeClient
from support.background import Background
from support.daemon import Daemon
from support.process import Process

from poolcounter import Client, Mode, Outcome, aio

FORKING = multiprocessing.get_context("fork")


def in_a_child(function: Callable[[], object]) -> int:
    """Forks, and gives the exit status of a child that does this: 0 if it is true."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if function() else 2
        finally:
            os._exit(status)

    def ended() -> list[int]:
        pid, status = os.waitpid(child, os.WNOHANG)
        return [status] if pid else []

    try:
        return os.waitstatus_to_exitcode(deadline.until(ended, "the child")[0])
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        raise


def works(client: AnyClient) -> bool:
    """Whether it acquires and releases."""
    return client.once("another", timeout=20) is Outcome.LOCKED


def test_the_child_makes_connections_of_its_own(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    assert works(client)
    assert in_a_child(lambda: works(client) and daemon.connections() == 2) == 0
    assert works(client)
    daemon.until("total_releases", 3)
    assert daemon.connections() == 1


def test_the_child_leaves_the_block_and_the_lock_is_the_parents(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address], await_release=True)
    lock = client.client.lock("key", workers=1, maxqueue=10, timeout=20)
    assert client.enter(lock) is Outcome.LOCKED

    def leave(error: Exception | None) -> bool:
        client.leave(lock, error)
        return works(client)

    assert in_a_child(lambda: leave(None)) == 0
    assert in_a_child(lambda: leave(ZeroDivisionError())) == 0
    assert daemon.counter("processing_workers") == 1
    client.leave(lock)
    assert daemon.counter("total_releases") == 3


def test_a_lock_goes_with_its_process_although_a_child_lives(daemon: Daemon) -> None:
    script = """
        import os, signal, sys
        from poolcounter import Client
        client = Client([sys.argv[1]])
        with client.lock("key", workers=1, maxqueue=10, timeout=20):
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                signal.alarm(60)
                signal.pause()
            signal.pause()
    """
    with Process.python(script, daemon.address) as parent:
        child = int(parent.line())
        try:
            assert daemon.counter("processing_workers") == 1
            parent.stop(signal.SIGKILL)
            daemon.until("processing_workers", 0)
            assert Path(f"/proc/{child}").exists()
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_fork_beside_a_thread_that_waits(make: MakeClient, daemon: Daemon) -> None:
    client, other, peer = make([daemon.address]), make([daemon.address]), daemon.peer()
    assert works(other)
    assert peer.ask("ACQ4ANY key 1 10 20") == "LOCKED"
    waiter = Background(client.once)
    daemon.until("waiting_workers", 1)
    assert in_a_child(lambda: works(other)) == 0
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiter.result() is Outcome.DONE


def test_a_client_of_threads_serves_the_child_beside_a_thread_that_waits(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 20") == "LOCKED"
    with Client([daemon.address]) as client:

        def once(key: str) -> Outcome:
            with client.lock(key, workers=1, maxqueue=10, timeout=20) as outcome:
                return outcome

        waiter = Background(lambda: once("key"))
        daemon.until("waiting_workers", 1)
        assert in_a_child(lambda: once("another") is Outcome.LOCKED) == 0
        assert peer.ask("RELEASE") == "RELEASED"
        assert waiter.result() is Outcome.DONE


def test_a_fork_beside_tasks_that_wait(daemon: Daemon) -> None:
    client = aio.Client([daemon.address])
    waiters: list[asyncio.Task[Outcome]] = []

    async def once(key: str) -> Outcome:
        async with client.lock(key, workers=1, maxqueue=100, timeout=30) as outcome:
            return outcome

    def child() -> bool:
        # The parent's loop is not the child's, but its tasks may be collected there.
        asyncio._set_running_loop(None)
        for waiter in waiters:
            waiter.get_coro().close()
        return asyncio.run(once("another")) is Outcome.LOCKED

    async def story() -> None:
        async with client.lock("key", workers=1, maxqueue=100, timeout=30):
            waiters.extend(asyncio.create_task(once("key")) for _ in range(10))
            await asyncio.to_thread(daemon.until, "waiting_workers", 10)
            assert in_a_child(child) == 0
            assert daemon.counter("waiting_workers") == 10
        assert await asyncio.gather(*waiters) == [Outcome.DONE] * 10
        client.close()

    asyncio.run(asyncio.wait_for(story(), deadline.SECONDS))


shared: Client


def work(number: int) -> bool:
    """What a worker of the pool does."""
    with shared.lock(f"key-{number % 3}", workers=1, maxqueue=100, timeout=30, mode=Mode.FOR_ME) as outcome:
        return outcome is Outcome.LOCKED


def test_a_pool_of_processes(daemon: Daemon) -> None:
    global shared  # noqa: PLW0603, a pool hands its workers what is global
    shared = Client([daemon.address], connect_timeout=20)
    assert work(0)
    with FORKING.Pool(4) as pool:
        assert pool.map_async(work, range(200)).get(deadline.SECONDS) == [True] * 200
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_acquired") == 201
    shared.close()

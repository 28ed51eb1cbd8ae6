"""The client for threads in a process that gevent has patched. tests/run also runs other tests in such a process."""

from __future__ import annotations

import signal
import textwrap
from pathlib import Path

import pytest
from support import deadline
from support.daemon import Daemon
from support.names import Names
from support.process import Process

PATCHED = """
    from gevent import monkey
    monkey.patch_all()
    import os, sys, time
    import gevent
    import poolcounter
    from poolcounter import Client, Mode
    client = Client(sys.argv[1:2], connect_timeout=20)

    def lock(key="key", mode=Mode.FOR_ANYONE, timeout=60):
        return client.lock(key, workers=1, maxqueue=1000, timeout=timeout, mode=mode)

    def once(key="key", mode=Mode.FOR_ANYONE):
        with lock(key, mode) as outcome:
            return outcome.name

    def until(name, value):
        with gevent.Timeout(60):
            while client.stats(name)[sys.argv[1]][name] != value:
                time.sleep(0.005)
"""


def patched(code: str, daemon: Daemon) -> Process:
    """A script in a process that was patched."""
    return Process.python(textwrap.dedent(PATCHED) + textwrap.dedent(code), daemon.address)


def said(code: str, daemon: Daemon) -> str:
    """What such a script prints, which comes to its end."""
    with patched(code, daemon) as process:
        return process.output().rstrip("\n")


def test_three_greenlets_on_one_key(daemon: Daemon) -> None:
    code = """
        def work():
            with lock(timeout=10) as outcome:
                if outcome.name == "LOCKED":
                    time.sleep(0.1)
            return outcome.name

        greenlets = [gevent.spawn(work) for _ in range(3)]
        gevent.joinall(greenlets)
        print(*sorted(greenlet.get() for greenlet in greenlets))
    """
    assert said(code, daemon) == "DONE DONE LOCKED"
    assert daemon.counter("total_releases") == 1


@pytest.mark.parametrize(("mode", "outcome"), [("FOR_ANYONE", "DONE"), ("FOR_ME", "LOCKED")])
def test_hundreds_wait_beside_their_holder(daemon: Daemon, mode: str, outcome: str) -> None:
    code = f"""
        working = []

        def work():
            with lock(mode=Mode.{mode}) as outcome:
                if outcome.name == "LOCKED":
                    working.append(outcome)
                    time.sleep(0)
                    assert working == [outcome]
                    working.clear()
            return outcome.name

        with lock():
            greenlets = [gevent.spawn(work) for _ in range(200)]
            until("waiting_workers", 200)
        gevent.joinall(greenlets)
        print(*{{greenlet.get() for greenlet in greenlets}})
    """
    assert said(code, daemon) == outcome
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_acquired") == (201 if outcome == "LOCKED" else 1)


@pytest.mark.parametrize("end", ["waiter.kill()", "waiter.kill(ZeroDivisionError)"])
def test_a_wait_ends_with_its_greenlet(daemon: Daemon, end: str) -> None:
    code = f"""
        gevent.get_hub().NOT_ERROR += (ZeroDivisionError,)
        with lock():
            waiter = gevent.spawn(once)
            until("waiting_workers", 1)
            {end}
            until("waiting_workers", 0)
            print(type(waiter.value or waiter.exception).__name__, flush=True)
            gevent.sleep(60)
    """
    with patched(code, daemon) as process:
        assert process.line() == ("ZeroDivisionError" if "Zero" in end else "GreenletExit")
        assert daemon.counter("processing_workers") == 1
        assert daemon.counter("total_releases") == 0


def test_a_wait_ends_with_a_time_limit_of_gevent(daemon: Daemon) -> None:
    code = """
        peer = Client([sys.argv[1]])
        with peer.lock("key", workers=1, maxqueue=10, timeout=5):
            try:
                with gevent.Timeout(0.1):
                    once()
            except gevent.Timeout:
                print("over", flush=True)
            print(gevent.with_timeout(0.1, once, timeout_value="over"))
            until("waiting_workers", 0)
            print(client.stats("processing_workers")[sys.argv[1]]["processing_workers"])
    """
    assert said(code, daemon) == "over\nover\n1"
    daemon.until("total_releases", 1)


def test_a_question_ends_with_a_time_limit_of_gevent(daemon: Daemon) -> None:
    code = """
        client = Client([sys.argv[1]], min_answer_timeout=60)
        print(gevent.with_timeout(0.1, client.stats, timeout_value="over"), flush=True)
        time.sleep(60)
    """
    daemon.freeze()
    with patched(code, daemon) as process:
        assert process.line() == "over"
        deadline.until(lambda: daemon.connections() == 0, "the end of the connection")


def test_a_greenlet_that_is_killed_at_work(daemon: Daemon) -> None:
    code = """
        def work():
            with lock():
                time.sleep(60)

        worker = gevent.spawn(work)
        until("processing_workers", 1)
        waiter = gevent.spawn(once)
        until("waiting_workers", 1)
        worker.kill()
        print(waiter.get())
    """
    assert said(code, daemon) == "LOCKED"
    assert daemon.counter("total_releases") == 1


def test_an_interrupt_ends_a_wait(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 60") == "LOCKED"
    code = """
        try:
            once()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            time.sleep(60)
    """
    with patched(code, daemon) as waiting:
        daemon.until("waiting_workers", 1)
        waiting.send(signal.SIGINT)
        # gevent itself prints the exception.
        while (line := waiting.line()) != "interrupted":
            assert line
        daemon.until("waiting_workers", 0)
        assert daemon.counter("processing_workers") == 1


def test_a_wait_goes_on_after_a_signal(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 60") == "LOCKED"
    code = """
        import signal
        signal.signal(signal.SIGUSR1, lambda *_: print("handled", flush=True))
        print(once(), flush=True)
    """
    with patched(code, daemon) as waiting:
        daemon.until("waiting_workers", 1)
        waiting.send(signal.SIGUSR1)
        assert waiting.line() == "handled"
        assert daemon.counter("waiting_workers") == 1
        assert peer.ask("RELEASE") == "RELEASED"
        assert waiting.line() == "DONE"


def test_the_child_of_a_fork_has_a_copy_of_a_greenlet_that_waits(daemon: Daemon) -> None:
    code = """
        def work():
            try:
                return once()
            except poolcounter.ReadError as error:
                return "ReadError"

        with lock():
            waiters = [gevent.spawn(work) for _ in range(5)]
            until("waiting_workers", 5)
            child = os.fork()
            if child == 0:
                print(*{waiter.get(60) for waiter in waiters}, once("another"), flush=True)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            until("waiting_workers", 5)
        print(*{waiter.get(60) for waiter in waiters})
    """
    assert said(code, daemon) == "ReadError LOCKED\nDONE"


def test_threads_beside_the_greenlets(daemon: Daemon) -> None:
    code = """
        pool = gevent.get_hub().threadpool
        with lock():
            waiters = [pool.spawn(once) for _ in range(3)] + [gevent.spawn(once) for _ in range(3)]
            until("waiting_workers", 6)
        print(*{waiter.get() for waiter in waiters})
    """
    assert said(code, daemon) == "DONE"


def test_a_client_that_was_used_before_the_process_was_patched(daemon: Daemon) -> None:
    code = """
        import sys
        from poolcounter import Client
        client = Client(sys.argv[1:])

        def once(key):
            with client.lock(key, workers=1, maxqueue=10, timeout=60) as outcome:
                return outcome.name

        # There are two native clients then.
        with client.lock("key", workers=1, maxqueue=10, timeout=60):
            assert once("another") == "LOCKED"
        with client.lock("key", workers=1, maxqueue=10, timeout=60):
            from gevent import monkey
            monkey.patch_all()
            import gevent
            waiters = [gevent.spawn(once, "key") for _ in range(2)]
            while client.stats("waiting_workers")[sys.argv[1]]["waiting_workers"] != 2:
                gevent.sleep(0.005)
        print(*{waiter.get() for waiter in waiters}, once("another"))
    """
    with Process.python(code, daemon.address) as process:
        assert process.output() == "DONE LOCKED\n"


def test_greenlets_run_while_a_name_is_looked_up(ours: Daemon, tmp_path: Path) -> None:
    names = Names(tmp_path)
    names.keep_silent()
    code = """
        tried = []

        def work():
            while True:
                try:
                    return once()
                except poolcounter.ConnectError as error:
                    if error.cause not in tried:
                        print(error.cause, flush=True)
                        tried.append(error.cause)
                    time.sleep(0.01)

        worker = gevent.spawn(work)
        for turn in range(20):
            time.sleep(0.01)
        print("turned", flush=True)
        print(worker.get())
    """
    text = textwrap.dedent(PATCHED) + textwrap.dedent(code)
    with Process(Process.command(text, "pc.test"), names.environment) as process:
        assert process.line() == "turned"
        assert process.line() == "its name is still being looked up"
        names.know_nothing()
        assert "not known" in process.line()
        names.are(pc_test=ours.address)
        assert process.line() == "LOCKED"


def test_eventlet_is_told_what_to_use(ours: Daemon) -> None:
    code = """
        import sys, warnings
        warnings.simplefilter("ignore")
        import eventlet
        from poolcounter import Client
        client = Client(sys.argv[1:])
        with client.lock("key", workers=1, maxqueue=10, timeout=5) as outcome:
            print(outcome.name)
        eventlet.monkey_patch()
        for use in client.lock("key", workers=1, maxqueue=10, timeout=5).__enter__, client.stats:
            try:
                use()
            except RuntimeError as error:
                print(error)
    """
    error = (
        "poolcounter.Client does not work with eventlet, which has patched this process: a wait would stop all of its"
        " green threads. Use gevent or asyncio\n"
    )
    with Process.python(code, ours.address) as process:
        assert process.output() == "LOCKED\n" + error * 2

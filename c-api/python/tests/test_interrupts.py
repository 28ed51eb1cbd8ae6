"""Signals that come while a lock is waited for."""

from __future__ import annotations

import signal

import pytest
from support.daemon import Daemon
from support.process import Process

SCRIPT = """
    import signal, sys
    from poolcounter import Client
    client = Client([sys.argv[1]])
    signal.signal(signal.SIGUSR1, lambda *_: print("handled", flush=True))
    try:
        with client.lock("key", workers=1, maxqueue=10, timeout=60) as outcome:
            print(outcome.name, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        signal.pause()
"""


def test_an_interrupt_ends_a_wait(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 60") == "LOCKED"
    with Process.python(SCRIPT, daemon.address) as waiting:
        daemon.until("waiting_workers", 1)
        waiting.send(signal.SIGINT)
        assert waiting.line() == "interrupted"
        # The request was removed from the queue.
        daemon.until("waiting_workers", 0)
        assert daemon.counter("processing_workers") == 1


def test_a_wait_goes_on_after_a_signal(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 60") == "LOCKED"
    with Process.python(SCRIPT, daemon.address) as waiting:
        daemon.until("waiting_workers", 1)
        waiting.send(signal.SIGUSR1)
        assert daemon.counter("waiting_workers") == 1
        assert peer.ask("RELEASE") == "RELEASED"
        assert waiting.line() == "handled"
        assert waiting.line() == "DONE"


def test_a_default_signal_ends_the_process_at_once(daemon: Daemon) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 60") == "LOCKED"
    with Process.python(SCRIPT, daemon.address) as waiting:
        daemon.until("waiting_workers", 1)
        assert waiting.stop(signal.SIGTERM) == -signal.SIGTERM
    daemon.until("waiting_workers", 0)


RAISING = """
    import signal, sys, poolcounter
    client = poolcounter.Client([sys.argv[1]])
    kind = getattr(poolcounter, sys.argv[2], None) or getattr(__builtins__, sys.argv[2])
    class Alarm(kind):
        pass
    def raise_it(*_):
        raise Alarm("from the handler")
    signal.signal(signal.SIGUSR1, raise_it)
    try:
        with client.lock("key", workers=1, maxqueue=10, timeout=60):
            print("locked", flush=True)
    except Alarm:
        print("raised", flush=True)
    signal.pause()
"""

STORM = """
    import random, signal, sys, time, poolcounter
    client = poolcounter.Client([sys.argv[1]])
    kind = getattr(poolcounter, sys.argv[2], None) or getattr(__builtins__, sys.argv[2])
    class Alarm(kind):
        pass
    def raise_it(*_):
        raise Alarm
    signal.signal(signal.SIGALRM, raise_it)
    count, end = 0, time.monotonic() + 2
    while time.monotonic() < end:
        try:
            # The timer usually fires within these locks, at a different point each time.
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-4))
            while True:
                with client.lock(f"key-{count}", workers=1, maxqueue=10, timeout=0, mode=poolcounter.Mode.FOR_ME):
                    pass
        except Alarm:
            count += 1
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    print(count, flush=True)
    signal.pause()
"""

KINDS = ["KeyboardInterrupt", "ValueError", "RefusedError"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_that_raises_ends_a_wait(daemon: Daemon, kind: str) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 60") == "LOCKED"
    with Process.python(RAISING, daemon.address, kind) as waiting:
        daemon.until("waiting_workers", 1)
        waiting.send(signal.SIGUSR1)
        assert waiting.line() == "raised"
        daemon.until("waiting_workers", 0)
        assert daemon.counter("processing_workers") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_lock_is_left_wherever_a_handler_raises(ours: Daemon, kind: str) -> None:
    with Process.python(STORM, ours.address, kind) as storm:
        assert int(storm.line()) > 0
        # The client lives.
        ours.until("processing_workers", 0)
        assert storm.is_running()

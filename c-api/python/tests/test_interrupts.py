"""Signals that come while a lock is waited for."""

from __future__ import annotations

import signal

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
        # The wish was taken back.
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

"""Every outcome, from ours and from the reference."""

from __future__ import annotations

import pytest
from support.any_client import MakeClient
from support.background import Background
from support.daemon import Daemon

from poolcounter import Mode, Outcome, QueueFullError, RefusedError, WaitTimeoutError

MODES = [Mode.FOR_ME, Mode.FOR_ANYONE]


@pytest.mark.parametrize("mode", MODES)
def test_the_lock_is_held_within_the_block(make: MakeClient, daemon: Daemon, mode: Mode) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    with client.held("key", mode=mode) as outcome:
        assert outcome is Outcome.LOCKED
        assert peer.ask("ACQ4ME key 1 10 0") == "TIMEOUT"
    daemon.until("processing_workers", 0)
    assert peer.ask("ACQ4ME key 1 10 0") == "LOCKED"


@pytest.mark.parametrize("mode", MODES)
def test_the_queue_is_full(make: MakeClient, daemon: Daemon, mode: Mode) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ME key 1 10 5") == "LOCKED"
    with pytest.raises(QueueFullError, match="the queue is full") as caught:
        client.once("key", maxqueue=1, mode=mode)
    assert isinstance(caught.value, RefusedError)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("timeout", [0, 1])
def test_the_wait_is_too_long(make: MakeClient, daemon: Daemon, mode: Mode, timeout: int) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ME key 1 10 5") == "LOCKED"
    with pytest.raises(WaitTimeoutError, match="the wait was too long") as caught:
        client.once("key", timeout=timeout, mode=mode)
    assert isinstance(caught.value, RefusedError)
    assert daemon.counter("waiting_workers") == 0


def test_another_has_done_the_work(make: MakeClient, daemon: Daemon) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    waiter = Background(lambda: client.once("key", mode=Mode.FOR_ANYONE))
    daemon.until("waiting_workers", 1)
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiter.result() is Outcome.DONE
    assert daemon.counter("total_releases") == 1


def test_who_needs_it_for_himself_gets_the_lock_in_his_turn(make: MakeClient, daemon: Daemon) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ME key 1 10 5") == "LOCKED"
    waiter = Background(lambda: client.once("key", mode=Mode.FOR_ME))
    daemon.until("waiting_workers", 1)
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiter.result() is Outcome.LOCKED
    daemon.until("total_releases", 2)


def test_the_end_of_a_block_tells_the_waiters(make: MakeClient, daemon: Daemon) -> None:
    client, waiter = make([daemon.address]), daemon.peer()
    with client.held("key"):
        waiter.send("ACQ4ANY key 1 10 20")
        daemon.until("waiting_workers", 1)
    assert waiter.line() == "DONE"


def test_work_that_raised_is_handed_to_the_next(make: MakeClient, daemon: Daemon) -> None:
    client, waiter = make([daemon.address]), daemon.peer()
    with pytest.raises(ZeroDivisionError), client.held("key"):
        waiter.send("ACQ4ANY key 1 10 20")
        daemon.until("waiting_workers", 1)
        raise ZeroDivisionError
    assert waiter.line() == "LOCKED"
    assert daemon.counter("total_releases") == 0


def test_several_may_work_at_once(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    with client.held("key", workers=2), client.held("key", workers=2):
        assert daemon.counter("processing_workers") == 2
        with pytest.raises(WaitTimeoutError):
            client.once("key", workers=2, timeout=0)


@pytest.mark.parametrize("mode", MODES)
def test_a_lock_inside_a_lock_of_the_same_key_waits_for_itself(make: MakeClient, daemon: Daemon, mode: Mode) -> None:
    client = make([daemon.address])
    with client.held("key", mode=mode) as outcome:
        assert outcome is Outcome.LOCKED
        with pytest.raises(WaitTimeoutError):
            client.once("key", timeout=1, mode=mode)
    daemon.until("total_releases", 1)


def test_more_than_four_locks_are_held_at_once(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    with (
        client.held("a"),
        client.held("b"),
        client.held("c"),
        client.held("d"),
        client.held("e"),
    ):
        assert daemon.counter("processing_workers") == 5
    daemon.until("total_releases", 5)


def test_a_lock_can_be_entered_again_when_it_was_left(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    lock = client.client.lock("key", workers=1, maxqueue=10, timeout=5)
    for _ in range(2):
        assert client.enter(lock) is Outcome.LOCKED
        with pytest.raises(RuntimeError, match="held or waited for already"):
            client.enter(lock)
        client.leave(lock)
    daemon.until("total_releases", 2)


def test_a_connection_is_kept_for_the_next_lock(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    for _ in range(3):
        assert client.once() is Outcome.LOCKED
        assert daemon.connections() == 1
    client.close()
    daemon.until("processing_workers", 0)


def test_none_is_kept_if_none_is_to_be(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address], max_idle_connections=0)
    assert client.once() is Outcome.LOCKED
    daemon.until("processing_workers", 0)
    assert daemon.connections() == 0


def test_a_closed_client_can_be_used_on(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    assert client.once() is Outcome.LOCKED
    client.client.close()
    daemon.until("processing_workers", 0)
    assert daemon.connections() == 0
    assert client.once() is Outcome.LOCKED

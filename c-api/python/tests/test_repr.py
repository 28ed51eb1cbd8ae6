"""The `repr()` of clients, locks and errors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from loopback import free_address
from support.any_client import MakeClient, Tasks
from support.background import Background
from support.daemon import Daemon

import poolcounter
from poolcounter import ConnectError, Outcome, RingServer, aio

KINDS = [poolcounter.Client, aio.Client]


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_shows_its_servers(kind: Any) -> None:
    # A name that would have to be looked up.
    assert "['pool.invalid:7531', 'unix:/run/pc']" in repr(kind(["pool.invalid:7531", "unix:/run/pc"]))
    assert "[RingServer(label='x', server='a', weight=3)]" in repr(kind([RingServer("x", "a", 3)]))
    assert repr(kind(["a"])).startswith(f"<{kind.__module__}.Client servers=['a'], ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_could_not_be_made(kind: Any) -> None:
    assert repr(kind.__new__(kind)) == f"<{kind.__module__}.Client not initialised>"


def test_a_client_shows_what_it_does(make: MakeClient, daemon: Daemon) -> None:
    any_client, peer = make([daemon.address]), daemon.peer()
    none, held, both = (
        ("held=0, waiting=0", "held=1, waiting=0", "held=1, waiting=1")
        if isinstance(any_client, Tasks)
        else ("in_use=0", "in_use=1", "in_use=2")
    )
    assert repr(any_client.client).endswith(f", {none}>")
    with any_client.held("key"):
        assert repr(any_client.client).endswith(f", {held}>")
        assert peer.ask("ACQ4ANY another 1 10 20") == "LOCKED"
        waiter = Background(lambda: any_client.once("another"))
        daemon.until("waiting_workers", 1)
        assert repr(any_client.client).endswith(f", {both}>")
        assert peer.ask("RELEASE") == "RELEASED"
        waiter.result()
    assert repr(any_client.client).endswith(f", {none}>")


def test_a_lock_shows_its_state(make: MakeClient, daemon: Daemon) -> None:
    any_client, peer = make([daemon.address]), daemon.peer()
    lock = any_client.client.lock("key", workers=1, maxqueue=10, timeout=20)
    shown = (
        f"<{type(lock).__module__}.Lock key=b'key', mode=FOR_ANYONE, workers=1, maxqueue=10, timeout=20,"
        f" servers=['{daemon.address}'], "
    )
    assert repr(lock) == f"{shown}not held>"
    assert peer.ask("ACQ4ME key 1 10 20") == "LOCKED"
    waiter = Background(lambda: any_client.acquire(lock))
    daemon.until("waiting_workers", 1)
    assert repr(lock) == f"{shown}waiting>"
    peer.close()
    assert waiter.result() is Outcome.LOCKED
    assert repr(lock) == f"{shown}held>"
    any_client.leave(lock)
    assert repr(lock) == f"{shown}not held>"


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_with_wrong_limits_is_shown(kind: Any) -> None:
    lock = kind(["a"]).lock(b"\xff" * 1000, workers=None, maxqueue="x", timeout=[], mode="me")
    expected = re.escape(r"key=b'" + r"\xff" * 60 + "'..., mode=me, workers=None, maxqueue='x', timeout=[], ")
    assert re.search(expected, repr(lock))


def test_results_show_what_they_are(make: MakeClient) -> None:
    assert repr(Outcome.DONE) == "<Outcome.DONE: 3>"
    address = free_address()
    with pytest.raises(ConnectError) as caught:
        make([address]).once()
    refused = "Connection refused"
    assert repr(caught.value) == f"ConnectError('cannot connect to {address}: {refused}', '{address}', '{refused}')"

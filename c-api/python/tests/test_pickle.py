"""Clients can be pickled, as their settings; locks cannot."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import pickle
from collections.abc import Callable
from typing import Any, Union

import pytest
from support import deadline
from support.any_client import MakeClient
from support.daemon import Daemon

import poolcounter
from poolcounter import Outcome, RingServer, aio

AnyClient = Union[poolcounter.Client, aio.Client]

OPTIONS = {
    "connect_timeout": 0.25,
    "connect_twice": True,
    "min_answer_timeout": 2.5,
    "first_answer_timeout": 5.5,
    "avoid_for": 3.5,
    "max_idle_time": 4.5,
    "max_idle_connections": 5,
    "await_release": True,
}
WAYS: list[Callable[[Any], Any]] = [
    *(lambda it, version=version: pickle.loads(pickle.dumps(it, version)) for version in range(6)),
    copy.copy,
    copy.deepcopy,
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [poolcounter.Client, aio.Client])
@pytest.mark.parametrize("servers", [["a", "b:1"], [RingServer("x", "a", 3), RingServer("y", "b")]])
def test_a_copy_has_the_same_settings(kind: Any, servers: list[Any], way: Callable[[Any], Any]) -> None:
    client = kind(servers, **OPTIONS)
    copied = way(client)
    assert copied is not client
    assert type(copied) is kind
    assert copied._settings == client._settings
    assert vars(copied._settings) == {"servers": tuple(servers), **OPTIONS}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_has_connections_of_its_own(make: MakeClient, daemon: Daemon, way: Callable[[Any], Any]) -> None:
    any_client = make([daemon.address], await_release=True)
    with any_client.held("key"):
        original, any_client.client = any_client.client, way(any_client.client)
        assert daemon.connections() == 1
        assert any_client.once("another") is Outcome.LOCKED
        assert daemon.connections() == 2
        any_client.client.close()
        daemon.until("total_releases", 1)
        assert daemon.counter("processing_workers") == 1
        any_client.client = original
    assert daemon.counter("total_releases") == 2


class Named(poolcounter.Client):
    """A client with an attribute of its user."""

    name = ""


def test_a_copy_has_what_a_subclass_added() -> None:
    client = Named(["a"])
    client.name = "pages"
    assert pickle.loads(pickle.dumps(client)).name == "pages"
    assert copy.copy(client).name == "pages"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [poolcounter.Client, aio.Client])
def test_a_lock_has_no_copy(kind: Any, way: Callable[[Any], Any]) -> None:
    lock = kind(["a"]).lock("key", workers=1, maxqueue=10, timeout=5)
    with pytest.raises(TypeError, match="a lock cannot be pickled or copied, as its connection cannot: pickle the cli"):
        way(lock)


def once(client: AnyClient) -> str:
    """The function of a process that gets a client as an argument."""
    lock = client.lock("another", workers=1, maxqueue=10, timeout=20)
    if isinstance(lock, poolcounter.Lock):
        with lock as outcome:
            return outcome.name

    async def story() -> str:
        async with lock as outcome:
            return outcome.name

    return asyncio.run(story())


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_client_is_given_to_another_process(make: MakeClient, daemon: Daemon, method: str) -> None:
    client = make([daemon.address])
    with client.held("key"), multiprocessing.get_context(method).Pool(1) as pool:
        answer = pool.apply_async(once, [client.client])
        assert answer.get(deadline.SECONDS) == "LOCKED"
        daemon.until("processing_workers", 1)

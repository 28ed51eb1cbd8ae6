"""The statistics of daemons."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import free_address
from support.any_client import MakeClient
from support.daemon import Daemon

from poolcounter import RemoteError


def test_everything(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    with client.held():
        stats = client.stats()
    assert list(stats) == [daemon.address]
    values = stats[daemon.address]
    assert len(values) == 21
    assert values["processing_workers"] == 1
    assert values["uptime"] == "0 days, 0h 0m 0s" or str(values["uptime"]).startswith("0 days, ")
    assert str(values["waiting time"]).endswith("s")


def test_one_counter(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    with client.held():
        assert client.stats("processing_workers") == {daemon.address: {"processing_workers": 1}}
    assert list(client.stats("UPTIME")[daemon.address]) == ["uptime"]


def test_every_server_and_one_of_them(make: MakeClient, three: list[Daemon]) -> None:
    addresses = [daemon.address for daemon in three]
    client = make(addresses)
    assert client.stats("total_acquired") == {address: {"total_acquired": 0} for address in addresses}
    assert list(client.stats("total_acquired", addresses[1])) == addresses[1:2]


def test_a_statistic_that_does_not_exist(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    with pytest.raises(RemoteError) as caught:
        client.stats("nonsense")
    assert caught.value.cause == "WRONG_STAT"
    assert client.once().name == "LOCKED"


@pytest.mark.parametrize("name", ["a\nb", "a\0b"])
def test_names_that_cannot_be_sent(make: MakeClient, ours: Daemon, name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        make([ours.address]).stats(name)
    assert ours.connections() == 0


def test_a_server_that_is_not_the_clients(make: MakeClient) -> None:
    with pytest.raises(ValueError, match="not one of the servers"):
        make([free_address()]).stats("FULL", "127.0.0.1")


@pytest.mark.parametrize("name", [3, None, b"FULL"])
def test_names_of_another_type(make: MakeClient, name: Any) -> None:
    with pytest.raises(TypeError, match=r"^the name of a statistic is a text"):
        make([free_address()]).stats(name)

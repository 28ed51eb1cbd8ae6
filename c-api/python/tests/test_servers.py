"""Which server a key belongs to: as the vectors say, through real daemons."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from loopback import free_address
from support.any_client import AnyClient, MakeClient
from support.daemon import WORKSPACE, Daemon

from poolcounter import ConnectError, Outcome, RingServer

VECTORS: dict[str, Any] = json.loads((WORKSPACE / "core/tests/server-choice.json").read_text())


def mediawiki_order(servers: list[str], key: str) -> list[str]:
    """MediaWiki's rule, by which the addresses of a test are put in order."""
    return sorted(servers, key=lambda server: hashlib.md5((server + key).encode()).hexdigest())


def server_of(client: AnyClient, key: str) -> str:
    """The one that grants a lock for the key."""
    with client.held(key) as outcome:
        assert outcome is Outcome.LOCKED
        working = client.stats("processing_workers")
    return next(server for server, values in working.items() if values["processing_workers"] == 1)


def wait_until_idle(daemons: list[Daemon]) -> None:
    """A release is not waited for."""
    for daemon in daemons:
        daemon.until("processing_workers", 0)


@pytest.mark.parametrize("vector", VECTORS["mediawiki"], ids=lambda vector: str(len(vector["servers"])))
def test_the_rule_of_these_tests_is_mediawikis(vector: dict[str, Any]) -> None:
    for key, order in vector["keys"].items():
        assert mediawiki_order(vector["servers"], key) == order


def test_keys_are_spread_as_mediawiki_does(make: MakeClient, three: list[Daemon]) -> None:
    addresses = [daemon.address for daemon in three]
    client = make(addresses)
    for key in [key for key in VECTORS["mediawiki"][0]["keys"] if key]:
        assert server_of(client, key) == mediawiki_order(addresses, key)[0]
        wait_until_idle(three)


def test_the_next_server_takes_the_keys_of_one_that_is_away(make: MakeClient, three: list[Daemon]) -> None:
    addresses = [daemon.address for daemon in three]
    keys = [f"key-{number}" for number in range(20)]
    moved = [key for key in keys if mediawiki_order(addresses, key)[0] == addresses[0]]
    client = make(addresses)
    three[0].stop()
    for key in moved:
        assert client.once(key) is Outcome.LOCKED
    expected = [sum(mediawiki_order(addresses, key)[1] == daemon.address for key in moved) for daemon in three[1:]]
    assert [daemon.counter("total_acquired") for daemon in three[1:]] == expected


@pytest.mark.parametrize("vector", VECTORS["ring"], ids=lambda vector: str(len(vector["nodes"])))
def test_keys_are_spread_by_a_ring(make: MakeClient, three: list[Daemon], vector: dict[str, Any]) -> None:
    nodes = list(zip(vector["nodes"], three))
    labels = {daemon.address: label for (label, _), daemon in nodes}
    client = make([RingServer(label, daemon.address, weight) for (label, weight), daemon in nodes])
    for key, label in vector["keys"].items():
        if key:
            assert labels[server_of(client, key)] == label
            wait_until_idle(three)


def test_a_ring_has_no_next_server(make: MakeClient, ours: Daemon) -> None:
    servers = [RingServer("pc1", ours.address), RingServer("pc2", free_address())]
    client = make(servers)
    away = next(key for key, label in VECTORS["ring"][1]["keys"].items() if label == "pc2" and key)
    with pytest.raises(ConnectError) as caught:
        client.once(away)
    assert caught.value.server == servers[1].server


def test_every_form_of_a_server(make: MakeClient, cleanup: ExitStack) -> None:
    path = Path(cleanup.enter_context(tempfile.TemporaryDirectory())) / "pc.sock"
    daemon = Daemon.ours("--listen", f"unix:{path}")
    cleanup.callback(daemon.close)
    for server in (daemon.address, f"{daemon.address}:7531", f"unix:{path}"):
        client = make([server])
        assert client.once() is Outcome.LOCKED
        assert list(client.stats("UPTIME")) == [server]

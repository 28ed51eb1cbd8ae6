"""Missing answers, and invalid arguments."""

from __future__ import annotations

import copy
import math
import pickle
import signal
from typing import Any

import pytest
from loopback import free_address
from support.any_client import MakeClient
from support.background import Background
from support.daemon import Daemon

import poolcounter
from poolcounter import (
    BadServerError,
    ClientError,
    ConnectError,
    Mode,
    NotLockedError,
    Outcome,
    QueueFullError,
    ReadError,
    RemoteError,
    RingServer,
    UnavailableError,
    aio,
)
from poolcounter._blocking import Blocking
from poolcounter._nonblocking import Nonblocking


def test_nothing_listens(make: MakeClient) -> None:
    address = free_address()
    with pytest.raises(ConnectError, match=f"^cannot connect to {address}: Connection refused$") as caught:
        make([address]).once()
    assert (caught.value.server, caught.value.cause) == (address, "Connection refused")
    assert isinstance(caught.value, UnavailableError)


def test_the_daemon_is_frozen(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address], min_answer_timeout=0.2)
    daemon.freeze()
    with pytest.raises(ReadError) as caught:
        client.once(timeout=0)
    assert (caught.value.server, caught.value.cause) == (daemon.address, "Connection timed out")
    daemon.thaw()
    assert client.once() is Outcome.LOCKED


def test_a_lock_may_have_a_deadline_of_its_own(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address], min_answer_timeout=0.001)
    daemon.freeze()
    with pytest.raises(ReadError, match="timed out"):
        client.once(timeout=3600, answer_timeout=0.2)
    daemon.thaw()


def test_the_daemon_dies_under_a_waiter(make: MakeClient, daemon: Daemon) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    assert peer.ask("ACQ4ME key 1 10 5") == "LOCKED"
    waiter = Background(client.once)
    daemon.until("waiting_workers", 1)
    daemon.stop(signal.SIGKILL)
    with pytest.raises(ReadError) as caught:
        waiter.result()
    assert caught.value.server == daemon.address


def test_the_daemon_dies_under_a_lock(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address])
    with client.held() as outcome:
        daemon.stop(signal.SIGKILL)
    assert outcome is Outcome.LOCKED
    with pytest.raises(ConnectError):
        client.once()


def test_a_restart_goes_unnoticed(make: MakeClient, ours: Daemon) -> None:
    client = make([ours.address])
    assert client.once() is Outcome.LOCKED
    ours.stop()
    ours.start()
    assert client.once() is Outcome.LOCKED


def test_an_awaited_release_finds_the_daemon_dead(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address], await_release=True)
    with pytest.raises(UnavailableError), client.held():
        daemon.stop(signal.SIGKILL)


def test_an_awaited_release_is_done_when_the_block_is_left(make: MakeClient, daemon: Daemon) -> None:
    client = make([daemon.address], await_release=True)
    assert client.once() is Outcome.LOCKED
    assert daemon.counter("total_releases") == 1


def test_an_answer_that_is_an_error(make: MakeClient, daemon: Daemon) -> None:
    with pytest.raises(RemoteError) as caught:
        make([daemon.address]).once(workers=0)
    assert (caught.value.server, caught.value.cause) == (daemon.address, "BAD_SYNTAX")


@pytest.mark.parametrize("server", ["", "a b", "pc:port", "pc:70000", "unix:relative", "a\0b", "\ud800"])
def test_texts_that_name_no_server(make: MakeClient, server: str) -> None:
    with pytest.raises(BadServerError, match="is not a server"):
        make([server])
    with pytest.raises(BadServerError, match="is not a server"):
        make([RingServer("pc", server)])


def test_no_server_at_all(make: MakeClient) -> None:
    with pytest.raises(BadServerError, match="names no server"):
        make([])


def test_servers_are_a_list(make: MakeClient) -> None:
    with pytest.raises(TypeError, match="a list"):
        make("127.0.0.1")


def test_both_kinds_of_servers_do_not_mix(make: MakeClient) -> None:
    with pytest.raises(ValueError, match="ring"):
        make(["127.0.0.1", RingServer("pc", "127.0.0.2")])


@pytest.mark.parametrize(
    "options",
    [
        {"connect_timeout": 0},
        {"connect_timeout": -1},
        {"connect_timeout": math.nan},
        {"min_answer_timeout": math.inf},
        {"min_answer_timeout": 1e300},
        {"min_answer_timeout": 1e306},
        {"min_answer_timeout": 10**400},
        {"avoid_for": -1},
        {"max_idle_time": -0.5},
        {"max_idle_connections": -1},
        {"max_idle_connections": 2**64},
    ],
)
def test_options_out_of_their_range(make: MakeClient, options: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=f"^{next(iter(options))}(: ms must be from| must be| is out of|: connections)"
    ):
        make(["127.0.0.1"], **options)


def test_an_unknown_option(make: MakeClient) -> None:
    with pytest.raises(TypeError, match="conect_timeout"):
        make(["127.0.0.1"], conect_timeout=1)


@pytest.mark.parametrize("number", [-1, 2**32, 2**63, 2**64 + 1, -(2**64)])
@pytest.mark.parametrize("name", ["workers", "maxqueue", "timeout"])
def test_numbers_out_of_their_range(make: MakeClient, daemon: Daemon, name: str, number: int) -> None:
    client = make([daemon.address])
    with pytest.raises(ValueError, match=r"."):
        client.once("key", **{name: number})
    assert daemon.connections() == 0
    assert client.once() is Outcome.LOCKED


@pytest.mark.parametrize("limits", [{"mode": 3}, {"answer_timeout": 0}, {"answer_timeout": -1.0}])
def test_limits_that_mean_nothing(make: MakeClient, ours: Daemon, limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make([ours.address]).once("key", **limits)


NO_INTEGERS: tuple[object, ...] = (1.0, 1.5, "1", None, b"1", [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("workers", "maxqueue", "timeout") for value in NO_INTEGERS),
        ("mode", "FOR_ME"),
        ("mode", 2.0),
        ("answer_timeout", "1"),
        ("answer_timeout", [1]),
    ],
)
def test_limits_of_another_type(make: MakeClient, ours: Daemon, name: str, value: object) -> None:
    client = make([ours.address])
    limits: dict[str, Any] = {"workers": 1, "maxqueue": 1, "timeout": 1, "mode": Mode.FOR_ANYONE}
    # The same numbers, of the right type.
    assert client.once("key", **limits) is Outcome.LOCKED
    with pytest.raises(TypeError, match=f"^{name} is a "):
        client.once("another", **{**limits, name: value})
    ours.until("processing_workers", 0)
    assert ours.counter("total_acquired") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *((name, value) for name in ("connect_timeout", "avoid_for") for value in ("1", None, [1])),
        *(("max_idle_connections", value) for value in ("1", None, 1.0)),
        *((name, value) for name in ("connect_twice", "await_release") for value in ("no", None, 1)),
    ],
)
def test_options_of_another_type(make: MakeClient, option: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"^{option} is "):
        make(["127.0.0.1"], **{option: value})


@pytest.mark.parametrize("server", [None, 1, b"127.0.0.1", RingServer(1, "pc"), RingServer("pc", None)])  # type: ignore[arg-type]
def test_servers_of_another_type(make: MakeClient, server: Any) -> None:
    with pytest.raises(TypeError, match=r"^a server is a text"):
        make([server])


def test_a_weight_of_another_type(make: MakeClient) -> None:
    with pytest.raises(TypeError, match=r"^weight is a whole number"):
        make([RingServer("pc", "127.0.0.1", 1.0)])  # type: ignore[arg-type]


def test_all_exceptions_have_one_parent() -> None:
    """Those of python-poolcounter have a parent of their own, as programs that were written for it expect."""
    names = (getattr(poolcounter, name) for name in poolcounter.__all__)
    exceptions = [kind for kind in names if isinstance(kind, type) and issubclass(kind, Exception)]
    ours = [kind for kind in exceptions if issubclass(kind, ClientError)]
    theirs = [kind for kind in exceptions if issubclass(kind, poolcounter.PoolcounterError)]
    assert (len(ours), len(theirs), len(exceptions)) == (14, 3, 17)
    assert all(kind.__name__.endswith("Error") for kind in exceptions)
    assert {kind.__name__.lower() for kind in ours}.isdisjoint(kind.__name__.lower() for kind in theirs)


@pytest.mark.parametrize(
    "error", [ConnectError("sentence", "server", "cause"), QueueFullError("full"), NotLockedError("gone")]
)
def test_exceptions_travel_between_processes(error: ClientError) -> None:
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(copied) is type(error)
        assert str(copied) == str(error)
        assert vars(copied) == vars(error)


@pytest.mark.parametrize("kind", [Blocking, Nonblocking, aio.Lock])
def test_what_was_interrupted_before_it_was_made_ends_quietly(kind: type[object]) -> None:
    # Python says what is raised at the end of an object, which fails a test.
    kind.__new__(kind)
